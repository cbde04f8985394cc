"""One proximal Newton step with the Hessian at hand, for few columns."""

import numpy as np

from fastlr.factor import CholeskyFactor
from fastlr.kernels import coordinate
from fastlr.solvers.line_search import armijo
from fastlr.solvers.newton_decrement import made_sure

#: The quadratic model is minimised until its largest violation is this share of that of the objective.
MODEL = 1e-6
#: Violations below this share of the gradient that no longer fall are rounding.
RESOLVED = 1e-9
#: Epochs of coordinate descent between two exact solutions on the support.
EPOCHS = 10
#: What stands for a pivot that is rounding: along dependent columns the model is flat but for l1, and its minimum is as
#: far away as the first of them leaves the support.
FLAT = 1e-10


def step(objective, within, columns, point, goal=0.0):
    """The next point (None if no step lowers the objective), and the decrease of the model by a full step.

    The step is taken in `columns`, by the Hessian of the objective `within` them.  What certificate and decrease rest
    on are passes over X, which keep their digits where that Hessian has lost them (columns far from zero beside a free
    intercept).  The certificate is made where its gap may be as small as `goal`: it asks for a pass.
    """
    seen = point.restrict(columns)
    hessian = within.sampled_hessian(seen, 1)
    delta = minimise_model(within.penalty, hessian, seen, MODEL * within.optimality(seen))
    direction = within.direction(seen, delta)
    if len(delta) < len(point.coef):
        direction.coef = np.zeros_like(point.coef)
        direction.coef[columns] = delta
    slope = float(np.sum(seen.gradient * delta)) + within.penalty.absolute_change(seen.coef, delta)
    decrease = objective.model_decrease(point, direction, slope)
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    if t is None:
        return None, decrease
    if goal > 0.0 and t == 1.0 and objective.rows_gap_after(point, direction) <= goal:
        direction.adjoint = objective.linearised_adjoint(point, direction)
    direction.decrease = decrease
    moved = objective.move(point, direction, t)
    return moved, made_sure(objective, moved, direction, goal) if t == 1.0 else None


def minimise_model(penalty, hessian, point, tolerance, max_rounds=50):
    """argmin over delta of  g . delta + delta' H delta / 2 + l1' |coef + delta|  within the bounds,  (p, 1).

    Coordinate descent finds the coefficients that are on no kink and no bound; in these the minimum is a linear system,
    taken as far as they stay off.
    """
    gradient, coef = point.gradient[:, 0], point.coef[:, 0]
    limits = penalty.l1[:, 0], penalty.lower[:, 0], penalty.upper[:, 0]
    delta, product, least = np.zeros_like(coef), np.zeros_like(coef), np.inf
    epochs = max(EPOCHS, len(coef) // 50)  # a solution costs more of them
    for _ in range(max_rounds):
        _, worst = coordinate.hessian_epochs(hessian, gradient, *limits, coef, delta, product, tolerance, epochs)
        if worst <= tolerance or (worst >= least and worst <= RESOLVED * np.max(np.abs(gradient))):
            break  # there, or rounding is
        least = worst
        delta, product = on_support(penalty, hessian, gradient, coef, delta, product)
    return delta[:, None]


def on_support(penalty, hessian, gradient, coef, delta, product):
    """The step and its product with the Hessian moved to where the model is least on the support.

    As far as the first coefficient meets a kink or a bound, where it leaves the support, and on from there: epochs of
    coordinate descent would bring it back, and hardly move along directions that no row notices.
    """
    for _ in range(len(coef)):
        position, goes_on = leg(penalty, hessian, gradient + product, coef + delta)
        delta = position - coef
        product = np.einsum("ij,j->i", hessian, delta)
        if not goes_on:
            break
    return delta, product


def leg(penalty, hessian, gradient, coef):
    """Where a step to the minimum in the coefficients on no kink and no bound leads, cut where the first meets one; and
    whether it was cut."""
    lower, upper = (limit[:, 0] for limit in penalty.piece(coef[:, None]))
    support = np.flatnonzero((lower < coef) & (coef < upper))
    out = coef.copy()
    if not len(support):
        return out, False
    slope = gradient[support] + penalty.l1[support, 0] * np.sign(coef[support])
    factor = CholeskyFactor(hessian[np.ix_(support, support)], 1, FLAT)
    step = -factor.solve(slope[:, None])[:, 0]
    if not np.isfinite(step).all():
        return out, False  # rounding has made the Hessian indefinite
    limit = np.where(step > 0.0, upper[support], lower[support])
    room = limit - coef[support]
    crossing = np.abs(step) > np.abs(room)
    share = np.min(room[crossing] / step[crossing], initial=1.0)
    met = crossing & (np.abs(room) <= share * np.abs(step))
    out[support] = np.where(met, limit, coef[support] + share * step)
    return out, bool(met.any())
