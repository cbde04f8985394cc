"""What every penalty has: strengths of l1 and l2 for each coefficient, and a quadratic part."""

import math
from functools import cached_property

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.linalg.broadcast import is_one_number

EPS = np.finfo(float).eps


class Penalty:
    """Strengths l1 and l2 of each coefficient, the quadratic part  coef' diag(l2) coef / 2, and no bounds.

    A kind of penalty adds what l1 acts on: `absolute`, its subgradients, its kinks and its share of the duality gap.

    Parameters
    ----------
    l1, l2 : array-like, non-negative, broadcast to (p, K)
        Scalars cost no memory: they stay broadcast views.
    shape : (p, K)
    n_threads : int
    """

    def __init__(self, l1, l2, shape, n_threads=1):
        self.shape = shape
        self.l1 = broadcast(l1, shape)
        self.l2 = broadcast(l2, shape)
        self.n_threads = n_threads
        self.has_l1 = _holds(np.any, l1)
        self.has_l2 = _holds(np.any, l2)
        #: Whether every coefficient is penalised, which is what a duality gap asks for.
        self.covers_all = _holds(np.all, l1) or _holds(np.all, l2) or _cover(l1, l2)
        #: Bounds of each coefficient, (p, K): none here, see BoundedElasticNet.
        self.lower, self.upper = broadcast(-np.inf, shape), broadcast(np.inf, shape)
        self.has_bounds = False

    @property
    def is_smooth(self):
        """Whether the objective has a gradient everywhere, and coefficients may take any value."""
        return not (self.has_l1 or self.has_bounds)

    def restrict(self, columns):
        """The penalty of these columns alone.  `unit` is that of all columns, so that violations stay comparable."""
        out = self._of(columns)
        out.unit = self.unit if isinstance(self.unit, float) else self.unit[columns]
        return out

    def smooth(self, coef):
        """coef' diag(l2) coef / 2, summed over right-hand sides."""
        return 0.5 * float(self.smooth_product(coef, coef)) if self.has_l2 else 0.0

    def smooth_product(self, a, b):
        """a' diag(l2) b, summed over right-hand sides."""
        return linalg_vector.weighted_dot(self.l2, a, b, self.n_threads).sum() if self.has_l2 else 0.0

    def add_smooth_gradient(self, coef, out):
        """out += l2 * coef; returns coef . out per right-hand side."""
        return linalg_vector.add_diagonal(self.l2, coef, out, self.n_threads)

    @cached_property
    def unit(self):
        """Unit of violations, a float or (p, K): 1 where l1 is the same everywhere, else l1_j, so that the scale of a
        column does not matter; max(l1) where l1_j = 0."""
        if not self.has_l1 or is_one_number(self.l1):
            return 1.0
        return np.where(self.l1 > 0.0, self.l1, self.l1.max())

    def nearest(self, coef):
        """The coefficients within the bounds that are nearest to these."""
        return coef

    def moved(self, coef, step, t):
        """coef + t * step, exactly on a kink of l1 or a bound where rounding keeps it off."""
        out = coef + step if t == 1.0 else coef + t * step
        if self.has_l1:
            is_rounding = np.abs(out) < 2.0 * EPS * np.abs(coef)
            if is_rounding.any():
                out[is_rounding & (self.l1 > 0.0)] = 0.0
        return out

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

    def smooth_gap(self, residual):
        """sum_j residual_j^2 / (2 l2_j): the gap without l1 whose dual point misses stationarity by `residual`."""
        if not self.covers_all:
            return np.inf
        if is_one_number(self.l2):
            return 0.5 * float(linalg_vector.dot(residual, residual, self.n_threads).sum()) / float(self.l2.flat[0])
        return 0.5 * float(np.sum(residual * residual / self.l2))


def broadcast(strength, shape):
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


def take(strength, columns):
    """The strengths of these columns, (m, K); a number stays one."""
    return strength[0, 0] if is_one_number(strength) else strength[columns]


def flat(strength):
    """(p K,) view of a strength: all coefficients one after the other."""
    if is_one_number(strength):
        return np.broadcast_to(strength[0, 0], (strength.size,))
    return strength.reshape(-1)
