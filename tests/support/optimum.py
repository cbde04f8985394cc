"""Optima to forty digits, independent of fastlr, for problems of some sixty rows and five columns.

    sum_i s_i loss(x_i . w + b + offset_i, y_i) / sum_i s_i + sum_j l1_j |w_j| + l2_j w_j^2 / 2,    lower <= w <= upper

L-BFGS-B on the split  w = u - v  tells which coefficients are held at a bound or at zero; Newton's method finds the
others, in double precision and then with gradients to fifty digits; the conditions of optimality are then checked,
which makes the result right however it was found.
"""

import functools
from dataclasses import dataclass

import mpmath
import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit
from threadpoolctl import ThreadpoolController

DIGITS = 50
#: Threads of LAPACK that wait for each other take ten times as long here as one, where cores are shared.
LIBRARIES = ThreadpoolController()
#: Coefficients as near to a bound or to zero as this are taken to lie there: what L-BFGS-B leaves is far smaller.
NEAR = 1e-6
#: How clearly conditions that are inequalities must hold: a hundred thousand times the accuracy of fits in the tests.
CLEARLY = 1e-5


class Unclear(AssertionError):
    """The optimum lies so near to a bound, a kink of l1 or their release that double precision may not tell."""


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
        If what was found does not meet the conditions of optimality: Unclear if it may, but a coefficient is not known
        for certain to be held or not.
    """
    with LIBRARIES.limit(limits=1, user_api="blas"), mpmath.workdps(DIGITS):
        coef, intercept = roughly(problem)
        coef, held = snapped(problem, coef)
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
        total = mpmath.fsum(weight)
        self.share = [s / total for s in weight]
        self.columns = list(zip(*self.X, strict=True))

    def predictor(self, coef, intercept):
        return [mpmath.fdot(row, coef) + intercept + o for row, o in zip(self.X, self.offset, strict=True)]


def _loss(eta, y):
    return max(eta, mpmath.mpf(0)) + mpmath.log1p(mpmath.exp(-abs(eta))) - y * eta


def _newton(problem, coef, intercept, free):
    """(coef, intercept) in mpf after Newton's method in the coefficients `free` and the intercept; the Hessian there in
    float64.

    First in double precision; then with its last Hessian and exact gradients, by which each step gains as many digits
    as that Hessian has.
    """
    p, unknowns = len(coef), [*free, len(coef)] if problem.fit_intercept else [*free]
    slope = np.r_[problem.l1 * np.sign(coef), 0.0]
    z = np.r_[coef, intercept]
    for _ in range(4):
        _, gradient, derivative = problem.smooth(z[:p], z[p])
        hessian = _hessian(problem, z)[np.ix_(unknowns, unknowns)]
        z[unknowns] -= np.linalg.solve(hessian, (np.r_[gradient, derivative] + slope)[unknowns])
    exact, signs = [mpmath.mpf(x) for x in z.tolist()], [mpmath.sign(w) * mpmath.mpf(w1) for w, w1 in _l1(problem, z)]
    for _ in range(8):
        gradient, derivative = _gradient(problem, exact[:p], exact[p])
        whole = [g + s for g, s in zip(gradient, signs, strict=True)] + [derivative]
        wanted = [whole[j] for j in unknowns]
        size = max(map(abs, wanted), default=mpmath.mpf(0))
        if size < mpmath.mpf(10) ** (6 - DIGITS):
            break
        step = np.linalg.solve(hessian, np.array([g / size for g in wanted], dtype=float))
        for j, s in zip(unknowns, step.tolist(), strict=True):
            exact[j] -= size * s
    return exact[:p], exact[p], hessian


def _l1(problem, z):
    return zip(z[:-1].tolist(), problem.l1.tolist(), strict=True)


def _hessian(problem, z):
    """Of the smooth part in coefficients and intercept, in double precision."""
    X = np.column_stack([problem.X, np.ones(len(problem.y))])
    p = expit(X @ z + problem.offset)
    return X.T @ ((problem.weight / problem.weight.sum() * p * (1.0 - p))[:, None] * X) + np.diag(
        np.r_[problem.l2, 0.0]
    )


def _gradient(problem, coef, intercept):
    """Of the smooth part, in the coefficients and in the intercept, in mpf."""
    rows = problem.rows
    eta = rows.predictor(coef, intercept)
    residual = [s * (1 / (1 + mpmath.exp(-t)) - y) for s, t, y in zip(rows.share, eta, rows.y, strict=True)]
    gradient = [
        mpmath.fdot(residual, column) + mpmath.mpf(l2) * w
        for column, l2, w in zip(rows.columns, problem.l2.tolist(), coef, strict=True)
    ]
    return gradient, mpmath.fsum(residual)


def _verify(problem, coef, intercept, held):
    """Assert that one-sided derivatives say, and say clearly, that this is the minimum."""
    gradient, derivative = _gradient(problem, coef, intercept)
    assert not problem.fit_intercept or abs(derivative) < 1e-30
    for j, w in enumerate(coef):
        l1, lower, upper = (float(values[j]) for values in (problem.l1, problem.lower, problem.upper))
        if held[j]:
            assert w in (lower, upper) or (w == 0 and l1 > 0.0)
            right = gradient[j] + (l1 if w >= 0 else -l1)
            left = gradient[j] + (l1 if w > 0 else -l1)
            margins = [right] * (w != upper) + [-left] * (w != lower)
        else:
            assert abs(gradient[j] + l1 * mpmath.sign(w)) < 1e-30
            margins = [w - lower, upper - w] + [abs(w)] * (l1 > 0.0)
        if min(margins, default=mpmath.inf) < CLEARLY:
            raise Unclear(f"coefficient {j}: {[float(m) for m in margins]}")
