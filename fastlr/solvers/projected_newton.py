"""Truncated Newton within bounds, for smooth penalties."""

import numpy as np

from fastlr.kernels import vector
from fastlr.solvers.line_search import armijo
from fastlr.solvers.projected_cg import projected_cg
from fastlr.solvers.result import Status


def suits(design, penalty):
    """Why "auto" should take it."""
    return "bounds without l1 in many columns"


def solve(objective, coef, intercept, monitor):
    """Minimise within bounds by truncated Newton steps (Lin, More 1999; Dostal 1997 for the quadratic models).

    Each iteration: the quadratic model minimised within the bounds by conjugate gradients on the face of the
    coefficients that are free, left and entered by projected steps; a backtracking line search on the cached image of
    the step; one pass for the gradient at the new point.  How exactly a model is minimised follows newton_cg: to a
    relative residual of min(1/4, sqrt(|g| / |g0|)), g the gradient without what points out of the bounds.

    Parameters
    ----------
    objective : LogisticObjective with bounds, without l1
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    scale = objective.inverse_diagonal(point)
    norm = first_norm = _norm(objective, point, scale)
    decrement = None if norm else 0.0
    while not monitor.finished(point, decrement):
        if not first_norm:
            monitor.fail(Status.NUMERICAL_ERROR, "the curvature is zero in double precision; rescale the columns of X")
            break
        goal = min(0.25, np.sqrt(norm / first_norm)) * norm
        direction = projected_cg(objective, point, scale, goal, 0.5 * monitor.target)
        slope = float(vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
        t = armijo(objective, point, direction, slope) if slope < 0.0 else None
        if t is None:
            monitor.stuck(direction.decrease, "no step towards the minimum of the model lowers the objective")
            break
        decrement = direction.decrease if t == 1.0 else None
        point = objective.move(point, direction, t)
        norm = _norm(objective, point, scale)
    return monitor.result()


def _norm(objective, point, scale):
    """Norm of the gradient without what points out of the bounds, in the metric of the preconditioner."""
    projected, _ = objective.penalty.subgradient(point.coef, point.gradient)
    return float(np.sqrt(np.sum(scale * projected * projected)))
