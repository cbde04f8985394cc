"""Truncated Newton for L2-penalised and unpenalised fits."""

import numpy as np

from fastlr.kernels import vector
from fastlr.solvers.conjugate_gradient import conjugate_gradient
from fastlr.solvers.line_search import armijo
from fastlr.solvers.preconditioner import Cholesky, choose, sample_spacing
from fastlr.solvers.result import Status


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective by truncated Newton steps (Lin, Weng, Keerthi 2008; Hsia, Chiang, Lin 2018).

    On dense X much taller than wide it starts where a sample of the rows has its optimum (Erdogdu, Montanari 2015), and
    the Hessian of a sample preconditions; elsewhere the diagonal does.

    Each iteration: conjugate gradients on H d = -g to a relative residual of min(1/4, sqrt(|g| / |g0|)), a backtracking
    line search on the cached image of the step, one pass for the gradient at the new point.

    Parameters
    ----------
    objective : LogisticObjective without l1
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    if monitor.controls.max_iter > 0 and not np.any(coef):
        coef, intercept = sampled_start(objective, coef, intercept)
    point = monitor.starting_point(coef, intercept)
    preconditioner = choose(objective, point)
    first_norm = _norm(objective, point, preconditioner)
    decrement = None if np.any(point.gradient) else 0.0
    while not monitor.finished(point, decrement):
        if not first_norm:
            monitor.fail(Status.NUMERICAL_ERROR, "the curvature is zero in double precision; rescale the columns of X")
            break
        forcing = min(0.25, np.sqrt(_norm(objective, point, preconditioner) / first_norm))
        moved, decrement = newton_step(objective, point, preconditioner, forcing, 0.5 * monitor.target)
        if moved is None:
            monitor.fail(Status.LINE_SEARCH_FAILED, "no step along the Newton direction lowers the objective")
            break
        point = moved
        if isinstance(preconditioner, Cholesky):
            preconditioner = choose(objective, point)
    return monitor.result()


def sampled_start(objective, coef, intercept):
    """Where every 16th row has its optimum, roughly: worth its price where a sample of the rows preconditions well."""
    if sample_spacing(objective) < 16:
        return coef, intercept
    small = objective.thin(16)
    point = small.point(coef, intercept)
    for _ in range(10):
        before = point.value
        moved, _ = newton_step(small, point, choose(small, point), 0.1, np.inf)
        if moved is None:
            break
        point = moved
        if before - point.value <= 1e-4 * point.value:
            break
    return point.coef, point.intercept


def newton_step(objective, point, preconditioner, forcing, enough):
    """The next point (None if no step lowers the objective), and half the squared Newton decrement of a full step."""
    direction = conjugate_gradient(objective, point, preconditioner, forcing, enough)
    slope = float(vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    if t is None:
        return None, None
    return objective.move(point, direction, t), direction.decrease if t == 1.0 else None


def _norm(objective, point, preconditioner):
    """Norm of the gradient in the metric of the preconditioner."""
    still = np.zeros_like(point.gradient)
    rz, _ = preconditioner.advance(np.zeros(still.shape[1]), still, still, still, point.gradient)
    return float(np.sqrt(rz.sum()))
