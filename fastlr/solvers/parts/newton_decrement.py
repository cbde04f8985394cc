"""Half the squared Newton decrement at a point: the estimate of the suboptimality where there is no gap."""

import math
from dataclasses import replace

import numpy as np

from fastlr.linalg.cholesky import CholeskyFactor
from fastlr.objective.diagonal import inverse
from fastlr.solvers.parts.conjugate_gradient import conjugate_gradient
from fastlr.solvers.parts.hessian_price import price
from fastlr.solvers.parts.preconditioner import Cholesky, Diagonal

#: Relative residual to which the Newton system is solved.
SOLVED = 1e-4
#: Largest |Xd_i| of a step for which the quadratic model holds.
NEAR = 0.5
#: Rounds of setting aside the rows that a step moves farther.
ROUNDS = 5


def newton_decrement(objective, point):
    """g' H^-1 g / 2 in the coefficients that are free to move, g the subgradient of least norm there.

    Free to move are those that are on no kink of l1 and no bound, and those that violate their condition.  Near the
    optimum it is objective minus minimum (Nesterov, Nemirovskii 1994); a step that moves linear predictors far makes
    more of it, or asks for the rows beside those, see _beside.  What conjugate gradients leave of the system is counted
    in; see Direction.missing.
    """
    subgradient, free = _free(objective, point)
    if not subgradient.any():
        return 0.0
    if len(free) == len(point.coef) and objective.rows.n_predictors == 1:
        within, smooth = objective, replace(point, gradient=subgradient)
    else:
        free = objective.penalty.whole(free)
        within, smooth = objective.restrict(free), replace(point.restrict(free), gradient=subgradient[free])
    direction = _solved(within, smooth)
    reach = within.rows.reach(direction.Xd)
    return direction.decrement * _growth(reach) if reach <= NEAR else _beside(within, smooth, direction)


def made_sure(objective, point, direction, target):
    """Half the squared decrement of the full step that led to a point, where that estimates the suboptimality there;
    else that of the point itself.

    Where a row has nearly all curvature (one far from all others), steps are as short as that row asks for, and their
    decrements small, however far the other rows still have to go.
    """
    if direction.decrement > target or np.isfinite(point.gap) or objective.rows.reach(direction.Xd) <= NEAR:
        return direction.decrement
    return newton_decrement(objective, point)


def is_settled(objective, point, decrement, target):
    """Whether the target is reached at a point to which a full step led, `decrement` half its squared decrement.

    Such a step moves a row by at most sqrt(2 decrement / curvature); where that is NEAR at most in all rows, the
    decrement stands as it is.
    """
    enough = 2.0 * decrement / NEAR**2
    return objective.rows.least_curvature(point.state) >= enough or newton_decrement(objective, point) <= target


def _solved(objective, point):
    """The Newton step."""
    return conjugate_gradient(objective, point, _preconditioner(objective, point), SOLVED, np.inf)


def _beside(objective, point, direction):
    """Estimate of the suboptimality where the Newton step moves some rows by more than NEAR.

    These rows are set aside: their loss can fall by no more than all of it, and half the squared Newton decrement of
    the others, without them, says what theirs can fall by.  That step may move further rows far, which then are set
    aside too; inf if there is no end to it in ROUNDS.
    """
    for _ in range(ROUNDS):
        point, above, shift, gain = objective.set_aside(point, direction.Xd, NEAR)
        if not point.state.curvature.any():
            return above
        direction = _solved(objective, point)
        direction.Xd += shift
        if objective.rows.reach(direction.Xd, point.state) <= NEAR:
            return above + direction.decrement + gain
    return np.inf


def _growth(m):
    """2 (e^m - 1 - m) / m^2: by how much more than its quadratic model says a loss can fall along a step that moves
    linear predictors by m at most, as its curvature changes by no more than e^m (Bach 2010, proposition 1)."""
    return 2.0 * (math.expm1(m) - m) / (m * m) if m > 1e-4 else 1.0


def _free(objective, point):
    """The subgradient of least norm, and the numbers of the coefficients that are free to move."""
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    lower, upper = objective.penalty.piece(point.coef)
    return subgradient, np.flatnonzero((subgradient != 0.0) | ((lower < point.coef) & (point.coef < upper)))


def _preconditioner(objective, point):
    """The factor of the Hessian where it is cheap, else its diagonal."""
    if objective.has_hessian and np.isfinite(price(objective.rows.matrix)):
        return Cholesky(CholeskyFactor(objective.sampled_hessian(point, 1), objective.n_threads))
    return Diagonal(inverse(objective.diagonal(point)), objective.n_threads)
