"""The objectives of several labels over one X; see logistic.py for that of one.

Numbers of one fit are arrays (K,) here, one entry for each label; coefficients are (p, K), linear predictors (n, K).
The fits are independent of each other and share the passes over X.
"""

from dataclasses import dataclass, fields

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.linalg.broadcast import is_one_number
from fastlr.linalg.cholesky import CholeskyFactor, penalised
from fastlr.objective.diagonal import inverse, share_a_scale
from fastlr.objective.rounding import OF_DIVERGENCES, hidden
from fastlr.penalties.elastic_net import ElasticNet

_EPS = np.finfo(float).eps


@dataclass
class LabelPoint:
    """Points of the fits of several labels.  Arrays are never changed: every point has its own."""

    coef: np.ndarray
    intercept: np.ndarray
    eta: np.ndarray
    curvature: np.ndarray
    value: np.ndarray
    #: Gradient of the smooth part, (p, K).
    gradient: np.ndarray
    #: Bound on value minus minimum; inf if none is known.
    gap: np.ndarray
    #: 1' D 1, zero without an intercept.
    trace_D: np.ndarray

    def take(self, which):
        """The same for these labels alone."""
        return LabelPoint(*(np.ascontiguousarray(getattr(self, one.name)[..., which]) for one in fields(self)))

    @property
    def coefficients(self):
        """Coefficients as (K, p)."""
        return self.coef.T


@dataclass
class LabelStep:
    """Steps of all labels; Xd (n, K) is X coef + intercept, the change of linear predictors."""

    coef: np.ndarray
    Xd: np.ndarray
    intercept: np.ndarray
    #: Gap of the columns after a full step; inf if unknown.
    residual_gap: np.ndarray
    #: Decrease of the quadratic model.
    decrease: np.ndarray
    #: See Direction.missing.
    missing: np.ndarray
    #: Hessian products that it took.
    products: np.ndarray

    @classmethod
    def none(cls, point):
        """Steps of length zero."""
        K = len(point.value)
        return cls(np.zeros_like(point.coef), np.zeros_like(point.eta), *np.zeros((5, K)))

    def put(self, where, other, which):
        """Enter the steps `which` of others as the steps `where`."""
        for one in fields(self):
            getattr(self, one.name)[..., where] = getattr(other, one.name)[..., which]

    def take(self, which):
        """The steps of these labels alone."""
        return LabelStep(*(np.ascontiguousarray(getattr(self, one.name)[..., which]) for one in fields(self)))


