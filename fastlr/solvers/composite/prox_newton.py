"""Proximal Newton steps with the Hessian at hand: L1 and elastic net in few columns."""

import numpy as np

from fastlr.solvers.composite import coordinate_descent
from fastlr.solvers.parts.hessian_price import price
from fastlr.solvers.parts.prox_step import step
from fastlr.solvers.parts.starts import SPACING, sampled
from fastlr.solvers.parts.working_set import Candidates, holds_violators

#: Rows per column from which a sixteenth of the rows makes a good start.
ROWS_FOR_START = 10 * SPACING
#: Entries of X below which the start costs more than it saves.
ENTRIES_FOR_START = 300_000


def suits(matrix, penalty):
    """Why "auto" should take it: the Hessian is cheap beside the passes that it saves."""
    passes = price(matrix)
    return f"the whole Hessian costs as little as {passes:.1f} passes over X" if np.isfinite(passes) else ""


def prox_steps(objective):
    """The steps of this solver, for a start."""
    candidates = Candidates(objective)
    return lambda point: step(objective, *candidates.at(point), point).point


def solve(objective, coef, intercept, monitor):
    """Minimise with l1 by proximal Newton steps (Lee, Sun, Saunders 2014; glmnet).

    Each iteration: the Hessian in the columns that are likely to leave zero; the minimum of the quadratic model plus
    l1, by coordinate descent on the Hessian and exact solutions on the support; a line search on the cached X d of
    the step; one pass for the gradient.  Where rounding spoils the Hessian (columns of very different scales),
    coordinate descent on the columns goes on.

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    n, p = objective.rows.matrix.shape
    matrix = objective.rows.matrix
    worthwhile = n >= ROWS_FOR_START * p and matrix.nnz >= ENTRIES_FOR_START
    if worthwhile and monitor.controls.max_iter > 0 and not np.any(coef):
        coef, intercept = sampled(objective, coef, intercept, prox_steps)
    point = monitor.starting_point(coef, intercept)
    candidates, decrement, stalled = Candidates(objective), None, False
    while not monitor.finished(point, decrement):
        if stalled:  # and not at the limit of double precision
            if monitor.makes_way():
                break
            monitor.hand_over("coordinate_descent", "found no step that lowers the objective")
            return coordinate_descent.solve(objective, point.coef, point.intercept, monitor)
        if monitor.is_hopeless:
            monitor.stalled()
            break
        within, columns = candidates.at(point)
        goal = max(monitor.target, monitor.rounding)
        moved, decrement, _ = step(objective, within, columns, point, goal)
        within = None  # lets go of the copy, should the next point ask for another
        point, stalled = moved or point, moved is None
        spoilt = stalled and not decrement > 0.0
        if spoilt or not holds_violators(columns, objective.penalty, point):
            decrement = None  # the model says nothing, or not all
    return monitor.result()
