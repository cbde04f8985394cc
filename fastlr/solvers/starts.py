"""Where a smooth fit starts: from the optimum of a smaller problem where that is cheap."""

import numpy as np

from fastlr.solvers import newton_cholesky
from fastlr.solvers.newton_step import newton_step
from fastlr.solvers.preconditioner import CHEAP, Schedule, sample

#: Spacing of the rows that a sampled start is found on.
SPACING = 16
#: Rows up to which a fit with more columns is made in the space of its rows.
FEW_ROWS = 256


def start(objective, coef, intercept):
    """(coef, intercept) for a smooth fit that would begin at coef = 0."""
    n, p = objective.rows.design.shape
    if n <= min(FEW_ROWS, p) and objective.penalty.covers_all:
        return row_space(objective, intercept)
    every, price = sample(objective.rows.design)
    if every >= SPACING and price <= CHEAP:
        return sampled(objective, coef, intercept, truncated_newton)
    return coef, intercept


def truncated_newton(objective, point, schedule):
    """One step of newton_cg, for a start."""
    moved, direction = newton_step(objective, point, schedule.at(point), 0.1, np.inf, schedule.products_left)
    schedule.charge(direction.products)
    return moved


def sampled(objective, coef, intercept, step):
    """Where every 16th row has its optimum, roughly (Erdogdu, Montanari 2015), by step(objective, point, schedule).

    Worth its price where even fewer rows tell the Hessian.
    """
    small = objective.thin(SPACING)
    schedule = Schedule(small)
    point = small.point(coef, intercept)
    for _ in range(10):
        before = point.value
        moved = step(small, point, schedule)
        if moved is None:
            break
        point = moved
        if before - point.value <= 1e-4 * point.value:
            break
    return point.coef, point.intercept


def row_space(objective, intercept):
    """The optimum, up to rounding, by exact Newton steps in as many unknowns as there are rows.

    Under L2 the optimal coef is a combination of the rows, coef = l2^-1 X' a.  With L L' = X l2^-1 X' and v = L' a the
    predictor is L v and the penalty v' v / 2: a fit of n columns.
    """
    small, lift = objective.in_row_space()
    point = small.point(np.zeros(small.shape), intercept)
    for _ in range(100):
        before = point.value
        moved, _ = newton_cholesky.step(small, point, 0.0)
        if moved is None:
            break
        point = moved
        if before - point.value <= 1e-15 * before:
            break
    return lift(point.coef), point.intercept
