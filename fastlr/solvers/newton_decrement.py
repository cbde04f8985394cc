"""Half the squared Newton decrement at a point: the estimate that stands for a gap where none can be had."""

import math
from dataclasses import replace

import numpy as np

from fastlr.factor import CholeskyFactor
from fastlr.objective import inverse
from fastlr.solvers import prox_step
from fastlr.solvers.conjugate_gradient import conjugate_gradient
from fastlr.solvers.preconditioner import Cholesky, Diagonal

#: Relative residual to which the Newton system is solved.
SOLVED = 1e-4


#: Numbers of a matrix that may be factored to make sure of a decrement.
FEW_NUMBERS = 500_000
#: Share of the largest singular value below which one is rounding.
RESOLVED = 1e-11


def newton_decrement(objective, point):
    """g' H^-1 g / 2 in the coefficients that are free to move, g the subgradient of least norm there.

    Free to move are those that are on no kink of l1 and no bound, and those that violate their condition.  Near the
    optimum it is objective minus minimum (Nesterov, Nemirovskii 1994); a step that moves linear predictors far makes
    more of it.  What conjugate gradients leave of the system is counted in; see Direction.missing.
    """
    subgradient, free = _free(objective, point)
    if not subgradient.any():
        return 0.0
    if len(free) == len(point.coef) and objective.rows.n_predictors == 1:
        within, smooth = objective, replace(point, gradient=subgradient)
    else:
        free = objective.penalty.whole(free)
        within, smooth = objective.restrict(free), replace(point.restrict(free), gradient=subgradient[free])
    direction = conjugate_gradient(within, smooth, _preconditioner(within, smooth), SOLVED, np.inf)
    return direction.decrement * _growth(objective.rows.n_predictors * float(np.max(np.abs(direction.image))))


def _growth(m):
    """2 (e^m - 1 - m) / m^2: by how much more than its quadratic model says a loss can fall along a step that moves
    linear predictors by m at most, as its curvature changes by no more than e^m (Bach 2010, proposition 1)."""
    if m > 700.0:
        return np.inf
    return 2.0 * (math.expm1(m) - m) / (m * m) if m > 1e-4 else 1.0


def orthogonal_decrement(objective, point):
    """The same for two classes by singular values of the rows, which keep the digits that a Hessian loses where columns
    nearly depend on each other; None where there are too many."""
    subgradient, free = _free(objective, point)
    n = objective.rows.design.shape[0]
    if n * len(free) > FEW_NUMBERS or not len(free):
        return None
    X, curvature = objective.rows.design.take(np.arange(n), free), point.state.curvature
    if objective.fit_intercept and curvature.any():
        X = X - curvature @ X / curvature.sum()
    ridge = np.diag(np.sqrt(objective.penalty.l2[free, 0]))
    return _of_factor(np.vstack([np.sqrt(curvature)[:, None] * X, ridge]), subgradient[free, 0])


def orthogonal_class_decrement(objective, point):
    """The same for a softmax: D_i = B_i B_i' with B_i = sqrt(s_i) (I - p_i 1') diag(sqrt(p_i))."""
    rows = objective.rows
    n, p = rows.design.shape
    K, P = rows.n_classes, point.state.curvature
    if not objective.penalty.is_elastic_net or n * K * (p + 1) * K > FEW_NUMBERS:
        return None
    subgradient, free = _free(objective, point)
    X = rows.design.take(np.arange(n), np.arange(p))
    if objective.fit_intercept:
        X = np.column_stack([X, np.ones(n)])
    roots = (np.eye(K) - P[:, :, None]) * np.sqrt(rows.weight[:, None] * P)[:, None, :]
    factor = np.einsum("ij,ilk->ikjl", X, roots).reshape(n * K, -1)
    moving = np.r_[free, np.arange(p * K, factor.shape[1])]
    ridge = np.zeros((len(free), len(moving)))
    ridge[np.arange(len(free)), np.arange(len(free))] = np.sqrt(objective.penalty.l2[free, 0])
    slope = np.r_[subgradient[free, 0], np.zeros(len(moving) - len(free))]
    return _of_factor(np.vstack([factor[:, moving], ridge]), slope)


def _of_factor(factor, slope):
    """g' (A' A)^+ g / 2 from A and g."""
    lengths = np.linalg.norm(factor, axis=0)
    lengths[lengths == 0.0] = 1.0
    _, values, right = np.linalg.svd(factor / lengths, full_matrices=False)
    seen = values > RESOLVED * values[0]
    along = (right @ (slope / lengths))[seen] / values[seen]
    return 0.5 * float(along @ along)


def _free(objective, point):
    """The subgradient of least norm, and the numbers of the coefficients that are free to move."""
    subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
    lower, upper = objective.penalty.piece(point.coef)
    return subgradient, np.flatnonzero((subgradient != 0.0) | ((lower < point.coef) & (point.coef < upper)))


def _preconditioner(objective, point):
    """The factor of the Hessian where it is cheap, else its diagonal."""
    if objective.has_hessian and np.isfinite(prox_step.price(objective.rows.design)):
        return Cholesky(CholeskyFactor(objective.sampled_hessian(point, 1), objective.n_threads))
    return Diagonal(inverse(objective.diagonal(point)), objective.n_threads)
