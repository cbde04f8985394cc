"""One Newton step in the coefficients that are on no kink of l1 and no bound."""

from dataclasses import replace

import numpy as np

from fastlr.factor import OrthogonalFactor
from fastlr.kernels import vector
from fastlr.objective import Direction, inverse
from fastlr.solvers.conjugate_gradient import conjugate_gradient
from fastlr.solvers.line_search import armijo
from fastlr.solvers.preconditioner import Diagonal

#: Relative residual of conjugate gradients (measured: 0.05 costs more passes, 0.5 more steps).
FORCING = 0.2


def by_conjugate_gradients(objective, point):
    """The Newton direction, roughly."""
    preconditioner = Diagonal(inverse(objective.diagonal(point)), objective.n_threads)
    return conjugate_gradient(objective, point, preconditioner, forcing=FORCING, enough=np.inf)


def by_factors(objective, point):
    """The Newton direction by orthogonal factors, for columns that nearly depend on each other."""
    step = -OrthogonalFactor(objective.root(point)).solve(point.gradient[:, 0])
    return objective.direction(point, step[:, None])


def newton_on_support(objective, point, direction_of, noise=0.0):
    """One Newton step in the coefficients that are on no kink or bound; those that would cross one are set to it.

    Parameters
    ----------
    objective : LogisticObjective
    point : Point
    direction_of : callable
        From the objective in these coefficients and the point there to the Newton direction.
    noise : float
        What rounding may hide of the objective, see `armijo`.

    Returns
    -------
    moved : Point or None
        None if nothing is gained.
    is_whole : bool
        Whether none was crossed.
    """
    support, narrow = _on_support(objective, point, direction_of)
    coef = np.zeros_like(point.coef)
    coef[support] = narrow.coef
    step = objective.penalty.held(point.coef, coef)
    crossing = not np.array_equal(step, coef)
    if crossing:
        reached, share = objective.penalty.cut(point.coef, coef)
        shorter = Direction(reached, share * narrow.image, share * narrow.intercept)
        direction = _lower(objective, point, objective.direction(point, step), shorter)
    else:
        # what conjugate gradients know of the residual is that of the support alone
        direction = replace(narrow, coef=coef, residual_gap=np.inf, adjoint=None)
    moved = moved_along(objective, point, direction, noise)
    return moved, moved is not None and not crossing


def certified_on_support(objective, point, goal):
    """The Point after a full step on the support by orthogonal factors, with the gap of the linearised residual; None
    where that is no step or no more than `goal` cannot be had."""
    support, narrow = _on_support(objective, point, by_factors)
    coef = np.zeros_like(point.coef)
    coef[support] = narrow.coef
    if not np.array_equal(objective.penalty.held(point.coef, coef), coef):
        return None
    direction = Direction(coef, narrow.image, narrow.intercept)
    if _length(objective, point, direction, objective.value_noise(point)) != 1.0:
        return None
    if objective.rows_gap_after(point, direction) > goal:
        return None
    direction.adjoint = objective.linearised_adjoint(point, direction)
    return objective.move(point, direction, 1.0)


def _on_support(objective, point, direction_of):
    """The support and the Newton direction in it."""
    lower, upper = objective.penalty.piece(point.coef)
    support = np.flatnonzero((lower < point.coef) & (point.coef < upper))
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    smooth = replace(point.restrict(support), gradient=subgradient[support])
    return support, direction_of(objective.restrict(support), smooth)


def _lower(objective, point, first, second):
    """The direction along which the line search gets lower: where columns nearly depend on each other, a step of which
    some coefficients are held at zero has little in common with the whole."""
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
    """What a line search takes of a direction; None if nothing lowers the objective."""
    slope = float(vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    slope += objective.penalty.absolute_change(point.coef, direction.coef)
    return armijo(objective, point, direction, slope, noise=noise) if slope < 0.0 else None
