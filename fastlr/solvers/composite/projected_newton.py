"""Truncated Newton within bounds, for smooth penalties."""

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.objective.point import Direction
from fastlr.solvers.parts.conjugate_gradient import conjugate_gradient
from fastlr.solvers.parts.line_search import armijo
from fastlr.solvers.parts.newton_decrement import made_sure
from fastlr.solvers.parts.preconditioner import Diagonal

#: Relative residual of a step, at most.
FORCING = 0.25
#: Share of a projected step from which it is taken whole: that leaves coefficients on their bounds, and lowers the
#: quadratic model as long as the share at which the model is least is above a half.
WHOLE = 0.6


def suits(matrix, penalty):
    """Why "auto" should take it."""
    return "there are bounds, no l1, and too many columns for their Hessian"


def solve(objective, coef, intercept, monitor):
    """Minimise within bounds by projected truncated Newton steps (Bertsekas 1982; Lin, More 1999).

    Each iteration: conjugate gradients on the face of the coefficients that are free, blind to their bounds; where the
    step leads out of the box, its projection onto it, which may take thousands of coefficients to their bounds at once,
    and one more pass for X d; a backtracking line search on it; one pass for the gradient at the new
    point.  Conjugate gradients go to a relative residual of 1/4, once the face has settled to
    min(1/4, sqrt(|g| / |g0|)), g the gradient without what points out of the box.

    (Conjugate gradients that stop at the first bound they meet, as in Dostal 1997, took fourteen times the passes on
    10,000 x 10,000 normal columns: half the coefficients end on their bound, one by one.)

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
    decrement, settled = None, False
    while not monitor.finished(point, decrement):
        if not first_norm:
            monitor.without_curvature()
            break
        forcing = min(FORCING, np.sqrt(norm / first_norm)) if settled else FORCING
        direction, settled = face_step(objective, point, scale, forcing, 0.5 * monitor.target)
        slope = _dot(objective, point.gradient, direction.coef)
        t = armijo(objective, point, direction, slope) if slope < 0.0 else None
        if t is None:
            monitor.stuck(direction.decrease, "No step towards the minimum of the model lowers the objective")
            break
        point = objective.move(point, direction, t)
        decrement = made_sure(objective, point, direction, monitor.target) if settled and t == 1.0 else None
        norm = _norm(objective, point, scale)
    return monitor.result()


def face_step(objective, point, scale, forcing, enough):
    """A step that keeps the bounds, and whether the Newton step on the face did so by itself."""
    penalty = objective.penalty
    face = _face(penalty, point)
    direction = conjugate_gradient(objective, point, Diagonal(scale * face, objective.n_threads), forcing, enough)
    target = point.coef + direction.coef
    if np.all((penalty.lower <= target) & (target <= penalty.upper)):
        return direction, True
    step = penalty.nearest(target) - point.coef
    if not _dot(objective, point.gradient, step) < 0.0:  # projection may turn a Newton step uphill, not this one
        step = penalty.nearest(point.coef - scale * point.gradient) - point.coef
    return measured(objective, point, step), False


def measured(objective, point, step):
    """The direction along a step, as long as the quadratic model wants it, and what is known after it: one pass."""
    product = np.empty_like(step)
    Xd, intercept, curvature = objective.hessian_product(point, step, product)
    slope, curvature = _dot(objective, point.gradient, step), float(curvature[0])
    t = -slope / curvature if curvature > 0.0 else 1.0
    if t < WHOLE:
        step, product, Xd, intercept = t * step, t * product, t * Xd, t * intercept
        slope, curvature = t * slope, t * t * curvature
    adjoint = objective.adjoint_after(point, step, point.gradient + product)
    return Direction(step, Xd, intercept, decrease=-slope - 0.5 * curvature, products=1, adjoint=adjoint)


def _face(penalty, point):
    """Coefficients that are not kept at a bound by the gradient, (p, 1) of bool."""
    inside = (penalty.lower < point.coef) & (point.coef < penalty.upper)
    return inside | (penalty.subgradient(point.coef, point.gradient)[0] != 0.0)


def _norm(objective, point, scale):
    """Norm of the gradient without entries that point beyond a bound, in the metric of the preconditioner."""
    projected, _ = objective.penalty.subgradient(point.coef, point.gradient)
    return float(np.sqrt(np.sum(scale * projected * projected)))


def _dot(objective, a, b):
    return float(linalg_vector.dot(a, b, objective.n_threads).sum())
