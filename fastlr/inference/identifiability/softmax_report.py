"""The diagnosis of a softmax fit that has ended."""

import numpy as np

from fastlr.inference.identifiability.amending import (
    ALWAYS,
    GONE_ON,
    controls_left,
    converged,
    gone_on,
    linear_algebra,
    unresolved,
    with_copies,
)
from fastlr.inference.identifiability.independence import is_regular
from fastlr.inference.identifiability.refit import ClassRefit
from fastlr.inference.identifiability.rotation import APART
from fastlr.solvers.doubled_precision.refinement import refined
from fastlr.solvers.parts.newton_decrement import newton_decrement


def made_sure_of_classes(result, monitor):
    """The result of a softmax fit with its coefficients (p K, 1) and row state, looked at again where some columns have
    no penalty.

    Where its estimate does not hold, or columns nearly depend on each other, it goes on in an orthonormal basis.
    """
    objective, target, as_it_is = monitor.objective, monitor.target, (result, monitor.coef, monitor.state)
    (n, p), K = objective.rows.matrix.shape, objective.rows.n_classes
    looked_at = (result.converged or result.status.is_stalled) and np.isfinite(result.objective) and target > 0.0
    if objective.penalty.covers_all or not looked_at or monitor.is_refined or n * p * K * K > ALWAYS:
        return as_it_is
    point = objective.at(monitor.coef, monitor.intercept)
    if result.converged and _tells_all_apart(objective) and newton_decrement(objective, point) <= target:
        return as_it_is
    with linear_algebra(objective.rows):
        found, coef, state = _refitted_classes(result, monitor, point)
    return with_copies(found, objective.rows.counter), coef, state


def _refitted_classes(result, monitor, point):
    """See made_sure_of_classes: where columns depend on each other, nearly or not, or the estimate does not hold."""
    objective, target, as_it_is = monitor.objective, monitor.target, (result, monitor.coef, monitor.state)
    refit = ClassRefit(objective, point)
    if not refit.is_finite or (result.converged and refit.tells_apart and refit.decrement <= target):
        return as_it_is
    reached = refit.go_on(controls_left(monitor), monitor.null_value)
    if reached is None:
        return _refined_classes(result, monitor) if result.converged else as_it_is
    better, estimate = reached
    left = max(0.0, point.value - better.value) + estimate
    if left <= target:
        return as_it_is if result.converged else (converged(result, monitor, left, ""), *as_it_is[1:])
    coef, intercept = monitor.lift(better.coef, better.intercept)
    moved = gone_on(result, refit.monitor, coef, intercept, better.value, objective.optimality(better))
    return converged(moved, monitor, estimate, GONE_ON), better.coef, better.state


def _refined_classes(result, monitor):
    """See made_sure_of_classes: where the estimate does not hold and only doubled precision is left."""
    found = refined(result, monitor) if monitor.may_refine else result
    return found if monitor.is_refined else unresolved(result, monitor), monitor.coef, monitor.state


def _tells_all_apart(objective):
    """Whether no columns depend on each other, nor nearly so."""
    rows = objective.rows
    return is_regular(rows.matrix, (rows.weight > 0.0) * 1.0, objective.fit_intercept, rows.n_threads, APART**2)
