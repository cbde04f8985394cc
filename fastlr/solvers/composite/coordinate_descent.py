"""L1 and elastic net, bounds: identify the support by coordinate descent, finish by Newton's method on it."""

import numpy as np

from fastlr.solvers.parts import orthogonal_model, prox_step
from fastlr.solvers.parts.hessian_price import is_last_resort, price
from fastlr.solvers.parts.newton_decrement import newton_decrement
from fastlr.solvers.parts.steepest_step import moved_far
from fastlr.solvers.parts.support_step import moved_along, newton_on_support, step_in_groups
from fastlr.solvers.parts.working_set import working_set

#: Epochs of coordinate descent on one quadratic model.
EPOCHS = 5
#: Smallest working set.
SMALLEST = 64
#: Share of the violators that it takes at least.
SHARE = 0.25
#: Factor by which the largest violation is lowered: on a working set before the next full gradient, and by the epochs
#: of coordinate descent on one quadratic model.
INNER = 0.1
#: Iterations in which a fit by orthogonal factors halves its gap: each of them minimises the models to rounding.
PATIENCE = 30
#: Steps by epochs over the columns are said to stall where one gains less than this share of what the one before did.
STALLED = 0.1


def suits(matrix, penalty):
    """Why "auto" should take it."""
    return f"few of {matrix.shape[1]} coefficients are likely to differ from zero"


