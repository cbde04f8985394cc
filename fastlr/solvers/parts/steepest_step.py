"""A step where Newton's fails: rows so saturated that the curvature at the point says nothing."""

from dataclasses import replace

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.solvers.parts.conjugate_gradient import conjugate_gradient
from fastlr.solvers.parts.line_search import armijo
from fastlr.solvers.parts.preconditioner import Diagonal

#: Doublings of a step.
DOUBLINGS = 60
#: Relative residual of its linear system.
FORCING = 0.1


def steepest_step(objective, point):
    """The Point after a step by the Hessian that bounds all others (Boehning, Lindsay 1988), or None.

    It always lowers the objective, but where rows are saturated it is far too short: it is doubled as long as that
    lowers the objective further.
    """
    steep = objective.steepest(point)
    preconditioner = Diagonal(objective.inverse_diagonal(steep), objective.n_threads)
    direction = conjugate_gradient(objective, steep, preconditioner, FORCING, np.inf)
    return moved_far(objective, point, replace(direction, residual_gap=np.inf, adjoint=None))


def _is_within(penalty, coef):
    return bool(np.all((penalty.lower <= coef) & (coef <= penalty.upper)))


def moved_far(objective, point, direction):
    """The Point along a direction, as far as doubling the step lowers the objective within the bounds; None if nothing
    does."""
    slope = float(linalg_vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    slope += objective.penalty.absolute_change(point.coef, direction.coef)
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    if t is None:
        return None
    (least,) = objective.along(point, direction, [t])
    for _ in range(DOUBLINGS):
        (value,) = objective.along(point, direction, [2.0 * t])
        if not (value < least and _is_within(objective.penalty, point.coef + 2.0 * t * direction.coef)):
            break
        t, least = 2.0 * t, value
    return objective.move(point, direction, t)
