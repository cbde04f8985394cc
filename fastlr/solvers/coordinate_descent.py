"""L1 and elastic net, bounds: identify the support by coordinate descent, finish by Newton's method on it."""

from dataclasses import replace

import numpy as np

from fastlr.kernels import vector
from fastlr.objective import inverse
from fastlr.solvers import prox_step
from fastlr.solvers.conjugate_gradient import conjugate_gradient
from fastlr.solvers.line_search import armijo
from fastlr.solvers.preconditioner import Diagonal
from fastlr.solvers.result import Status
from fastlr.solvers.working_set import holds_violators, working_set

#: Epochs of coordinate descent on one quadratic model.
EPOCHS = 5
#: Smallest working set.
SMALLEST = 64
#: How far the largest violation is lowered: on a working set before the next full gradient, and by the epochs of
#: coordinate descent on one quadratic model.
INNER = 0.1
#: Relative residual of the Newton steps on the support (measured: 0.05 costs more passes, 0.5 more steps).
FORCING = 0.2


def suits(design, penalty):
    """Why "auto" should take it."""
    return f"few of {design.shape[1]} coefficients are likely to differ from zero"


def solve(objective, coef, intercept, monitor):
    """Minimise with l1 or within bounds by working sets (Johnson, Guestrin 2015; Massias et al. 2020).

    Each outer iteration takes one full gradient, which gives the duality gap and the coefficients that violate their
    optimality condition most; these and the support are gathered into a small copy on which everything else happens:
    prox-Newton steps by coordinate descent (Yuan, Ho, Lin 2012), and Newton steps restricted to the support once its
    signs have settled (Bareilles, Iutzeler, Malick 2022).

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    columns, small = np.empty(0, dtype=np.intp), None
    stalled, decrement = False, None
    while not monitor.finished(point, decrement):
        if stalled:
            monitor.fail(Status.LINE_SEARCH_FAILED, "no step on the working set lowers the objective")
            break
        violations = objective.violations(point)
        worst = violations.max()
        wanted = working_set(point.coef[:, 0], violations[:, 0], SMALLEST)
        if small is None or not np.isin(wanted, columns, assume_unique=True).all():
            small = None  # lets go of the old copy before the new one is made
            columns, small = wanted, objective.restrict(wanted)
        before = point.value
        inner = minimise_on(small, point.restrict(columns), INNER * worst)
        coef = np.zeros_like(point.coef)
        coef[columns] = inner.coef
        point = objective.evaluate(coef, inner.intercept, inner.state)
        stalled = not point.value < before and objective.violations(point).max() >= worst
        if stalled or not objective.penalty.covers_all:
            within = holds_violators(columns, objective.penalty, point)
            decrement = attainable(small, point.restrict(columns)) if within else attainable(objective, point)
    return monitor.result()


def attainable(objective, point):
    """What single coordinate steps would still gain together, sum_j subgradient_j^2 / (2 H_jj): an estimate that
    stands in for half the squared Newton decrement."""
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    return 0.5 * float(np.sum(subgradient * subgradient * inverse(objective.diagonal(point))))


def minimise_on(objective, point, goal):
    """Lower the largest violation on a working set to `goal`: by its Hessian where that is cheap, else by columns."""
    if np.isfinite(prox_step.price(objective.rows.design)):
        point = by_hessian(objective, point, goal)
    return by_columns(objective, point, goal)


def by_hessian(objective, point, goal, max_steps=50):
    """Proximal Newton steps with the Hessian of the working set at hand, as long as they gain."""
    for _ in range(max_steps):
        if objective.violations(point).max() <= goal:
            break
        moved, _ = prox_step.step(objective, objective, slice(None), point)
        if moved is None:
            break
        point = moved
    return point


def by_columns(objective, point, goal, max_steps=50):
    """Proximal Newton steps by epochs over the columns, and Newton steps on the support."""
    newton_next = False
    for _ in range(max_steps):
        violations = objective.violations(point)
        worst = violations.max()
        if worst <= goal:
            break
        if newton_next and np.any(violations[point.coef != 0.0] >= worst):
            moved, newton_next = newton_on_support(objective, point)
            point = moved or point
            continue
        moved = column_step(objective, point)
        if moved is None:
            break
        newton_next = True
        point = moved
    return point


def column_step(objective, point):
    """One step on the quadratic model, minimised by a few epochs of coordinate descent; None if nothing is gained."""
    diagonal = objective.diagonal(point)
    penalty = objective.penalty
    first = np.zeros(len(diagonal)) if point.first is None else point.first[:, 0]
    model = (
        point.gradient[:, 0],
        diagonal[:, 0],
        first,
        point.mass,
        penalty.l1[:, 0],
        penalty.l2[:, 0],
        penalty.lower[:, 0],
        penalty.upper[:, 0],
        point.coef[:, 0],
    )
    delta = objective.rows.coordinate_epochs(point.state, model, INNER * objective.optimality(point), EPOCHS)
    return _step(objective, point, objective.direction(point, delta))


def newton_on_support(objective, point):
    """One Newton step in the coefficients that are on no kink or bound; those that would cross one are set to it.

    Returns the new point (None if nothing is gained) and whether none was crossed.
    """
    lower, upper = objective.penalty.piece(point.coef)
    support = np.flatnonzero((lower < point.coef) & (point.coef < upper))
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    within = objective.restrict(support)
    smooth = replace(point.restrict(support), gradient=subgradient[support])
    preconditioner = Diagonal(inverse(within.diagonal(smooth)), objective.n_threads)
    narrow = conjugate_gradient(within, smooth, preconditioner, forcing=FORCING, enough=np.inf)
    coef = np.zeros_like(point.coef)
    coef[support] = narrow.coef
    step = np.clip(point.coef + coef, lower, upper) - point.coef
    crossing = (point.coef + coef < lower) | (point.coef + coef > upper)
    if crossing.any():
        direction = objective.direction(point, np.where(crossing, step, coef))
    else:
        # what conjugate gradients know of the residual is that of the support alone
        direction = replace(narrow, coef=coef, residual_gap=np.inf, adjoint=None)
    moved = _step(objective, point, direction)
    return moved, moved is not None and not crossing.any()


def _step(objective, point, direction):
    """Line search along a direction, and the point it leads to."""
    slope = float(vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    slope += objective.penalty.absolute_change(point.coef, direction.coef)
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    return None if t is None else objective.move(point, direction, t)
