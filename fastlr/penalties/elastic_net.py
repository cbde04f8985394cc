"""The elastic-net penalty  l1' |coef| + coef' diag(l2) coef / 2,  with a strength and bounds for every coefficient."""

import math
from functools import cached_property

import numpy as np

from fastlr.kernels import linalg_vector, penalty_bounded, penalty_elastic_net
from fastlr.linalg.broadcast import is_one_number

_EPS = np.finfo(float).eps


class ElasticNet:
    """Penalty values, subgradients and conjugate.

    Parameters
    ----------
    l1, l2 : array-like, non-negative, broadcast to (p, K)
        Scalars cost no memory: they stay broadcast views.
    shape : (p, K)
    n_threads : int
    """

    #: Whether the penalty is a sum over single coefficients.
    is_elastic_net = True

    def __init__(self, l1, l2, shape, n_threads=1):
        self.shape = shape
        self.l1 = _broadcast(l1, shape)
        self.l2 = _broadcast(l2, shape)
        self.n_threads = n_threads
        self.has_l1 = _holds(np.any, l1)
        self.has_l2 = _holds(np.any, l2)
        #: Whether every coefficient is penalised, which is what a duality gap asks for.
        self.covers_all = _holds(np.all, l1) or _holds(np.all, l2) or _cover(l1, l2)
        #: Bounds of each coefficient, (p, K): none here, see BoundedElasticNet.
        self.lower, self.upper = _broadcast(-np.inf, shape), _broadcast(np.inf, shape)
        self.has_bounds = False

    @property
    def is_smooth(self):
        """Whether the objective has a gradient everywhere, and coefficients may take any value."""
        return not (self.has_l1 or self.has_bounds)

    def whole(self, columns):
        """Sorted numbers of the coefficients that enter or leave together with these."""
        return columns

    def restrict(self, columns):
        """The penalty of these columns alone.  `unit` is that of all columns, so that violations stay comparable."""
        out = self._of(columns)
        out.unit = self.unit if isinstance(self.unit, float) else self.unit[columns]
        return out

    def _of(self, columns):
        strengths = _take(self.l1, columns), _take(self.l2, columns)
        return ElasticNet(*strengths, (len(columns), self.shape[1]), self.n_threads)

    def smooth(self, coef):
        """coef' diag(l2) coef / 2, summed over right-hand sides."""
        return 0.5 * float(self.smooth_product(coef, coef)) if self.has_l2 else 0.0

    def smooth_product(self, a, b):
        """a' diag(l2) b, summed over right-hand sides."""
        return linalg_vector.weighted_dot(self.l2, a, b, self.n_threads).sum() if self.has_l2 else 0.0

    def add_smooth_gradient(self, coef, out):
        """out += l2 * coef; returns coef . out per right-hand side."""
        return linalg_vector.add_diagonal(self.l2, coef, out, self.n_threads)

    def absolute(self, coef):
        """l1' |coef|, summed over right-hand sides."""
        return float(np.sum(self.l1 * np.abs(coef))) if self.has_l1 else 0.0

    def absolute_change(self, coef, step):
        """l1' (|coef + step| - |coef|), summed entry by entry so that small steps keep their digits."""
        return float(np.sum(self.l1 * (np.abs(coef + step) - np.abs(coef)))) if self.has_l1 else 0.0

    def subgradient(self, coef, gradient):
        """The subgradient of least norm of the whole objective, and its inf-norm.

        `gradient` is that of the smooth part, (p, K).
        """
        out = np.empty_like(gradient)
        return out, penalty_elastic_net.subgradient(
            coef.ravel(), gradient.ravel(), self._flat_l1, out.ravel(), self.n_threads
        )

    @cached_property
    def unit(self):
        """Unit of violations, a float or (p, K): 1 where l1 is the same everywhere, else l1_j, so that the scale of a
        column does not matter; max(l1) where l1_j = 0."""
        if not self.has_l1 or is_one_number(self.l1):
            return 1.0
        return np.where(self.l1 > 0.0, self.l1, self.l1.max())

    def beside_l1(self, v):
        """|v|, (p, K), in the units `unit`."""
        size = np.abs(v)
        return size if isinstance(self.unit, float) else size / self.unit

    def optimality(self, coef, gradient):
        """Inf-norm of the subgradient of least norm."""
        if self.has_l1:
            return self.subgradient(coef, gradient)[1]
        return float(max(gradient.max(), -gradient.min()))

    def prox(self, v, length):
        """argmin over w of  sum_j (w_j - v_j)^2 / (2 length_j) + l1_j |w_j|,  (p, K): soft thresholding.

        `length` is one positive number, or one for each coefficient, (p, K); where it is 0 nothing is thresholded.
        """
        return np.sign(v) * np.maximum(np.abs(v) - length * self.l1, 0.0) if self.has_l1 else v

    def nearest(self, coef):
        """The coefficients within the bounds that are nearest to these."""
        return coef

    def moved(self, coef, step, t):
        """coef + t * step, exactly on a kink of l1 or a bound where rounding keeps it off."""
        out = coef + step if t == 1.0 else coef + t * step
        if self.has_l1:
            is_rounding = np.abs(out) < 2.0 * _EPS * np.abs(coef)
            if is_rounding.any():
                out[is_rounding & (self.l1 > 0.0)] = 0.0
        return out

    def piece(self, coef):
        """(lower, upper), (p, K) each: the box around coef in which no coefficient crosses a kink of l1 or a bound."""
        kinked = self.l1 > 0.0
        lower = np.where(kinked & (coef >= 0.0), np.maximum(self.lower, 0.0), self.lower)
        upper = np.where(kinked & (coef <= 0.0), np.minimum(self.upper, 0.0), self.upper)
        return lower, upper

    def clipped(self, coef, step):
        """The step, (p, K), in which coefficients that would cross a kink or bound stop there."""
        lower, upper = self.piece(coef)
        target = coef + step
        return np.where((target < lower) | (target > upper), np.clip(target, lower, upper) - coef, step)

    def cut(self, coef, step):
        """The step as far as the first coefficient meets a kink or bound, where it lands exactly, and its share."""
        room = self.clipped(coef, step)
        met = np.abs(room) < np.abs(step)
        share = np.min(np.divide(room, step, out=np.ones_like(step), where=met))
        return np.where(met & (np.abs(room) <= share * np.abs(step)), room, share * step), share

    def dual_scale(self, adjoint):
        """The largest factor in (0, 1] that makes X' (factor r) feasible where only l1 acts."""
        ratio = penalty_elastic_net.largest_ratio(adjoint.ravel(), self._flat_l1, self._flat_l2, self.n_threads)
        return 1.0 if ratio <= 1.0 else 1.0 / ratio

    def gap(self, coef, adjoint, scale=1.0):
        """The columns' share of the duality gap at coef for a dual point whose product with X is scale * adjoint.

        With z = -scale * adjoint it is  sum_j l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) - z w  (Fenchel-Young);
        where l2 = 0 the dual point must have |z| <= l1, see dual_scale.
        """
        if not self.covers_all:
            return np.inf
        return penalty_elastic_net.gap(
            coef.ravel(), adjoint.ravel(), scale, self._flat_l1, self._flat_l2, self.n_threads
        )

    def magnitudes(self, squares):
        """Sizes of columns relative to their penalties, given the mean squares of the columns, (p,).

        Returns sqrt(sum_j squares_j / l2_j) over the coefficients with an l2; the largest sqrt(squares_j) / l1_j over
        those with l1 alone, 0 where there are none; and sqrt(squares_j) of these, (p,), 0 of the others.
        """
        if len(squares) < self.shape[0]:
            squares = np.repeat(squares, self.shape[0] // len(squares))
        if is_one_number(self.l2) and (self.has_l2 or not self.has_l1):
            return math.sqrt(float(squares.sum()) / float(self.l2[0, 0])) if self.has_l2 else 0.0, 0.0, None
        if is_one_number(self.l1) and is_one_number(self.l2):
            lengths = np.sqrt(squares)
            return 0.0, float(lengths.max(initial=0.0)) / float(self.l1[0, 0]), lengths
        l1, l2 = self.l1[:, 0], self.l2[:, 0]
        has_l2 = l2 > 0.0
        under_l2 = np.divide(squares, l2, out=np.zeros_like(squares), where=has_l2).sum()
        lengths = np.where(~has_l2 & (l1 > 0.0), np.sqrt(squares), 0.0)
        under_l1 = np.divide(lengths, l1, out=np.zeros_like(squares), where=lengths > 0.0).max(initial=0.0)
        return math.sqrt(float(under_l2)), float(under_l1), lengths

    @cached_property
    def _flat_l1(self):
        return _flat(self.l1)

    @cached_property
    def _flat_l2(self):
        return _flat(self.l2)

    def smooth_gap(self, residual):
        """sum_j residual_j^2 / (2 l2_j): the gap without l1 whose dual point misses stationarity by `residual`."""
        if not self.covers_all:
            return np.inf
        if is_one_number(self.l2):
            return 0.5 * float(linalg_vector.dot(residual, residual, self.n_threads).sum()) / float(self.l2.flat[0])
        return 0.5 * float(np.sum(residual * residual / self.l2))


class BoundedElasticNet(ElasticNet):
    """The same within bounds: infinite outside  lower_j <= coef_j <= upper_j.

    Parameters
    ----------
    lower, upper : array-like, lower <= upper, broadcast to (p, K)
        May be infinite.
    """

    def __init__(self, l1, l2, lower, upper, shape, n_threads=1):
        super().__init__(l1, l2, shape, n_threads)
        self.lower, self.upper = _broadcast(lower, shape), _broadcast(upper, shape)
        self.has_bounds = True
        closed = np.isfinite(self.lower) & np.isfinite(self.upper)
        self.covers_all = bool(np.all((self.l1 > 0.0) | (self.l2 > 0.0) | closed))

    def _of(self, columns):
        strengths = (_take(values, columns) for values in (self.l1, self.l2, self.lower, self.upper))
        return BoundedElasticNet(*strengths, (len(columns), self.shape[1]), self.n_threads)

    def subgradient(self, coef, gradient):
        """The subgradient of least norm, and its inf-norm: an entry that points beyond a bound counts as zero."""
        out = np.empty_like(gradient)
        bounds = self._flat_lower, self._flat_upper
        arguments = coef.ravel(), gradient.ravel(), self._flat_l1, *bounds, out.ravel(), self.n_threads
        return out, penalty_bounded.subgradient(*arguments)

    def optimality(self, coef, gradient):
        """Inf-norm of the subgradient of least norm."""
        return self.subgradient(coef, gradient)[1]

    def prox(self, v, length):
        """The same argmin within the bounds."""
        return self.nearest(super().prox(v, length))

    def nearest(self, coef):
        """The coefficients within the bounds that are nearest to these."""
        return np.clip(coef, self.lower, self.upper)

    def moved(self, coef, step, t):
        """coef + t * step, exactly on a kink of l1 or a bound where rounding keeps it off."""
        out = super().moved(coef, step, t)
        rounding = 2.0 * _EPS * (np.abs(coef) + np.abs(step))
        out = np.where(out - self.lower <= rounding, self.lower, out)
        return np.where(self.upper - out <= rounding, self.upper, out)

    def dual_scale(self, adjoint):
        """The largest factor in [0, 1] that makes X' (factor r) feasible towards the infinite bounds."""
        strengths = self._flat_l1, self._flat_l2, self._flat_lower, self._flat_upper
        ratio = penalty_bounded.largest_ratio(adjoint.ravel(), *strengths, self.n_threads)
        return 1.0 if ratio <= 1.0 else 1.0 / ratio

    def gap(self, coef, adjoint, scale=1.0):
        """The columns' share of the duality gap, as without bounds, with the conjugate of the penalty within them."""
        if not self.covers_all:
            return np.inf
        strengths = self._flat_l1, self._flat_l2, self._flat_lower, self._flat_upper
        return penalty_bounded.gap(coef.ravel(), adjoint.ravel(), scale, *strengths, self.n_threads)

    @cached_property
    def _flat_lower(self):
        return _flat(self.lower)

    @cached_property
    def _flat_upper(self):
        return _flat(self.upper)


def within(limits, l1, l2, shape, n_threads=1):
    """The penalty with these strengths within (lower, upper), or without bounds where `limits` is None."""
    if limits is None:
        return ElasticNet(l1, l2, shape, n_threads)
    return BoundedElasticNet(l1, l2, *limits, shape, n_threads)


def _broadcast(strength, shape):
    """A read-only view of a strength for each coefficient; of a number, far cheaper than by np.broadcast_to."""
    if not isinstance(strength, float):
        return np.broadcast_to(np.asarray(strength, dtype=float), shape)
    view = np.ndarray(shape, np.float64, np.array([strength]), strides=(0, 0))
    view.flags.writeable = False
    return view


def _holds(quantifier, strength):
    """Whether any, or all, of the strengths are positive."""
    return strength > 0.0 if isinstance(strength, float) else bool(quantifier(np.asarray(strength) > 0))


def _cover(l1, l2):
    """Whether each coefficient has a positive l1 or l2 where neither alone is positive everywhere."""
    if isinstance(l1, float) and isinstance(l2, float):
        return False
    return bool(np.all((np.asarray(l1) > 0) | (np.asarray(l2) > 0)))


def _take(strength, columns):
    return strength[0, 0] if is_one_number(strength) else strength[columns]


def _flat(strength):
    """(p K,) view of a strength: all coefficients one after the other."""
    if is_one_number(strength):
        return np.broadcast_to(strength[0, 0], (strength.size,))
    return strength.reshape(-1)
