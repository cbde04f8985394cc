"""A small problem in doubled precision: points, and a certificate that rounding of products cannot spoil.

A point is W = hi + lo, coefficients and intercept as sums of two doubles.  What a fit returns is w = hi, what certifies
it is the dual point u = sigma(X W + offset) of W, which is as good as W is: its residual s (u - y) and
z = X' (s (u - y)) have about thirty digits.  The gap of w for u (docs/design/certificates.md) then is made of
differences that are rounded to doubles once, at the end.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from fastlr.kernels import products_compensated

_EPS = float(np.finfo(float).eps)
#: Factor on the sums of a certificate, of non-negative terms: more than their rounding.
LIFTED = 1.0 + 1e-9
#: Newton steps of the intercepts up to which their optimum is near.
NEAR = 0.1
#: Rounding error of X lo, as a share of the sizes of its terms.
BLUR = 1e-14


@dataclass(frozen=True)
class WidePoint:
    """W (m, 2), its linear predictors (n, 2) or (n, K, 2), z (m, 2); the gradient of loss and l2 at W, (m,); the
    objective."""

    w: np.ndarray
    eta: np.ndarray
    z: np.ndarray
    gradient: np.ndarray
    value: float


class WideProblem(ABC):
    """The rows that count, with a column of ones for free intercepts in the last place; strengths of each coefficient.

    Parameters
    ----------
    objective : LogisticObjective
    weight : ndarray of shape (n,)
    q : int
        Coefficients of a column, side by side.

    Attributes
    ----------
    n_free : int
        Coefficients in the last places that are intercepts.
    """

    def __init__(self, objective, weight, q):
        matrix, penalty = objective.rows.matrix, objective.penalty
        self.counted = np.flatnonzero(weight > 0.0)
        X = matrix.take(self.counted, np.arange(matrix.shape[1]))
        self.n_free = q * int(objective.fit_intercept)
        self.X = np.ascontiguousarray(np.hstack([X, np.ones((len(X), int(objective.fit_intercept)))]))
        self.weight = np.ascontiguousarray(weight[self.counted])
        self.l1, self.l2 = (np.append(each[:, 0], np.zeros(self.n_free)) for each in (penalty.l1, penalty.l2))
        self.lower = np.append(penalty.lower[:, 0], np.full(self.n_free, -np.inf))
        self.upper = np.append(penalty.upper[:, 0], np.full(self.n_free, np.inf))
        self.covers_all, self.is_smooth = penalty.covers_all, penalty.is_smooth

    @abstractmethod
    def at(self, w):
        """The WidePoint of w (m, 2)."""

    @abstractmethod
    def losses(self, eta):
        """Weighted losses at k times all linear predictors, (k,)."""

    @abstractmethod
    def Xd(self, step):
        """Change of the linear predictors along a step (m,)."""

    @abstractmethod
    def roots(self, point, bounding):
        """A matrix (N, m) whose product with itself is the Hessian of the loss, or of a quadratic that touches the loss
        and is nowhere below it."""

    def settled(self, w):
        """w (m, 2) of least penalty among those with the same losses; in place."""
        return w

    @abstractmethod
    def divergence(self, point):
        """Bound on the weighted divergences of the probabilities at hi from those at W."""

    @abstractmethod
    def inverse_trace_D(self, point):
        """Inverse of the least curvature in the intercepts, estimated."""

    def _point(self, w, eta, z):
        return WidePoint(w, eta, z, self._sum(z, w), self.value(eta[..., 0], w[:, 0]))

    def _sum(self, z, w, more=None):
        """z + l2 w + more, (m,), rounded once."""
        out = np.empty(len(z))
        products_compensated.gradient(z, self.l2, w, np.zeros(len(z)) if more is None else more, out)
        return out

    def value(self, eta, coef):
        """The objective at linear predictors and the coefficients (m,) that they belong to."""
        return float(self.losses(eta[None])[0]) + self.penalty(coef)

    def penalty(self, coef):
        return float(np.sum(self.l1 * np.abs(coef) + 0.5 * self.l2 * coef * coef))

    def rounded(self, point):
        """The WidePoint of hi alone."""
        return self.at(np.stack([point.w[:, 0], np.zeros(len(point.w))], axis=1))

    # --- the certificate of w = hi -----------------------------------------------------------------------------------

    def gap(self, point):
        """(gap of hi, what rounding W to hi adds to it) for the dual point of W; the first is inf where some
        coefficients have no penalty."""
        if not self.covers_all:
            return np.inf, 0.0
        cut = self._share_to_cut(point.z)
        rows = self.divergence(point) + cut * point.value
        columns = self._columns(point, cut) + self._of_intercept(point)
        return LIFTED * columns, LIFTED * rows + 4.0 * _EPS * abs(point.value)

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
        least[len(least) - self.n_free :] = coef[len(coef) - self.n_free :]
        across = np.where(coef * least < 0.0, 0.0, least)
        steps = self._drop(coef, across, z, taken) + self._drop(across, least, z, taken)
        return float(np.sum(np.maximum(steps, 0.0)) + np.sum(self.l2 * (_EPS * least) ** 2))

    def _drop(self, a, b, z, taken):
        """F(a) - F(b) for numbers that are nowhere of different signs, (m,)."""
        both = np.stack([0.5 * a, np.zeros_like(a)], axis=1)
        products_compensated.move(both, 0.5 * b)
        slope = self._sum(z, both, self.l1 * np.sign(a + b) + taken)
        return (a - b) * slope

    def _of_intercept(self, point):
        """Error of the gap by residuals that do not add up to exactly zero: their sum times the distance to the best
        intercepts, for these coefficients and for the optimal ones; inf where these are not near."""
        p = len(point.w) - self.n_free
        left = float(np.sum(np.abs(point.gradient[p:])))
        if left == 0.0:
            return 0.0
        inverse = self.inverse_trace_D(point)
        off = left * inverse
        if not off <= NEAR:
            return np.inf
        coef, l1, l2 = point.w[:p, 0], self.l1[:p], self.l2[:p]
        with np.errstate(divide="ignore", invalid="ignore"):
            far = np.minimum(np.sqrt(2.0 * point.value / l2), point.value / l1) + np.abs(coef)
        far = np.minimum(far, np.maximum(self.upper[:p] - coef, coef - self.lower[:p]))
        lengths = np.repeat(np.sqrt(self.weight @ self.X[:, :-1] ** 2), self.n_free)
        return left * (2.0 * off + float(lengths @ far) * np.sqrt(inverse))


class WideTwoClasses(WideProblem):
    """A problem of two classes."""

    def __init__(self, objective):
        rows = objective.rows
        super().__init__(objective, rows.loss.weight_of_rows(), 1)
        self.y = np.ascontiguousarray(rows.loss.y[self.counted])
        n = len(self.counted)
        self.offset = np.zeros(n) if rows.offset is None else np.ascontiguousarray(rows.offset[self.counted])

    def at(self, w):
        eta, residual, z = np.empty((len(self.y), 2)), np.empty((len(self.y), 2)), np.empty(w.shape)
        products_compensated.predictors(self.X, w, self.offset, eta)
        products_compensated.residuals(eta, self.y, self.weight, residual)
        products_compensated.products(self.X, residual, z)
        return self._point(w, eta, z)

    def losses(self, eta):
        sizes = (1.0 - self.y) * np.maximum(eta, 0.0) + self.y * np.maximum(-eta, 0.0)
        return np.sum(self.weight * (sizes + np.log1p(np.exp(-np.abs(eta)))), axis=1)

    def Xd(self, step):
        return self.X @ step

    def curvature(self, point):
        """sigma' of each row, times its weight."""
        eta = point.eta[:, 0]
        return self.weight * expit(eta) * expit(-eta)

    def roots(self, point, bounding):
        if not bounding:
            return np.sqrt(self.curvature(point))[:, None] * self.X
        size = np.maximum(np.abs(point.eta[:, 0]), 1e-6)
        return np.sqrt(self.weight * np.tanh(0.5 * size) / (2.0 * size))[:, None] * self.X  # Jaakkola, Jordan 2000

    def divergence(self, point):
        """See WideProblem.divergence: no linear predictor between the two has more than e^|difference| times the
        curvature of the first, nor more than a quarter."""
        difference = np.abs(self.X @ point.w[:, 1]) + BLUR * (np.abs(self.X) @ np.abs(point.w[:, 1]))
        curvature = np.minimum(self.curvature(point) * np.exp(np.minimum(difference, 50.0)), 0.25 * self.weight)
        curvature = np.where(difference > 50.0, 0.25 * self.weight, curvature)
        return 0.5 * float(np.sum(curvature * difference * difference))

    def inverse_trace_D(self, point):
        trace_D = float(np.sum(self.curvature(point)))
        return 1.0 / trace_D if trace_D > 0.0 else np.inf


