"""Limited-memory BFGS for smooth fits: what most libraries use, here for comparison."""

from collections import deque

import numpy as np

from fastlr.solvers.parts.line_search import SUFFICIENT, armijo, rounding_of
from fastlr.solvers.parts.newton_decrement import newton_decrement

#: Pairs of steps and gradient changes that are kept.
MEMORY = 10


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective by limited-memory BFGS (Nocedal 1980; Liu, Nocedal 1989).

    The direction comes from the last ten steps and the inverse diagonal of the first Hessian, which makes the scale of
    a column irrelevant.  Each iteration: loss and gradient after the whole step, in one pass where the layout has a
    fused one and there is no intercept, two elsewhere; where that is no descent, a backtracking line search on
    X d for two more passes (the objective is convex, so every step has positive curvature).  Where some
    coefficients have no penalty it stops on the Newton decrement, looked at once g' B g / 2 is small enough.

    Parameters
    ----------
    objective : LogisticObjective without l1
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    promised = minimise(objective, monitor.starting_point(coef, intercept), monitor)[1]
    if monitor.status is None:
        monitor.stuck(promised, "No step along the quasi-Newton direction lowers the objective")
    return monitor.result()


def minimise(objective, point, monitor, goes_on=lambda: True):
    """Quasi-Newton steps from a point on until the monitor says that the fit is finished, as long as `goes_on`, or
    until no step lowers the objective.

    Returns the last Point, and what the last step promised (0 before the first).
    """
    decrement = inverse = None
    slope = 0.0
    while not monitor.finished(point, decrement) and goes_on():
        inverse = InverseHessian(objective.inverse_diagonal(point)) if inverse is None else inverse
        step, gradient = -inverse.product(point.gradient), point.gradient
        slope = float(np.sum(gradient * step))
        moved, t = descend(objective, point, step, slope) if slope < 0.0 else (None, 0.0)
        if moved is None:
            break
        point = moved
        inverse.learn(t * step, point.gradient - gradient)
        decrement = None if np.isfinite(point.gap) else decrement_of(objective, point, inverse, monitor.target)
    return point, 0.5 * slope


def decrement_of(objective, point, inverse, target):
    """The quasi-Newton decrement g' B g / 2; once that is small enough, the Newton decrement."""
    quasi = 0.5 * float(np.sum(point.gradient * inverse.product(point.gradient)))
    return quasi if quasi > target else newton_decrement(objective, point)


def descend(objective, point, step, slope):
    """The Point after t times the step, the largest t in {1, 1/2, ...} that lowers the objective enough, and t; None if
    there is none."""
    whole = objective.at(point.coef + step, point.intercept)
    if whole.value <= point.value + SUFFICIENT * slope + rounding_of(point.value):
        return whole, 1.0
    direction = objective.direction(point, step)
    t = armijo(objective, point, direction, slope)
    return (None, 0.0) if t is None else (objective.move(point, direction, t), t)


class InverseHessian:
    """The BFGS approximation of the inverse Hessian from the last pairs (step, change of the gradient).

    Parameters
    ----------
    diagonal : ndarray of shape (p, 1)
        The approximation before any pair is known.
    """

    def __init__(self, diagonal):
        self._diagonal = diagonal
        self._pairs = deque(maxlen=MEMORY)

    def learn(self, step, change):
        """Take a pair into account, unless rounding has left nothing of its curvature."""
        curvature = float(np.sum(step * change))
        if curvature > 0.0 and np.sum(change * self._diagonal * change) > 0.0:
            self._pairs.append((step, change, curvature))

    def product(self, gradient):
        """B g by the two-loop recursion (Nocedal, Wright 2006, algorithm 7.4)."""
        q = gradient.copy()
        weights = []
        for step, change, curvature in reversed(self._pairs):
            weights.append(float(np.sum(step * q)) / curvature)
            q -= weights[-1] * change
        q *= self._diagonal
        if self._pairs:  # as long as the last pair says the inverse Hessian is
            _, change, curvature = self._pairs[-1]
            q *= curvature / float(np.sum(change * self._diagonal * change))
        for step, change, curvature in self._pairs:
            q += (weights.pop() - float(np.sum(change * q)) / curvature) * step
        return q