def solve(objective, coef, intercept, monitor):
    """Minimise with l1 or within bounds by working sets (Johnson, Guestrin 2015; Massias et al. 2020).

    Each outer iteration takes one full gradient, which gives the duality gap and the coefficients that violate their
    optimality condition most; these and the support are gathered into a small copy on which everything else happens:
    prox-Newton steps by coordinate descent (Yuan, Ho, Lin 2012), and Newton steps restricted to the support once its
    signs have settled (Bareilles, Iutzeler, Malick 2022).  Where such a step would cross a kink, it is tried with the
    coefficients that cross stopped there, and as a whole as far as the first of them: where columns nearly depend on
    each other the former lowers nothing.  A Newton step that gains less than the epochs before it makes the next one
    wait for twice as many of these.

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    share = 0.0 if objective.grows_slowly else SHARE
    columns, small = np.empty(0, dtype=np.intp), None
    stalled, decrement, is_orthogonal = False, None, False
    while not monitor.finished(point, decrement):
        hopeless = monitor.is_hopeless or (is_orthogonal and monitor.has_not_halved_in(PATIENCE))
        if stalled or hopeless:
            monitor.stalled()
            break
        violations = objective.violations(point)
        worst = violations.max()
        wanted = objective.penalty.whole(working_set(point.coef[:, 0], violations[:, 0], SMALLEST, share))
        if small is None or not np.isin(wanted, columns, assume_unique=True).all():
            small = None  # lets go of the old copy before the new one is made
            columns, small = wanted, objective.restrict(wanted)
        before = point.value
        restricted, goal = point.restrict(columns), INNER * worst
        if objective.grows_slowly and left_out(violations[:, 0], columns) > goal:
            inner, is_orthogonal = by_first_columns(small, restricted, goal), False
        else:
            inner, is_orthogonal = minimise_on(small, restricted, goal)
        coef = np.zeros_like(point.coef)
        coef[columns] = inner.coef
        if is_orthogonal:
            point = last_step(objective, small, columns, objective.at(coef, inner.intercept), monitor)
        else:
            point = objective.evaluate(coef, inner.intercept, inner.state)
        stalled = not point.value < before and objective.violations(point).max() >= worst
        if not objective.penalty.covers_all:
            decrement = newton_decrement(objective, point)
    return monitor.result()


def last_step(objective, within, columns, point, monitor):
    """One more Newton step, whose linearised residual may certify it.

    Where columns nearly depend on each other, the residuals at coefficients that are rounded to doubles make no dual
    point under l1 that is worth something.
    """
    goal = max(monitor.target, monitor.rounding)
    if within.has_hessian:
        return prox_step.step(objective, within, columns, point, goal).point or point
    return step_in_groups(objective, within, columns, point, goal) or point


def left_out(violations, columns):
    """The largest violation outside a working set."""
    outside = violations.copy()
    outside[columns] = 0.0
    return outside.max()


def minimise_on(objective, point, goal):
    """Lower the largest violation on a working set to `goal`: by its Hessian where that is cheap, else by columns, and
    by its Hessian after all where columns do not get there.

    Returns the point, and whether it is as far as orthogonal factors lead.
    """
    matrix = objective.rows.matrix
    if objective.has_hessian and np.isfinite(price(matrix)):
        if objective.grows_slowly:
            point = by_first_columns(objective, point, goal)
        point, is_orthogonal = by_hessian(objective, point, goal)
        return point if is_orthogonal else by_columns(objective, point, goal), is_orthogonal
    point = by_columns(objective, point, goal)
    if objective.violations(point).max() <= goal:
        return point, False
    if objective.has_hessian:
        return by_hessian(objective, point, goal) if is_last_resort(matrix) else (point, False)
    return in_groups(objective, point, goal) if orthogonal_model.is_small(objective) else (point, False)


def by_first_columns(objective, point, goal, max_steps=8):
    """Steps by epochs over the columns as long as they go far."""
    gain = 0.0
    for _ in range(max_steps):
        if objective.violations(point).max() <= goal:
            break
        moved = column_step(objective, point)
        if moved is None:
            break
        before, gain = gain, point.value - moved.value
        point = moved
        if gain < STALLED * before:
            break
    return point


def by_hessian(objective, point, goal, max_steps=50):
    """Proximal Newton steps with the Hessian of the working set at hand, as long as they gain.

    Returns the point, and whether it is as far as orthogonal factors lead.
    """
    is_orthogonal = False
    for _ in range(max_steps):
        if objective.violations(point).max() <= goal:
            break
        before = point.value
        moved, decrement, is_orthogonal = prox_step.step(objective, objective, slice(None), point)
        if moved is None:
            return point, is_orthogonal and abs(decrement) <= objective.value_noise(point)
        point = moved
        if is_orthogonal and before - point.value <= objective.value_noise(point):
            break
    return point, is_orthogonal


def in_groups(objective, point, goal, max_steps=50):
    """Steps in the groups that are not zero by orthogonal factors, and epochs over the columns once these gain nothing.

    Returns the point, and True: it is as far as orthogonal factors lead.
    """
    for _ in range(max_steps):
        if objective.violations(point).max() <= goal:
            break
        before, noise = point.value, objective.value_noise(point)
        point = step_in_groups(objective, objective, slice(None), point) or point
        if before - point.value <= noise:
            point = column_step(objective, point) or point
        if before - point.value <= noise:
            break
    return point, True


def by_columns(objective, point, goal, max_steps=50):
    """Proximal Newton steps by epochs over the columns, and Newton steps on the support."""
    newton_next, wait, waited, gain = False, 1, 0, np.inf
    for _ in range(max_steps):
        violations = objective.violations(point)
        worst = violations.max()
        if worst <= goal:
            break
        if newton_next and waited >= wait and np.any(violations[point.coef != 0.0] >= worst):
            moved, newton_next = newton_on_support(objective, point)
            gained = 0.0 if moved is None else point.value - moved.value
            wait, waited = 2 * wait if gained < gain else 1, 0
            point = moved or point
            continue
        moved = column_step(objective, point) or steep_column_step(objective, point)
        if moved is None:
            break
        newton_next = True
        gain, waited = point.value - moved.value, waited + 1
        point = moved
    return point


def column_step(objective, point):
    """One step on the quadratic model, minimised by a few epochs of coordinate descent; None if nothing is gained."""
    direction = objective.coordinate_direction(point, INNER * objective.optimality(point), EPOCHS)
    return moved_along(objective, point, direction)


def steep_column_step(objective, point):
    """The same on the model whose curvature bounds all others, doubled as long as that pays; None if nothing is gained.

    For rows so saturated that the curvature at the point says nothing.
    """
    if not objective.has_steepest or objective.violations(point).max() == 0.0:
        return None
    direction = objective.coordinate_direction(objective.steepest(point), INNER * objective.optimality(point), EPOCHS)
    return moved_far(objective, point, direction)
