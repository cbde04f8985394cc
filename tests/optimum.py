"""Optima to forty digits, independent of fastlr, for problems of some sixty rows and five columns.

    sum_i s_i loss(x_i . w + b + offset_i, y_i) / sum_i s_i + sum_j l1_j |w_j| + l2_j w_j^2 / 2,    lower <= w <= upper

L-BFGS-B on the split  w = u - v  tells which coefficients are held at a bound or at zero; Newton's method finds the
others; the conditions of optimality are then checked, which makes the result right however it was found.
"""

import functools
from dataclasses import dataclass

import mpmath
import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit

DIGITS = 50
#: Coefficients as near to a bound or to zero as this are taken to lie there: what L-BFGS-B leaves is far smaller.
NEAR = 1e-6
#: How clearly conditions that are inequalities must hold: a hundred thousand times the accuracy of fits in the tests.
CLEARLY = 1e-5


@dataclass(frozen=True, eq=False)
class Problem:
    """What is minimised.  X (n, p) dense; y, weight, offset (n,); l1, l2, lower, upper (p,); all float64.

    Equal, and hashed, by identity.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    offset: np.ndarray
    l1: np.ndarray
    l2: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    fit_intercept: bool

    def smooth(self, coef, intercept):
        """Value without l1, and its gradient in coefficients and intercept, in double precision."""
        eta = self.X @ coef + intercept + self.offset
        share = self.weight / self.weight.sum()
        residual = share * (expit(eta) - self.y)
        value = share @ (np.logaddexp(0.0, eta) - self.y * eta) + 0.5 * np.sum(self.l2 * coef**2)
        return value, self.X.T @ residual + self.l2 * coef, residual.sum()

    @functools.cached_property
    def rows(self):
        """The rows as numbers of mpmath."""
        with mpmath.workdps(DIGITS):
            return Rows(self)

    def null_value(self):
        """Least value with coef = 0."""
        zero, intercept = np.zeros(self.X.shape[1]), 0.0
        if self.fit_intercept:
            far = 50.0 + np.abs(self.offset).max()
            intercept = brentq(lambda b: self.smooth(zero, b)[2], -far, far, xtol=1e-14)
        return self.smooth(zero, intercept)[0]


@dataclass(frozen=True)
class Optimum:
    """coef (p,) and intercept, rounded to float64; the value, an mpf; the least eigenvalue of the Hessian there, in
    the coefficients that are not held and the intercept."""

    coef: np.ndarray
    intercept: float
    value: mpmath.mpf
    curvature: float


def value(problem, coef, intercept):
    """The objective at float64 or mpf coefficients, an mpf."""
    with mpmath.workdps(DIGITS):
        rows, coef = problem.rows, [mpmath.mpf(w) for w in coef]
        eta = rows.predictor(coef, mpmath.mpf(intercept))
        loss = mpmath.fdot(rows.share, [_loss(t, y) for t, y in zip(eta, rows.y, strict=True)])
        return loss + mpmath.fsum(
            mpmath.mpf(l1) * abs(w) + mpmath.mpf(l2) * w * w / 2
            for w, l1, l2 in zip(coef, problem.l1.tolist(), problem.l2.tolist(), strict=True)
        )


@functools.cache
def optimum(problem):
    """The Optimum of a Problem.

    Raises
    ------
    AssertionError
        If what was found does not meet the conditions of optimality, or not so clearly that each coefficient is known
        to be held or not.
    """
    coef, intercept = roughly(problem)
    coef, held = snapped(problem, coef)
    with mpmath.workdps(DIGITS):
        coef, intercept, hessian = _newton(problem, coef, intercept, np.flatnonzero(~held))
        _verify(problem, coef, intercept, held)
        at = value(problem, coef, intercept)
    curvature = np.linalg.eigvalsh(hessian).min() if len(hessian) else np.inf
    assert curvature > 0.0
    return Optimum(np.array(coef, dtype=float), float(intercept), at, curvature)


def roughly(problem):
    """(coef, intercept) near the optimum, by L-BFGS-B in  (u, v, intercept)  with  w = u - v  and  u, v >= 0.

    Without l1 the two parts are not told apart: u is w.
    """
    p, split = len(problem.l1), problem.l1 > 0.0

    def fun(z):
        value, gradient, slope = problem.smooth(z[:p] - z[p : 2 * p], z[-1])
        value += problem.l1 @ (z[:p] + z[p : 2 * p])
        return value, np.r_[gradient + problem.l1, -gradient + problem.l1, slope]

    free = np.inf if problem.fit_intercept else 0.0
    lower = np.r_[
        np.where(split, np.maximum(problem.lower, 0.0), problem.lower), np.maximum(-problem.upper, 0.0), -free
    ]
    upper = np.r_[np.where(split, np.maximum(problem.upper, 0.0), problem.upper), np.maximum(-problem.lower, 0.0), free]
    lower[p : 2 * p] *= split
    upper[p : 2 * p] = np.where(split, upper[p : 2 * p], 0.0)
    start = np.clip(np.zeros(2 * p + 1), lower, upper)
    options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 0.0, "gtol": 1e-13, "maxcor": 30}
    z = minimize(
        fun, start, jac=True, method="L-BFGS-B", bounds=list(zip(lower, upper, strict=True)), options=options
    ).x
    return z[:p] - z[p : 2 * p], z[-1]


def snapped(problem, coef):
    """The coefficients, exactly at a bound or at zero where they are near to one; and which of them are."""
    kink = np.where(problem.l1 > 0.0, 0.0, np.nan)
    out, held = coef.copy(), np.zeros(len(coef), bool)
    for place in (problem.lower, problem.upper, np.where((problem.lower < 0.0) & (problem.upper > 0.0), kink, np.nan)):
        near = np.abs(coef - place) < NEAR
        out, held = np.where(near, place, out), held | near
    return out, held


class Rows:
    """X, y, offset and shares of the weights as numbers of mpmath."""

    def __init__(self, problem):
        self.X = [[mpmath.mpf(x) for x in row] for row in problem.X.tolist()]
        self.y = [mpmath.mpf(y) for y in problem.y.tolist()]
        self.offset = [mpmath.mpf(o) for o in problem.offset.tolist()]
        weight = [mpmath.mpf(s) for s in problem.weight.tolist()]
        self.share = [s / mpmath.fsum(weight) for s in weight]

    def predictor(self, coef, intercept):
        return [mpmath.fdot(row, coef) + intercept + o for row, o in zip(self.X, self.offset, strict=True)]

    def residual(self, eta):
        """The residuals and the curvatures."""
        p = [1 / (1 + mpmath.exp(-t)) for t in eta]
        residual = [s * (q - y) for s, q, y in zip(self.share, p, self.y, strict=True)]
        return residual, [s * q * (1 - q) for s, q in zip(self.share, p, strict=True)]

    def column(self, j):
        return [row[j] for row in self.X]


def _loss(eta, y):
    return max(eta, mpmath.mpf(0)) + mpmath.log1p(mpmath.exp(-abs(eta))) - y * eta


def _gradient(problem, rows, coef, residual):
    """Of the smooth part, in the coefficients."""
    l2 = problem.l2.tolist()
    return [mpmath.fdot(residual, rows.column(j)) + mpmath.mpf(l2[j]) * w for j, w in enumerate(coef)]


def _newton(problem, coef, intercept, free):
    """(coef, intercept) in mpf after Newton's method in the coefficients `free` and the intercept; the Hessian there in
    float64."""
    rows = problem.rows
    coef, intercept = [mpmath.mpf(w) for w in coef.tolist()], mpmath.mpf(float(intercept))
    signs = [mpmath.sign(w) * mpmath.mpf(l1) for w, l1 in zip(coef, problem.l1.tolist(), strict=True)]
    columns = [rows.column(j) for j in free] + [[mpmath.mpf(1)] * len(rows.y)] * problem.fit_intercept
    ridge = [mpmath.mpf(problem.l2[j]) for j in free] + [mpmath.mpf(0)] * problem.fit_intercept
    hessian = np.empty((0, 0))
    for _ in range(20 if columns else 0):
        residual, curvature = rows.residual(rows.predictor(coef, intercept))
        slopes = _gradient(problem, rows, coef, residual)
        gradient = [slopes[j] + signs[j] for j in free] + [mpmath.fsum(residual)] * problem.fit_intercept
        matrix = _hessian(columns, curvature, ridge)
        step = mpmath.lu_solve(matrix, mpmath.matrix(gradient))
        for k, j in enumerate(free):
            coef[j] -= step[k]
        if problem.fit_intercept:
            intercept -= step[len(free)]
        hessian = np.array(matrix.tolist(), dtype=float)
        if max(abs(s) for s in step) < mpmath.mpf(10) ** (8 - DIGITS):
            break
    return coef, intercept, hessian


def _hessian(columns, curvature, ridge):
    matrix = mpmath.diag(ridge)
    for a, left in enumerate(columns):
        weighted = [d * x for d, x in zip(curvature, left, strict=True)]
        for b in range(a + 1):
            entry = mpmath.fdot(weighted, columns[b])
            matrix[a, b] += entry
            if a != b:
                matrix[b, a] += entry
    return matrix


def _verify(problem, coef, intercept, held):
    """Assert that one-sided derivatives say, and say clearly, that this is the minimum."""
    rows = problem.rows
    residual, _ = rows.residual(rows.predictor(coef, intercept))
    if problem.fit_intercept:
        assert abs(mpmath.fsum(residual)) < 1e-30
    gradient = _gradient(problem, rows, coef, residual)
    for j, w in enumerate(coef):
        l1, lower, upper = (float(values[j]) for values in (problem.l1, problem.lower, problem.upper))
        if held[j]:
            assert w in (lower, upper) or (w == 0 and l1 > 0.0)
            right = gradient[j] + (l1 if w >= 0 else -l1)
            left = gradient[j] + (l1 if w > 0 else -l1)
            assert w == upper or right > CLEARLY
            assert w == lower or left < -CLEARLY
        else:
            assert abs(gradient[j] + l1 * mpmath.sign(w)) < 1e-30
            assert lower + CLEARLY < w < upper - CLEARLY
            assert l1 == 0.0 or abs(w) > CLEARLY