class WideClasses(WideProblem):
    """A problem of softmax regression."""

    def __init__(self, objective):
        rows = objective.rows
        self.K = rows.n_classes
        super().__init__(objective, rows.weight, self.K)
        self.labels = np.ascontiguousarray(rows.labels[self.counted])
        self._own = self.labels[:, None] == np.arange(self.K)
        #: Columns of X whose coefficients add up to zero at the optimum: what they have in common l2 alone notices.
        self._common = ~(self.l1 > 0.0).reshape(-1, self.K).any(axis=1)

    def _by_class(self, w):
        """The part of each class of w (m, ...), contiguous."""
        return [np.ascontiguousarray(w[k :: self.K]) for k in range(self.K)]

    def at(self, w):
        n = len(self.labels)
        eta, residual = np.empty((n, self.K, 2)), np.empty((n, self.K, 2))
        nothing, part, z = np.zeros(n), np.empty((n, 2)), np.empty(w.shape)
        for k, own in enumerate(self._by_class(w)):
            products_compensated.predictors(self.X, own, nothing, part)
            eta[:, k] = part
        products_compensated.class_residuals(eta, self.labels, self.weight, residual)
        for k in range(self.K):
            own = np.empty((self.X.shape[1], 2))
            products_compensated.products(self.X, np.ascontiguousarray(residual[:, k]), own)
            z[k :: self.K] = own
        return self._point(w, eta, z)

    def losses(self, eta):
        above = np.where(self._own, 0.0, eta - np.sum(np.where(self._own, eta, 0.0), axis=-1, keepdims=True))
        top = above.max(axis=-1, keepdims=True)
        others = np.sum(np.where(self._own, 0.0, np.exp(above - top)), axis=-1)
        top = top[..., 0]
        return np.sum(self.weight * np.where(top == 0.0, np.log1p(others), top + np.log(np.exp(-top) + others)), axis=1)

    def Xd(self, step):
        return self.X @ step.reshape(-1, self.K)

    def _probabilities(self, point):
        eta = point.eta[..., 0]
        likely = np.exp(eta - eta.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)

    def roots(self, point, bounding):
        unit = np.eye(self.K)
        if bounding:
            roots = np.broadcast_to(
                (unit - 1.0 / self.K) / np.sqrt(2.0), (len(self.X), self.K, self.K)
            )  # Boehning 1992
        else:
            p = self._probabilities(point)
            roots = np.sqrt(p)[:, :, None] * (unit - p[:, None, :])
        rows = np.einsum("ij,ilk->iljk", self.X, np.sqrt(self.weight)[:, None, None] * roots)
        rows = rows.reshape(len(self.X) * self.K, -1)
        lengths = np.sqrt(np.mean(np.sum(rows * rows, axis=0).reshape(-1, self.K), axis=1)) * self._common
        return np.vstack([rows, np.kron(np.diag(lengths), np.ones(self.K) / np.sqrt(self.K))])

    def settled(self, w):
        step = np.zeros((len(self._common), self.K))
        for _ in range(3):  # each leaves a share of eps
            mean = w.sum(axis=1).reshape(-1, self.K).mean(axis=1)
            step[self._common] = -mean[self._common, None]
            products_compensated.move(w, step.ravel())
        return w

    def divergence(self, point):
        """See WideProblem.divergence: along a line the curvature changes by no more than e^range, range the spread of
        the difference, and is at most range^2 / 4 (Hoeffding)."""
        p, rest = self._probabilities(point), point.w[:, 1].reshape(-1, self.K)
        difference = self.X @ rest
        blur = 2.0 * BLUR * (np.abs(self.X) @ np.abs(rest)).max(axis=1)
        spread = np.ptp(difference, axis=1) + blur
        mean = np.sum(p * difference, axis=1, keepdims=True)
        variance = np.sum(p * (np.abs(difference - mean) + blur[:, None]) ** 2, axis=1)
        curved = np.minimum(variance * np.exp(np.minimum(spread, 50.0)), 0.25 * spread * spread)
        return 0.5 * float(np.sum(self.weight * np.where(spread > 50.0, 0.25 * spread * spread, curved)))

    def inverse_trace_D(self, point):
        p = self._probabilities(point)
        between = -(self.weight[:, None] * p).T @ p
        np.fill_diagonal(between, 0.0)
        np.fill_diagonal(between, -between.sum(axis=1))
        values = np.linalg.eigvalsh(between)
        return 1.0 / values[1] if values[1] > self.K * _EPS * values[-1] else np.inf
