"""First-order methods with the step 1 / L: gradient descent and its acceleration, for teaching and comparison."""

import numpy as np

from fastlr.solvers.parts.extrapolation import ExtrapolatedGap
from fastlr.solvers.result import Status

#: Power iterations stop where one changes the estimate of L by less than this share...
SETTLED = 1e-3
MOST_PRODUCTS = 100
#: ...which is then raised by this one, since it lies below L.
MARGIN = 0.01


def solve(objective, coef, intercept, monitor):
    """Minimise by gradient descent, with l1 by proximal gradient steps (Nesterov 2018, section 2.1.5; Beck, Teboulle
    2009, ISTA):

        w <- prox(w - gradient / L),    prox_j(v) = sign(v) max(|v| - l1_j / L, 0)

    with L the Lipschitz constant of the gradient, see `lipschitz`.  An iteration costs one pass where the layout has a
    fused one and there is no intercept, two elsewhere.  The number of iterations grows with L / mu, mu the least
    eigenvalue of the Hessian: columns of different scales make it slow, which of the other solvers here only the
    accelerated and the stochastic one mind.  Where some coefficients have no penalty it stops on the Newton decrement,
    looked at once the gains foretell that little is left; see extrapolation.ExtrapolatedGap.

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    extrapolated_gap = ExtrapolatedGap(objective, monitor.target)
    L = None
    while not monitor.finished(point, extrapolated_gap.at(point)):
        if extrapolated_gap.stalled:
            monitor.stalled()
            break
        L = lipschitz(objective, point) if L is None else L
        moved, L = descend(objective, point, L)
        if moved is None:
            monitor.fail(Status.LINE_SEARCH_FAILED, "No step along the gradient lowers the objective")
            break
        point = moved
    return monitor.result()


def solve_accelerated(objective, coef, intercept, monitor):
    """Minimise by Nesterov's accelerated gradient method, with l1 as FISTA (Beck, Teboulle 2009), started afresh where
    the last step and the gradient disagree (O'Donoghue, Candes 2015):

        w+ = prox(v - gradient(v) / L),    v+ = w+ + (t - 1) / t+ (w+ - w),    t+ = (1 + sqrt(1 + 4 t^2)) / 2

    The points v are what is recorded and returned, taken back into the bounds where momentum leads out of them.  Costs
    and estimate as in `solve`; the number of iterations grows with the square root of L / mu.
    """
    point = monitor.starting_point(coef, intercept)
    extrapolated_gap, ceiling = ExtrapolatedGap(objective, monitor.target), point.value
    previous, t, L = point.coef, 1.0, None
    while not monitor.finished(point, extrapolated_gap.at(point)):
        if extrapolated_gap.stalled:
            monitor.stalled()
            break
        L = lipschitz(objective, point) if L is None else L
        reached = gradient_step(objective.penalty, point, L)
        if np.sum((point.coef - reached) * (reached - previous)) > 0.0:
            t = 1.0
        t_next = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))
        moved = None
        if t > 1.0:
            ahead = reached + (t - 1.0) / t_next * (reached - previous)
            moved = objective.at(objective.penalty.nearest(ahead), point.intercept)
        if moved is None or not moved.value <= ceiling:  # values may rise, but not above where the momentum began
            moved, L = descend(objective, point, L)
            if moved is None:
                monitor.fail(Status.LINE_SEARCH_FAILED, "No step along the gradient lowers the objective")
                break
            reached, t_next, ceiling = moved.coef, 0.5 * (1.0 + np.sqrt(5.0)), moved.value
        previous, t, point = reached, t_next, moved
    return monitor.result()


def lipschitz(objective, point):
    """The Lipschitz constant of the gradient of loss and l2: the largest eigenvalue of  X' diag(s) X / 4 + diag(l2),
    with the rows of X centred where the intercept is free; by power iterations of one pass each.

    No row curves the loss more than s_i / 4.  Cheaper and larger: the trace, sum_i s_i |x_i|^2 / 4 + max l2.  Yedida
    and Saha (2019, LipschitzLR) take |X| (K - 1) / (K n), for two classes |X| / (2 n), as the inverse step: meant as a
    Lipschitz constant of the loss, it bounds what one row gives to the gradient at zero, and does not promise descent.
    """
    steepest = objective.steepest(point)
    v = np.random.default_rng(0).standard_normal(point.coef.shape)
    product, last = np.empty_like(v), 0.0
    for _ in range(MOST_PRODUCTS):
        v /= np.linalg.norm(v)
        _, _, curvature = objective.hessian_product(steepest, v, product)
        largest = float(curvature.sum())
        if largest <= (1.0 + SETTLED) * last:
            break
        v, last = product.copy(), largest
    return (1.0 + MARGIN) * max(largest, np.finfo(float).tiny)


def gradient_step(penalty, point, L):
    """The coefficients (p, 1) after a proximal gradient step of length 1 / L."""
    return penalty.prox(point.coef - point.gradient / L, 1.0 / L)


def descend(objective, point, L, max_doublings=60):
    """(the Point after a proximal gradient step, or None if none lowers the objective; the L it took).

    L is an estimate from below: it doubles until the step lowers the objective as the theory has it, by L |step|^2 / 2.
    """
    noise = 4.0 * np.finfo(float).eps * abs(point.value)
    for _ in range(max_doublings):
        coef = gradient_step(objective.penalty, point, L)
        moved = objective.at(coef, point.intercept)
        if moved.value <= point.value - 0.25 * L * float(np.sum((coef - point.coef) ** 2)) + noise:
            return moved, L
        L *= 2.0
    return None, L
