"""The minimum of a quadratic model under l1 or within bounds by orthogonal factors: for columns so near to dependence
that their Hessian has lost the digits that tell them apart."""

import numpy as np

from fastlr.linalg.cholesky import OrthogonalFactor

#: Numbers of the root of the Hessian, at most.
MOST_NUMBERS = 500_000
#: Legs of the path, at most, for each coefficient.
LEGS = 4
#: Share of l1 up to which its slope along a direction that no row notices is rounding.
RESOLVED = 1e-9
#: Share of the decrease so far that a release must gain.
NO_GAIN = 1e-13
_EPS = np.finfo(float).eps


def is_small(objective):
    """Whether the root of its Hessian is small enough to be factored."""
    p = len(objective.penalty.l1)
    return (objective.rows.matrix.shape[0] * objective.rows.n_predictors + p) * p <= MOST_NUMBERS


def minimised(penalty, root, point, noise, tolerance):
    """argmin over delta of  g . delta + |A delta|^2 / 2 + l1' |coef + delta|  within the bounds,  (p, 1).

    An active-set method (Lawson, Hanson 1974, chapter 23): the minimum in the coefficients on no kink and no bound is a
    least-squares problem, towards which all go until the first meets a kink or a bound and leaves them; at the minimum
    the coefficient whose release promises most joins them.  Conditions of A count, not their squares as in A' A.

    Parameters
    ----------
    penalty : fastlr.penalties.elastic_net.ElasticNet
    root : ndarray of shape (m, p)
        A, the root of the Hessian.
    point : fastlr.objective.point.Point
    noise : ndarray of shape (p,)
        What rounding may hide of the gradient.
    tolerance : float
        Violations up to which the model counts as minimised.
    """
    path = _Path(penalty, root, point, noise)
    path.descend()
    tried = np.zeros(len(point.coef), dtype=bool)  # released to no avail since the last gain
    while path.legs_left > 0:
        released = path.most_promising(tolerance, tried)
        if released is None:
            break
        tried[released] = True
        before = path.delta, path.position, path.decrease
        path.release(released)
        path.descend()
        if path.decrease - before[-1] > NO_GAIN * path.decrease:
            tried[:] = False
        else:
            path.delta, path.position, path.decrease = before
    return path.delta[:, None]


class _Path:
    """A step on its way to the minimum of the model, the position coef + delta, and the decrease of the model so far.

    A step is kept apart from the position: beside coefficients of size one it would lose the digits that nearly
    dependent columns ask for.
    """

    def __init__(self, penalty, root, point, noise):
        self._penalty = penalty
        self._root = np.linalg.qr(root, mode="r") if len(root) > root.shape[1] else root
        self._lengths = np.linalg.norm(self._root, axis=0)
        self._gradient, self._coef = point.gradient[:, 0], point.coef[:, 0]
        self._l1, self._noise = penalty.l1[:, 0], noise
        self.delta, self.position, self.decrease = np.zeros_like(self._coef), self._coef, 0.0
        self.legs_left = LEGS * len(self._coef) + 50

    def descend(self):
        """Go to the minimum in the coefficients on no kink and no bound; those that meet one on the way stay there."""
        while self.legs_left > 0 and self._leg():
            self.legs_left -= 1

    def _leg(self):
        """Go towards that minimum until the first coefficient meets a kink or a bound; whether one has."""
        lower, upper = self._piece()
        free = np.flatnonzero((lower < self.position) & (self.position < upper))
        if not len(free):
            return False
        slope, hidden = self._slope()
        kinks = self._l1[free] * np.sign(self.position[free])
        slope = slope[free] + kinks
        step = _downhill(OrthogonalFactor(self._root[:, free]), slope, kinks, hidden[free])
        Xd, downhill = self._root[:, free] @ step, float(slope @ step)
        if not (np.isfinite(step).all() and downhill < 0.0):
            return False
        limit = np.where(step > 0.0, upper[free], lower[free])
        room = limit - self.position[free]
        curvature = float(Xd @ Xd)
        share = -downhill / curvature if curvature > 0.0 else np.inf
        crossing = np.abs(share * step) > np.abs(room)
        share = np.min(room[crossing] / step[crossing], initial=share)
        if not np.isfinite(share):
            return False
        met = crossing & (np.abs(room) <= share * np.abs(step))
        self._move(free, np.where(met, limit - self._coef[free], self.delta[free] + share * step))
        self.decrease -= share * downhill + 0.5 * share * share * curvature
        return bool(met.any())

    def most_promising(self, tolerance, tried):
        """The coefficient on a kink or a bound whose release lowers the model most; None if that is rounding."""
        lower, upper = self._piece()
        slope, hidden = self._slope()
        violation = np.abs(self._penalty.subgradient(self.position[:, None], slope[:, None])[0][:, 0])
        on_edge = (self.position <= lower) | (self.position >= upper)
        counts = on_edge & ~tried & (violation > np.maximum(tolerance, hidden)) & (self._lengths > 0.0)
        if not counts.any():
            return None
        lengths = np.where(counts, self._lengths, np.inf)
        return int(np.argmax(violation / lengths))

    def release(self, j):
        """Let a coefficient go as far as the model falls in it alone."""
        slope = self._slope()[0]
        subgradient = self._penalty.subgradient(self.position[:, None], slope[:, None])[0][j, 0]
        step = -subgradient / self._lengths[j] ** 2
        lower, upper = self._penalty.lower[j, 0], self._penalty.upper[j, 0]
        if self._l1[j] > 0.0 and self.position[j] != 0.0:
            lower, upper = (max(lower, 0.0), upper) if self.position[j] > 0.0 else (lower, min(upper, 0.0))
        step = min(max(step, lower - self.position[j]), upper - self.position[j])
        self._move(np.array([j]), self.delta[j] + step)
        self.decrease -= step * subgradient + 0.5 * (step * self._lengths[j]) ** 2

    def _move(self, which, delta):
        self.delta, self.position = self.delta.copy(), self.position.copy()
        self.delta[which] = delta
        self.position[which] = self._penalty.nearest((self._coef + self.delta)[:, None])[which, 0]

    def _piece(self):
        return (limit[:, 0] for limit in self._penalty.piece(self.position[:, None]))

    def _slope(self):
        """Gradient of the smooth part of the model, and what rounding may hide of it."""
        slope = self._gradient + self._root.T @ (self._root @ self.delta)
        terms = self._lengths * float(self._lengths @ np.abs(self.delta))
        return slope, self._noise + 4.0 * _EPS * terms


def _downhill(factor, slope, kinks, hidden):
    """The step to the minimum of a quadratic function with this slope, or along the steepest of the directions that no
    row notices and on which it falls for ever.

    It falls there by l1 alone, whose share of the slope are the `kinks`; `hidden` is what rounding may hide of the
    slope.
    """
    along = kinks @ factor.null
    falls = np.abs(along) > np.maximum(hidden, RESOLVED * np.abs(kinks)) @ np.abs(factor.null)
    if falls.any():
        steepest = np.argmax(np.where(falls, np.abs(along), 0.0))
        return -np.sign(along[steepest]) * factor.null[:, steepest]
    return -factor.solve(slope)
