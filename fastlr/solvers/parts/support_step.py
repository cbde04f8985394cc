"""One Newton step in the coefficients that are on no kink of l1 and no bound."""

from dataclasses import replace

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.objective.diagonal import inverse
from fastlr.objective.point import Direction
from fastlr.solvers.parts import group_model
from fastlr.solvers.parts.conjugate_gradient import conjugate_gradient
from fastlr.solvers.parts.line_search import armijo
from fastlr.solvers.parts.preconditioner import Diagonal

#: Relative residual of conjugate gradients (measured: 0.05 costs more passes, 0.5 more steps).
FORCING = 0.2


def newton_on_support(objective, point):
    """One Newton step in the coefficients that are on no kink or bound; those that would cross one are set to it.

    Returns the new point (None if nothing is gained) and whether none was crossed.
    """
    support, narrow = _on_support(objective, point)
    coef = np.zeros_like(point.coef)
    coef[support] = narrow.coef
    step = objective.penalty.clipped(point.coef, coef)
    crossing = not np.array_equal(step, coef)
    if crossing:
        reached, share = objective.penalty.cut(point.coef, coef)
        shorter = Direction(reached, share * narrow.Xd, share * narrow.intercept)
        direction = _lower(objective, point, objective.direction(point, step), shorter)
    else:
        # what conjugate gradients know of the residual is that of the support alone
        direction = replace(narrow, coef=coef, residual_gap=np.inf, adjoint=None)
    moved = moved_along(objective, point, direction)
    return moved, moved is not None and not crossing


def step_in_groups(objective, within, columns, point, goal=0.0):
    """The Point after a step to the minimum of the model in the groups that are not zero, by orthogonal factors; None
    if no step lowers the objective.

    `columns` are the coefficients of the objective `within` them.  The gap of the linearised residual is made where it
    may be as small as `goal`.
    """
    restricted = point.restrict(columns)
    delta = group_model.minimised(within.penalty, within.root(restricted), restricted)
    direction = within.direction(restricted, delta)
    direction.coef = np.zeros_like(point.coef)
    direction.coef[columns] = delta
    t = _length(objective, point, direction, objective.value_noise(point))
    if t is None:
        return None
    if goal > 0.0 and t == 1.0 and objective.rows_gap_after(point, direction) <= goal:
        direction.adjoint = objective.linearised_adjoint(point, direction)
    return objective.move(point, direction, t)


def _on_support(objective, point):
    """The support and roughly the Newton direction in it."""
    lower, upper = objective.penalty.piece(point.coef)
    support = np.flatnonzero((lower < point.coef) & (point.coef < upper))
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    smooth = replace(point.restrict(support), gradient=subgradient[support])
    within = objective.restrict(support)
    preconditioner = Diagonal(inverse(within.diagonal(smooth)), objective.n_threads)
    return support, conjugate_gradient(within, smooth, preconditioner, forcing=FORCING, enough=np.inf)


def _lower(objective, point, first, second):
    """The direction along which the line search gets lower: where columns nearly depend on each other, a step of which
    some coefficients stay at zero has little in common with the whole."""
    lengths = [_length(objective, point, direction) for direction in (first, second)]
    if None in lengths or lengths[0] == 1.0:
        return second if lengths[0] is None else first
    values = [objective.along(point, direction, [t])[0] for direction, t in zip((first, second), lengths, strict=True)]
    return second if values[1] < values[0] else first


def moved_along(objective, point, direction, noise=0.0):
    """The Point that a line search along a direction leads to; None if nothing lowers the objective."""
    t = _length(objective, point, direction, noise)
    return None if t is None else objective.move(point, direction, t)


def _length(objective, point, direction, noise=0.0):
    """Step length of a line search; None if no step lowers the objective."""
    slope = float(linalg_vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    slope += objective.penalty.absolute_change(point.coef, direction.coef)
    # a step that gains no more than rounding may yet have a gap
    is_downhill = slope < (noise if objective.penalty.covers_all else 0.0)
    return armijo(objective, point, direction, slope, noise=noise) if is_downhill else None
