"""Truncated Newton for L2-penalised and unpenalised fits."""

import numpy as np

from fastlr.solvers.parts.newton_step import newton_step
from fastlr.solvers.parts.preconditioner import PreconditionerSchedule
from fastlr.solvers.parts.starts import reason_for_start, start
from fastlr.solvers.parts.steepest_step import steepest_step

_EPS = np.finfo(float).eps


def suits(matrix, penalty):
    """Why "auto" should take it: see the docstring of `solve` for how it adapts."""
    return reason_for_start(matrix, penalty)


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective by truncated Newton steps (Lin, Weng, Keerthi 2008; Hsia, Chiang, Lin 2018).

    Where X is much taller than wide it starts from the optimum of a sample of the rows (Erdogdu, Montanari 2015), and
    the Hessian of a sample preconditions; elsewhere the diagonal does, to begin with (parts.preconditioner).

    Each iteration: conjugate gradients on H d = -g to a relative residual of min(1/4, sqrt(|g| / |g0|)), a backtracking
    line search on the cached X d of the step, one pass for the gradient at the new point.

    Parameters
    ----------
    objective : LogisticObjective without l1
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    if monitor.controls.max_iter > 0 and not np.any(coef):
        coef, intercept = start(objective, coef, intercept)
    return minimise(objective, monitor.starting_point(coef, intercept), monitor)


def minimise(objective, point, monitor):
    """Truncated Newton steps from a point on, until the monitor says that the fit is finished."""
    schedule = PreconditionerSchedule(objective)
    first_norm = _norm(objective, point, schedule.at(point))
    decrement = None
    while not monitor.finished(point, decrement):
        if not first_norm:
            monitor.without_curvature()
            break
        if monitor.is_hopeless:
            monitor.stalled()
            break
        preconditioner = schedule.at(point)
        forcing = min(0.25, np.sqrt(_norm(objective, point, preconditioner) / first_norm))
        moved, direction, decrement = newton_step(
            objective, point, preconditioner, forcing, 0.5 * monitor.target, schedule.products_left, decrement
        )
        schedule.charge(direction.products)
        if moved is None and objective.has_steepest:
            moved, decrement = rescued(objective, point, decrement, monitor)
        if moved is None:
            monitor.stuck(decrement, "No step along the Newton direction lowers the objective")
            break
        point = moved
    return monitor.result()


def rescued(objective, point, promised, monitor):
    """(the Point after a step that does not need the curvature at the point, None), where rounding alone does not
    explain that Newton's step fails; (None, what that promised) otherwise."""
    if np.isfinite(promised) and promised <= max(monitor.target, objective.rounding(point)):
        return None, promised
    least = point.value - 4.0 * _EPS * abs(point.value)
    moved = steepest_step(objective, point)
    if moved is not None and moved.value >= least:
        return None, promised  # rounding is all that it gains
    return moved, promised if moved is None else None


def _norm(objective, point, preconditioner):
    """Norm of the gradient in the metric of the preconditioner."""
    still = np.zeros_like(point.gradient)
    rz, _ = preconditioner.advance(np.zeros(still.shape[1]), still, still, still, point.gradient)
    return float(np.sqrt(rz.sum()))
