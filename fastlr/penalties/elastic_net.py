"""The elastic-net penalty  l1' |coef| + coef' diag(l2) coef / 2,  with a strength and bounds for every coefficient."""

from functools import cached_property

import numpy as np

from fastlr.kernels import penalty_elastic_net
from fastlr.penalties.base import EPS, Penalty, broadcast, flat, take


class ElasticNet(Penalty):
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

    def whole(self, columns):
        """Sorted numbers of the coefficients that enter or leave together with these."""
        return columns

    def _of(self, columns):
        strengths = take(self.l1, columns), take(self.l2, columns)
        return ElasticNet(*strengths, (len(columns), self.shape[1]), self.n_threads)

    def absolute(self, coef):
        """l1' |coef|, summed over right-hand sides."""
        return float(np.sum(self.l1 * np.abs(coef))) if self.has_l1 else 0.0

    def absolute_change(self, coef, step):
        """l1' (|coef + step| - |coef|), summed entry by entry so that small steps keep their digits."""
        return float(np.sum(self.l1 * (np.abs(coef + step) - np.abs(coef)))) if self.has_l1 else 0.0

    def subgradient(self, coef, gradient):
        """The subgradient of least norm of the whole objective, and its inf-norm.

        `gradient` is that of the smooth part, (p, K).  What points out of the bounds at one of them counts as zero.
        """
        out = np.empty_like(gradient)
        bounds = self._flat_lower, self._flat_upper
        arguments = coef.ravel(), gradient.ravel(), self._flat_l1, *bounds, out.ravel(), self.n_threads
        return out, penalty_elastic_net.subgradient(*arguments)

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
        if not self.has_l1:
            return v
        out = np.empty_like(v, order="C")
        penalty_elastic_net.soft_threshold(v.ravel(), (length * self.l1).ravel(), out.ravel(), self.n_threads)
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
        """The largest factor in [0, 1] that makes X' (factor r) feasible towards infinite bounds where only l1 acts."""
        strengths = self._flat_l1, self._flat_l2, self._flat_lower, self._flat_upper
        ratio = penalty_elastic_net.largest_ratio(adjoint.ravel(), *strengths, self.n_threads)
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

    @cached_property
    def _flat_l1(self):
        return flat(self.l1)

    @cached_property
    def _flat_l2(self):
        return flat(self.l2)

    @cached_property
    def _flat_lower(self):
        return flat(self.lower)

    @cached_property
    def _flat_upper(self):
        return flat(self.upper)


class BoundedElasticNet(ElasticNet):
    """The same within bounds: infinite outside  lower_j <= coef_j <= upper_j.

    Parameters
    ----------
    lower, upper : array-like, lower <= upper, broadcast to (p, K)
        May be infinite.
    """

    def __init__(self, l1, l2, lower, upper, shape, n_threads=1):
        super().__init__(l1, l2, shape, n_threads)
        self.lower, self.upper = broadcast(lower, shape), broadcast(upper, shape)
        self.has_bounds = True
        closed = np.isfinite(self.lower) & np.isfinite(self.upper)
        self.covers_all = bool(np.all((self.l1 > 0.0) | (self.l2 > 0.0) | closed))

    def _of(self, columns):
        strengths = (take(values, columns) for values in (self.l1, self.l2, self.lower, self.upper))
        return BoundedElasticNet(*strengths, (len(columns), self.shape[1]), self.n_threads)

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
        rounding = 2.0 * EPS * (np.abs(coef) + np.abs(step))
        out = np.where(out - self.lower <= rounding, self.lower, out)
        return np.where(self.upper - out <= rounding, self.upper, out)

    def gap(self, coef, adjoint, scale=1.0):
        """The columns' share of the duality gap, as without bounds, with the conjugate of the penalty within them."""
        if not self.covers_all:
            return np.inf
        strengths = self._flat_l1, self._flat_l2, self._flat_lower, self._flat_upper
        return penalty_elastic_net.gap_within(coef.ravel(), adjoint.ravel(), scale, *strengths, self.n_threads)


def within(limits, l1, l2, shape, n_threads=1):
    """The penalty with these strengths within (lower, upper), or without bounds where `limits` is None."""
    if limits is None:
        return ElasticNet(l1, l2, shape, n_threads)
    return BoundedElasticNet(l1, l2, *limits, shape, n_threads)
