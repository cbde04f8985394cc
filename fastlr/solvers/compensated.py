"""A small two-class problem in doubled precision: points, and a certificate that rounding of products cannot spoil.

A point is W = hi + lo, coefficients and intercept as sums of two doubles.  What a fit returns is w = hi, what certifies
it is the dual point u = sigma(X W + offset) of W, which is as good as W is: its residual s (u - y) and
z = X' (s (u - y)) have about thirty digits.  The gap of w for u (docs/design.md, "Certificates") then is made of
differences that are rounded to doubles once, at the end.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from fastlr.kernels import compensated

_EPS = float(np.finfo(float).eps)
#: What the sums of a certificate, of non-negative terms, are lifted by: more than their rounding.
LIFTED = 1.0 + 1e-9


@dataclass(frozen=True)
class WidePoint:
    """W (m, 2), X W + offset (n, 2), z (m, 2); the gradient of loss and l2 at W, (m,); the objective."""

    w: np.ndarray
    eta: np.ndarray
    z: np.ndarray
    gradient: np.ndarray
    value: float


class WideProblem:
    """The rows that count, with a column of ones for a free intercept, in the last place; strengths of each column.

    Parameters
    ----------
    objective : LogisticObjective
    """

    def __init__(self, objective):
        rows, penalty = objective.rows, objective.penalty
        weight = rows.loss.weight_of_rows()
        counted = np.flatnonzero(weight > 0.0)
        p = rows.design.shape[1]
        X = rows.design.take(counted, np.arange(p))
        more = int(objective.fit_intercept)
        self.X = np.ascontiguousarray(np.hstack([X, np.ones((len(counted), more))]))
        self.y, self.weight = rows.loss.y[counted], weight[counted]
        self.offset = np.zeros(len(counted)) if rows.offset is None else rows.offset[counted]
        self.l1, self.l2 = (np.append(each[:, 0], np.zeros(more)) for each in (penalty.l1, penalty.l2))
        self.lower = np.append(penalty.lower[:, 0], np.full(more, -np.inf))
        self.upper = np.append(penalty.upper[:, 0], np.full(more, np.inf))
        self.fit_intercept, self.covers_all = objective.fit_intercept, penalty.covers_all
        self.is_smooth = penalty.is_smooth

    def at(self, w):
        """The WidePoint of w (m, 2)."""
        eta, residual, z = np.empty((len(self.y), 2)), np.empty((len(self.y), 2)), np.empty(w.shape)
        compensated.predictors(self.X, w, self.offset, eta)
        compensated.residuals(eta, self.y, self.weight, residual)
        compensated.products(self.X, residual, z)
        return WidePoint(w, eta, z, self._sum(z, w), self.value(eta[:, 0], w[:, 0]))

    def _sum(self, z, w, more=None):
        """z + l2 w + more, (m,), rounded once."""
        out = np.empty(len(z))
        compensated.gradient(z, self.l2, w, np.zeros(len(z)) if more is None else more, out)
        return out

    def value(self, eta, coef):
        """The objective at linear predictors (n,) and the coefficients (m,) that they belong to."""
        return float(self.losses(eta[None])[0]) + self.penalty(coef)

    def losses(self, eta):
        """Weighted losses at linear predictors (k, n), (k,)."""
        sizes = (1.0 - self.y) * np.maximum(eta, 0.0) + self.y * np.maximum(-eta, 0.0)
        return np.sum(self.weight * (sizes + np.log1p(np.exp(-np.abs(eta)))), axis=1)

    def penalty(self, coef):
        return float(np.sum(self.l1 * np.abs(coef) + 0.5 * self.l2 * coef * coef))

    def curvature(self, eta):
        """sigma' of each row, times its weight."""
        return self.weight * expit(eta) * expit(-eta)

    # --- the certificate of w = hi -----------------------------------------------------------------------------------

    def gap(self, point):
        """(gap of hi, what rounding W to hi adds to it) for the dual point of W; the first is inf where some
        coefficients have no penalty."""
        if not self.covers_all:
            return np.inf, 0.0
        cut = self._share_to_cut(point.z)
        rows = self._divergence(point) + cut * point.value
        columns = self._columns(point, cut) + self._of_intercept(point)
        return LIFTED * columns, LIFTED * rows + 4.0 * _EPS * abs(point.value)

    def _divergence(self, point):
        """Bound on sum_i s_i KL(sigma(X W) || sigma(X hi)): no predictor between the two has more than e^|difference|
        times the curvature of the first, nor more than a quarter."""
        difference = np.abs(self.X @ point.w[:, 1]) + 1e-14 * (np.abs(self.X) @ np.abs(point.w[:, 1]))
        curvature = self.curvature(point.eta[:, 0])
        curvature = np.minimum(curvature * np.exp(np.minimum(difference, 1.0)), 0.25 * self.weight)
        curvature = np.where(difference > 1.0, 0.25 * self.weight, curvature)
        return 0.5 * float(np.sum(curvature * difference * difference))

    def _beyond_l1(self, z):
        """|z| - l1, (m,)."""
        nothing = np.zeros_like(z)
        sign = np.where(z[:, 0] > 0.0, 1.0, -1.0)
        return self._sum(sign[:, None] * z, nothing, -self.l1)

    def _share_to_cut(self, z):
        """The least t for which u + t (y - u) is in the dual domain: |z_j| <= l1_j towards where neither l2 nor a bound
        ends what a coefficient can gain.

        Its divergence is at most t times the loss more, as it is convex in the dual point.
        """
        ends = np.where(z[:, 0] > 0.0, self.lower, self.upper)
        bound_to = (self.l2 == 0.0) & ~np.isfinite(ends) & (self.l1 > 0.0)
        beyond = np.where(bound_to, self._beyond_l1(z), 0.0)
        return float(np.max(beyond / np.where(bound_to, np.abs(z[:, 0]), 1.0), initial=0.0)) * LIFTED

    def _columns(self, point, cut):
        """sum_j F_j(hi_j) - F_j(v_j) for  F_j(v) = l1 |v| + l2 v^2 / 2 + z_j v  and v_j where that is least."""
        coef, z = point.w[:, 0], point.z
        taken = -cut * z[:, 0]
        beyond = self._beyond_l1(z) - cut * np.abs(z[:, 0])
        beyond = np.where((self.l2 == 0.0) & (beyond <= 1e-15 * cut * self.l1), 0.0, np.maximum(beyond, 0.0))
        size = np.divide(beyond, self.l2, out=np.where(beyond > 0.0, np.inf, 0.0), where=self.l2 > 0.0)
        least = np.clip(np.where(z[:, 0] > 0.0, -size, size), self.lower, self.upper)
        if self.fit_intercept:
            least[-1] = coef[-1]
        across = np.where(coef * least < 0.0, 0.0, least)
        steps = self._drop(coef, across, z, taken) + self._drop(across, least, z, taken)
        return float(np.sum(np.maximum(steps, 0.0)) + np.sum(self.l2 * (_EPS * least) ** 2))

    def _drop(self, a, b, z, taken):
        """F(a) - F(b) for numbers that are nowhere of different signs, (m,)."""
        both = np.stack([0.5 * a, np.zeros_like(a)], axis=1)
        compensated.move(both, 0.5 * b)
        slope = self._sum(z, both, self.l1 * np.sign(a + b) + taken)
        return (a - b) * slope

    def _of_intercept(self, point):
        """What residuals that do not quite add up to zero cost: that times how far the best intercept may be away."""
        if not self.fit_intercept or point.gradient[-1] == 0.0:
            return 0.0
        coef = np.abs(point.w[:-1, 0])
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.minimum(np.sqrt(2.0 * point.value / self.l2[:-1]), point.value / self.l1[:-1]) + coef
        far = np.minimum(far, np.maximum(self.upper[:-1] - point.w[:-1, 0], point.w[:-1, 0] - self.lower[:-1]))
        lengths = np.sqrt(self.weight @ self.X[:, :-1] ** 2)
        mass = float(np.sum(self.curvature(point.eta[:, 0])))
        return abs(float(point.gradient[-1])) * float(lengths @ far) / np.sqrt(mass) if mass > 0.0 else np.inf

    def rounded(self, point):
        """The WidePoint of hi alone."""
        return self.at(np.stack([point.w[:, 0], np.zeros(len(point.w))], axis=1))
