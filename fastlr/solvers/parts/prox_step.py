"""One proximal Newton step with the Hessian at hand, for few columns."""

from typing import NamedTuple

import numpy as np

from fastlr.kernels import coordinate_descent
from fastlr.linalg.cholesky import CholeskyFactor
from fastlr.solvers.parts import orthogonal_model
from fastlr.solvers.parts.line_search import armijo
from fastlr.solvers.parts.newton_decrement import made_sure

#: The quadratic model is minimised until its largest violation is this share of that of the objective.
MODEL = 1e-6
#: Violations below this share of the gradient that no longer fall are rounding.
RESOLVED = 1e-9
#: Epochs of coordinate descent between two exact solutions on the support.
EPOCHS = 10
#: Share of its diagonal entry up to which a pivot has lost half of its digits.
NEAR = 1e-8
#: Share of the diagonal entry that replaces a pivot which is rounding.  Along dependent columns the model is flat but
#: for l1: its minimum lies where the first of them leaves the support, and a small pivot leads that far.
FLAT = 1e-10


class Step(NamedTuple):
    """The outcome of a step."""

    #: The Point it leads to; None if it does not lower the objective.
    point: object
    #: Half the squared Newton decrement at the point, estimated; where there is none, the decrease of the model.
    decrement: float
    #: Whether the columns are so near to dependence that it rests on orthogonal factors.
    is_orthogonal: bool


def step(objective, within, columns, point, goal=0.0):
    """A step that lowers the objective, if there is one.

    The step is taken in `columns`, by the Hessian of the objective `within` them.  Certificate and decrease come from
    passes over X, which keep their digits where that Hessian has lost them (columns far from zero beside a free
    intercept).  The certificate is made where its gap may be as small as `goal`: it asks for a pass.
    """
    restricted = point.restrict(columns)
    delta, is_orthogonal = minimum_of_model(within, restricted)
    direction = within.direction(restricted, delta)
    if len(delta) < len(point.coef):
        direction.coef = np.zeros_like(point.coef)
        direction.coef[columns] = delta
    slope = float(np.sum(restricted.gradient * delta)) + within.penalty.absolute_change(restricted.coef, delta)
    decrease = objective.model_decrease(point, direction, slope)
    noise = objective.value_noise(point) if is_orthogonal else 0.0
    # a step that gains no more than rounding may yet have a gap
    is_downhill = slope < (noise if objective.penalty.covers_all else 0.0)
    t = armijo(objective, point, direction, slope, noise=noise) if is_downhill and delta.any() else None
    if t is None:
        return Step(None, decrease, is_orthogonal)
    if goal > 0.0 and t == 1.0 and objective.rows_gap_after(point, direction) <= goal:
        direction.adjoint = objective.linearised_adjoint(point, direction)
    direction.decrease = decrease
    moved = objective.move(point, direction, t)
    return Step(moved, made_sure(objective, moved, direction, goal) if t == 1.0 else None, is_orthogonal)


def minimum_of_model(within, point):
    """The step to the minimum of the model (p, 1), and whether it is made by orthogonal factors."""
    tolerance = MODEL * within.optimality(point)
    delta, told_apart = minimise_model(within.penalty, within.sampled_hessian(point, 1), point, tolerance)
    if told_apart or not orthogonal_model.is_small(within):
        return delta, False
    noise = within.gradient_noise(point)
    return orthogonal_model.minimised(within.penalty, within.root(point), point, noise, tolerance), True


def minimise_model(penalty, hessian, point, tolerance, max_rounds=50):
    """argmin over delta of  g . delta + delta' H delta / 2 + l1' |coef + delta|  within the bounds,  (p, 1).

    Coordinate descent finds the coefficients that are on no kink and no bound; in these the minimum is a linear system,
    taken as far as they stay off.  Returns delta and whether the Hessian tells apart the columns that it met.
    """
    gradient, coef = point.gradient[:, 0], point.coef[:, 0]
    limits = penalty.l1[:, 0], penalty.lower[:, 0], penalty.upper[:, 0]
    delta, product, least, told_apart = np.zeros_like(coef), np.zeros_like(coef), np.inf, True
    epochs = max(EPOCHS, len(coef) // 50)  # a solution costs more of them
    for _ in range(max_rounds):
        _, worst = coordinate_descent.hessian_epochs(
            hessian, gradient, *limits, coef, delta, product, tolerance, epochs
        )
        if worst <= tolerance or (worst >= least and worst <= RESOLVED * np.max(np.abs(gradient))):
            break  # there, or rounding is
        least = worst
        delta, product, told_apart = on_support(penalty, hessian, gradient, coef, delta, product)
        if not told_apart:
            break
    return delta[:, None], told_apart


def on_support(penalty, hessian, gradient, coef, delta, product):
    """The step and its product with the Hessian moved to where the model is least on the support, and whether the
    Hessian tells the columns of the support apart.

    As far as the first coefficient meets a kink or a bound, where it leaves the support, and on from there: epochs of
    coordinate descent would bring it back, and hardly move along directions that no row notices.
    """
    for _ in range(len(coef)):
        position, goes_on, told_apart = leg(penalty, hessian, gradient + product, coef + delta)
        delta = position - coef
        product = np.einsum("ij,j->i", hessian, delta)
        if not (goes_on and told_apart):
            break
    return delta, product, told_apart


def leg(penalty, hessian, gradient, coef):
    """The coefficients after a step to the minimum in those on no kink and no bound, cut where the first meets one;
    whether it was cut, and whether the Hessian tells the columns apart."""
    lower, upper = (limit[:, 0] for limit in penalty.piece(coef[:, None]))
    support = np.flatnonzero((lower < coef) & (coef < upper))
    out = coef.copy()
    if not len(support):
        return out, False, True
    slope = gradient[support] + penalty.l1[support, 0] * np.sign(coef[support])
    factor = CholeskyFactor(hessian[np.ix_(support, support)], 1, FLAT)
    step = -factor.solve(slope[:, None])[:, 0]
    if not np.isfinite(step).all():
        return out, False, False  # rounding has made the Hessian indefinite
    limit = np.where(step > 0.0, upper[support], lower[support])
    room = limit - coef[support]
    crossing = np.abs(step) > np.abs(room)
    share = np.min(room[crossing] / step[crossing], initial=1.0)
    met = crossing & (np.abs(room) <= share * np.abs(step))
    out[support] = np.where(met, limit, coef[support] + share * step)
    return out, bool(met.any()), bool(factor.least_pivot > NEAR)
