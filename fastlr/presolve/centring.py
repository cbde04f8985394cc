"""Columns far from zero beside a free intercept: they are fitted about a centre, since only the intercept then differs.

With x_ij = c_j + (x_ij - c_j) the linear predictor is  (x_i - c) . w + (b + c . w).  Time stamps, identifiers and the
like, whose mean is many standard deviations away from zero, lose in products with X the digits that their differences
have; about an entry of theirs nothing is lost.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from fastlr.solvers import FitInterrupted, Status
from fastlr.solvers.callbacks import call_back, tell

_EPS = np.finfo(float).eps
#: Rounding error of linear predictors from which they are computed about the centre.
PROMISED = 1e-12
#: Veltkamp's constant: splits a double in two halves whose products are exact.
_SPLIT = 134217729.0


def centred(matrix, fit_intercept, weight):
    """The matrix about centres of the columns that are far from zero, and the Centre; (matrix, None) without any.

    `weight` (n,) tells the rows that count, those where it is positive; None: all do.
    """
    centre = matrix.far_centres(weight) if fit_intercept else None
    return (matrix, None) if centre is None else (matrix.centred(centre), Centre(centre))


@dataclass(frozen=True)
class Centre:
    """The number that was subtracted from each column.

    Parameters
    ----------
    values : ndarray of shape (p,)
    """

    values: np.ndarray

    def there(self, coef, intercept):
        """The intercept about the centre that belongs to coefficients (..., p) and an intercept (...)."""
        return self._moved(coef, intercept, self.values)

    def back(self, coef, intercept):
        """The intercept that belongs to coefficients (..., p) and an intercept about the centre (...)."""
        return self._moved(coef, intercept, -self.values)

    def _moved(self, coef, intercept, values):
        far = np.flatnonzero(values)
        coef = np.asarray(coef)
        moved = [
            exact_sum(start, values[far], row[far])
            for row, start in zip(coef.reshape(-1, len(values)), np.ravel(intercept), strict=True)
        ]
        return moved[0] if coef.ndim == 1 else np.array(moved)

    def value_of(self, result):
        """The intercept about the centre that belongs to a result of X."""
        if result.centre is None:
            return self.there(result.coef, result.intercept)
        return Centre(self.values - result.centre).there(result.coef, result.centred_intercept)

    def result(self, result):
        """The result of a fit about the centre as one of X."""
        intercept = self.back(result.coef, result.intercept)
        # how far rounding has moved it, and the loss that a row can gain by that at most
        off = np.max(np.abs(self.there(result.coef, intercept) - result.intercept))
        findings = tuple(
            replace(finding, intercept=self.back(finding.direction, finding.intercept))
            if hasattr(finding, "direction")
            else finding
            for finding in result.findings
        )
        lost = 0.125 * off * off
        moved = replace(
            result,
            intercept=intercept,
            findings=findings,
            duality_gap=min(float(result.duality_gap + lost), max(result.objective, 0.0)),  # NaN stays NaN
            centre=self.values,
            centred_intercept=result.intercept,
        )
        known = lost if math.isnan(moved.duality_gap) else moved.duality_gap
        if result.status is not Status.CONVERGED or known <= result.target:
            return moved
        told = (
            f"Rounding of the intercept to {np.max(np.abs(intercept)):.2g} leaves a suboptimality of up to {known:.2g} "
            f"(target {result.target:.2g}). Take a constant away from columns that are far from zero."
        )
        return replace(moved, status=Status.PRECISION_LIMIT, message=told)

    def run(self, fit, controls):
        """The result of `fit`, a function of Controls that fits about the centre, as one of X."""
        if controls.callback is not None:
            controls = replace(controls, callback=_Listener(controls.callback, self))
        try:
            found = fit(controls)
        except FitInterrupted as interruption:
            raise FitInterrupted(self.result(interruption.result)) from None
        return [self.result(each) for each in found] if isinstance(found, list) else self.result(found)


@dataclass(frozen=True, eq=False)
class Anchor:
    """A point where the linear predictors of a fit about a centre keep the digits that the intercept has lost.

    Parameters
    ----------
    centre : ndarray of shape (p,)
    values : ndarray of shape (K,)
        Linear predictors there.
    """

    centre: np.ndarray
    values: np.ndarray

    def intercept(self, coef):
        """The intercepts (K,) that belong to coefficients (K, p)."""
        return Centre(self.centre).back(coef, self.values)

    def values_of(self, coef, intercept, eps):
        """Linear predictors (K,) at the centre of coefficients (K, p) and intercepts (K,), stored with a precision of
        `eps`; None where those at zero are as exact.

        They are those of the fit where coefficients and intercepts are, to rounding; else what these say.
        """
        if coef.shape[1] != len(self.centre):
            return None
        size = np.abs(coef.astype(np.float64, copy=False)) @ np.abs(self.centre)
        return self.known_values(coef, intercept, eps) if np.max(eps * size) > PROMISED else None

    def known_values(self, coef, intercept, eps):
        """The same, whether or not those at zero are as exact."""
        coef = coef.astype(np.float64, copy=False)
        size = np.abs(coef) @ np.abs(self.centre)
        away = np.abs(coef @ self.centre + intercept - self.values) if len(self.values) == len(coef) else np.inf
        if np.all(away <= 4.0 * _EPS * size + eps * np.abs(intercept)):
            return self.values
        return Centre(self.centre).there(coef, intercept)


class _Listener:
    """A callback that is told of intercepts of X by a fit about a centre."""

    def __init__(self, callback, centre):
        self._callback = callback
        self._centre = centre

    def __call__(self, progress):
        return call_back(self._callback, progress, (partial(_moved_back, self._centre), progress.coefficients))

    def label_ended(self, label):
        tell(self._callback, "label_ended", label)


def _moved_back(centre, coefficients):
    coef, intercept = coefficients()
    return coef, centre.back(coef, intercept)


def exact_sum(start, a, b):
    """start + a . b, rounded once (Dekker 1971; Shewchuk 1997)."""
    with np.errstate(over="ignore", invalid="ignore"):
        product = a * b
        high_a, high_b = _high(a), _high(b)
        low_a, low_b = a - high_a, b - high_b
        error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
    if not np.isfinite(error).all():
        return float(start + product.sum())
    return math.fsum([start, *product, *error])


def _high(values):
    scaled = _SPLIT * values
    return scaled - (scaled - values)
