"""Starting points of smooth fits: optima of smaller problems, where these are cheap."""

import numpy as np

from fastlr.solvers.parts.newton_step import newton_step
from fastlr.solvers.parts.preconditioner import CHEAP, PreconditionerSchedule, sample

#: Spacing of the rows that a sampled start is found on.
SPACING = 16
#: Rows per column in that sample, at least.  w8a, with ten: 47 passes to 1e-6 from zero, 41 from there.
ROWS_PER_COLUMN = 8
#: Rows up to which a fit with more columns is made in the space of its rows.
FEW_ROWS = 256
#: Newton steps in the space of the rows, at most.
MOST_STEPS = 100


def kind_of_start(matrix, penalty, K=1):
    """ "rows": in the space of the rows; "sample": from a sample of the rows; "zero"."""
    n, p = matrix.shape
    if K == 1 and n <= min(FEW_ROWS, p) and penalty.covers_all:
        return "rows"
    _, price = sample(matrix, K)
    return "sample" if n >= ROWS_PER_COLUMN * SPACING * p * max(1, K - 1) and price <= CHEAP else "zero"


def start(objective, coef, intercept):
    """(coef, intercept) for a smooth fit that would begin at coef = 0."""
    kind = kind_of_start(objective.rows.matrix, objective.penalty, objective.rows.n_predictors)
    if kind == "rows":
        return row_space(objective, intercept)
    if kind == "sample":
        return sampled(objective, coef, intercept, truncated_newton)
    return coef, intercept


def reason_for_start(matrix, penalty):
    """The reason why truncated Newton is fast on this X, in words."""
    n, p = matrix.shape
    kind = kind_of_start(matrix, penalty)
    if kind == "rows":
        return f"{n} rows span few dimensions, in which the fit is small"
    if kind == "sample" or sample(matrix)[1] <= CHEAP:
        return f"a sample of the {n} rows tells the curvature in all {p} columns"
    return "products with the Hessian cost less than the Hessian"


def truncated_newton(objective):
    """The steps of newton_cg, for a start."""
    schedule = PreconditionerSchedule(objective)

    def step(point):
        moved, direction, _ = newton_step(objective, point, schedule.at(point), 0.1, np.inf, schedule.products_left)
        schedule.charge(direction.products)
        return moved

    return step


def sampled(objective, coef, intercept, method):
    """The optimum of every 16th row, roughly: (coef, intercept) (Erdogdu, Montanari 2015).

    Worth its price where few rows tell the Hessian.  `method` gives, for an objective, a function from one point to the
    next (None where there is none).
    """
    small = objective.every_kth_row(SPACING)
    step = method(small)
    point = small.point(coef, intercept)
    for _ in range(10):
        before = point.value
        moved = step(point)
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
    v, records, scratch = np.zeros(len(small.penalty.l2)), np.empty((MOST_STEPS, 8)), small.rows.newton_scratch()
    _, filled, _ = small.rows.newton_iterations(
        small.penalty, small.fit_intercept, 0.0, (v, intercept), 0, records, scratch
    )
    return (lift(v[:, None]), float(records[filled - 1, 0])) if filled else (np.zeros(objective.shape), intercept)