class LabelObjective:
    """Two-class logistic regressions of several labels over LabelRows, without l1.

    Parameters
    ----------
    rows : fastlr.matrix.LabelRows
    l2 : ndarray of shape (p, K), may be broadcast
    fit_intercept : bool
    magnitude : ndarray of shape (K,), optional
        sqrt(sum_j mean square of column j / l2_j), where it is known.
    """

    def __init__(self, rows, l2, fit_intercept, magnitude=None):
        self.rows = rows
        self._magnitude = magnitude
        self.l2 = l2
        self.fit_intercept = fit_intercept
        self.n_threads = rows.n_threads
        self.covers_all = bool(np.all(l2 > 0.0))

    def take(self, which):
        """The objectives of these labels alone."""
        magnitude = None if self._magnitude is None else self._magnitude[which]
        return LabelObjective(self.rows.take(which), _columns(self.l2, which), self.fit_intercept, magnitude)

    def every_kth_row(self, every):
        """The objectives of every k-th row."""
        return LabelObjective(self.rows.every_kth_row(every), self.l2, self.fit_intercept)

    def null_value(self):
        """Least values with coef = 0."""
        eta = np.zeros(self.rows.label.shape)
        if self.fit_intercept:
            eta += self.rows.optimise_intercept(eta)
        return self.rows.evaluate(eta)[0]

    def point(self, coef, intercept):
        """The LabelPoint at coefficients (p, K), intercepts being optimised from the given ones on."""
        eta = self.rows.forward(coef) if np.any(coef) else np.zeros(self.rows.label.shape)
        eta += intercept
        return self.evaluate(coef, intercept, eta, np.full(coef.shape[1], np.inf))

    def evaluate(self, coef, intercept, eta, bound):
        """The LabelPoint at linear predictors, which become part of it: a pass.  `bound` bounds the gaps."""
        if self.fit_intercept:
            shift = self.rows.optimise_intercept(eta)
            eta += shift
            intercept = intercept + shift
        losses, residual, curvature = self.rows.evaluate(eta)
        gradient = self.rows.adjoint(residual)
        linalg_vector.add_diagonal(self.l2, coef, gradient, self.n_threads)
        gap = np.minimum(self.residual_gap(gradient), bound)
        value = losses + 0.5 * linalg_vector.weighted_dot(self.l2, coef, coef, self.n_threads)
        trace_D = curvature.sum(axis=0) if self.fit_intercept else np.zeros(len(value))
        return LabelPoint(coef, intercept, eta, curvature, value, gradient, np.maximum(gap, 0.0), trace_D)

    def hessian_product(self, curvature, trace_D, v):
        """(H v, (p, K);  X v - tau, (n, K);  -tau, the steps of the intercepts, (K,);  v . H v, (K,))."""
        out, Xd, shift = self.rows.hessian_product(curvature, trace_D, v)
        return out, Xd, shift, linalg_vector.add_diagonal(self.l2, v, out, self.n_threads)

    def residual_gap(self, residual):
        """sum_j residual_j^2 / (2 l2_j)."""
        if not self.covers_all:
            return np.full(residual.shape[1], np.inf)
        if self.l2.strides[0] == 0:
            return 0.5 * linalg_vector.dot(residual, residual, self.n_threads) / self.l2[0]
        return 0.5 * np.sum(residual * residual / self.l2, axis=0)

    def values_along(self, point, step, t):
        """Values at point + t step, with a t for each label: no pass."""
        threads = self.n_threads
        a, b, c = (
            linalg_vector.weighted_dot(self.l2, *pair, threads)
            for pair in ((point.coef, point.coef), (point.coef, step.coef), (step.coef, step.coef))
        )
        return self.rows.losses(point.eta, step.Xd, t) + 0.5 * a + t * (b + 0.5 * t * c)

    def move(self, point, step, t):
        """The LabelPoint at point + t step."""
        linearised = self.rows.linearised_gap(point.eta, step.Xd) + step.residual_gap
        if self.covers_all:
            moved = np.sqrt(2.0 * step.products * step.decrease)
            linearised += OF_DIVERGENCES + self._hidden(point, linearised, moved)
        bound = np.where(t == 1.0, linearised, np.inf)
        coef = point.coef + t * step.coef
        return self.evaluate(coef, point.intercept + t * step.intercept, point.eta + t * step.Xd, bound)

    def optimality(self, point):
        """Inf-norms of the gradients."""
        return np.maximum(point.gradient.max(axis=0), -point.gradient.min(axis=0))

    def rounding(self, point):
        """Bounds on the rounding errors of the gaps, (K,)."""
        terms = np.abs(linalg_vector.dot(point.coef, point.gradient, self.n_threads))
        terms += linalg_vector.weighted_dot(self.l2, point.coef, point.coef, self.n_threads)
        rounding = 4.0 * _EPS * (np.abs(point.value) + terms)
        return rounding + self._hidden(point, point.gap, 0.0) if self.covers_all else rounding

    def _hidden(self, point, gap, moved):
        """Errors of gaps by rounding in products with X, (K,); see LogisticObjective."""
        smooth = 0.5 * linalg_vector.weighted_dot(self.l2, point.coef, point.coef, self.n_threads)
        inverse_trace_D = 1.0 / np.maximum(point.trace_D, _EPS) if self.fit_intercept else 0.0
        value = np.clip(point.value, 0.0, 1.0)
        return hidden(np.maximum(gap, 0.0), value, smooth, moved, self.magnitude, inverse_trace_D, np.sqrt)

    @property
    def magnitude(self):
        """sqrt(sum_j mean square of column j / l2_j), (K,)."""
        if self._magnitude is None:
            self._magnitude = np.sqrt(np.sum(self.rows.mean_squares()[:, None] / self.l2, axis=0))
        return self._magnitude

    def inverse_diagonal(self, point):
        """Inverse diagonal preconditioners, (p, K), as LogisticObjective.inverse_diagonal: two passes with one column.

        The diagonals are exact at the null model, where the curvatures of all labels are multiples of the rows'
        weights; elsewhere they approximate those of the point.
        """
        weighted_sum, squares = self.rows.moments()
        if self.fit_intercept:
            squares = np.maximum(squares - weighted_sum * weighted_sum / self.rows.weight.sum(), _EPS * squares)
        diagonal = np.multiply.outer(squares, point.curvature.sum(axis=0)) + self.l2
        every = max(1, len(squares) // 4096)
        if share_a_scale(squares[::every], self.rows.matrix.column_shares(every)):
            diagonal = 0.1 * diagonal + 0.9 * np.median(diagonal[::every], axis=0)
        return inverse(diagonal)

    def factor(self, point, k, every):
        """A factor of the Hessian of label k, from every k-th row: see LogisticObjective.sampled_hessian."""
        curvature = np.ascontiguousarray(point.curvature[::every, k]) * every
        gram, XtD1 = self.rows.gram(curvature)
        trace_D = curvature.sum()
        beside = np.outer(XtD1, XtD1) / trace_D if self.fit_intercept and trace_D > 0.0 else None
        return CholeskyFactor(penalised(gram, self.l2[:, k], beside), self.n_threads)


def strengths(penalty, mean_weight):
    """l2 of labels whose penalty is divided by these mean weights, (p, K), broadcast where it can be."""
    l2, K = penalty.l2, len(mean_weight)
    if np.all(mean_weight == 1.0):
        return ElasticNet(0.0, float(l2[0, 0]) if is_one_number(l2) else l2, (len(l2), K)).l2
    if is_one_number(l2):
        return np.broadcast_to(l2[0, 0] / mean_weight, (len(l2), K))
    return l2 / mean_weight


def _columns(l2, which):
    """Columns of a broadcast matrix, broadcast as it was."""
    if l2.strides[1] == 0:
        return l2[:, : len(which)]
    if l2.strides[0] == 0:
        return np.broadcast_to(l2[0, which], (len(l2), len(which)))
    return np.ascontiguousarray(l2[:, which])
