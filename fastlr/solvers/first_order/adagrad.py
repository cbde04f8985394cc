"""AdaGrad with full gradients: a step length for every coefficient, from the gradients it has met."""

import numpy as np

from fastlr.objective.diagonal import inverse
from fastlr.solvers.parts.extrapolation import ExtrapolatedGap

_EPS = np.finfo(float).eps


def solve(objective, coef, intercept, monitor):
    """Minimise by the diagonal AdaGrad (Duchi, Hazan, Singer 2011, figure 1, composite mirror descent):

        G <- G + s^2,    w <- prox(w - a g / sqrt(G); a / sqrt(G)),    all in each coefficient on its own

    with g the gradient of loss and l2, s the subgradient of least norm of the whole objective, and the prox of l1 and
    bounds, a soft threshold l1_j a_j / sqrt(G_j) and a cut.  Without l1 and bounds s = g, the method of the paper.
    With them g does not vanish at the optimum: its squares would add up for ever and steps fade like 1 / sqrt(k).
    Those of s do not, so that steps settle at lengths that the curvature allows and convergence is linear in the end,
    if every coefficient is curved.  (No step in a coefficient is longer than a_j / sqrt(G_j) times |s_j|, so s measures
    what is left to be done.  Ene, Nguyen and Vladu 2021 sum squared movements to the same end.)

    The paper bounds the mean of the first k values, for convex functions of any kind, by f* plus

        (max_i |w_i - w*|_inf^2 / (2 a) + a) sum_j sqrt(sum_i g_ij^2) / k = O(1 / sqrt(k)).

    It is the sum over coefficients that gains where few gradients are large; what the steepest column needs does not
    slow down the others, as it does under one step 1 / L for all.  Here the objective is smooth besides: G grows until
    steps are short enough for the curvature, and stays finite (Ward, Wu, Bottou 2019, for one step length).  Until then
    values may rise.

    An iteration costs as much as one of gradient_descent.  Where some coefficients have no penalty the fit stops on
    the same estimate, extrapolated from the points since the value last rose.

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    extrapolated_gap, squares, base = ExtrapolatedGap(objective, monitor.target), np.zeros_like(coef), None
    while not monitor.finished(point, extrapolated_gap.at(point)):
        if extrapolated_gap.stalled:
            monitor.stalled()
            break
        subgradient, _ = objective.penalty.subgradient(point.coef, point.gradient)
        base = base_steps(objective, point, subgradient) if base is None else base
        squares += subgradient * subgradient
        length = base * inverse(np.sqrt(squares))
        before = point.value
        point = objective.at(objective.penalty.prox(point.coef - length * point.gradient, length), point.intercept)
        if point.value > before + 4.0 * _EPS * abs(before):
            extrapolated_gap.forget()
    return monitor.result()


def base_steps(objective, point, subgradient):
    """The length a_j of the first step in each coefficient, (p, 1).

    With h_j the largest curvature that coefficient j can have, |s_j| / h_j is a step that cannot raise the objective in
    j alone, and |s_j| / sqrt(h_j) its length where a column's scale does not count.  Every coefficient is given the
    length of the longest of them,  a_j = max_i |s_i| / sqrt(h_i) / sqrt(h_j):  the coefficient that gains most takes
    just that step, and no column is favoured by its units.  One pass, two with a free intercept.
    """
    root = inverse(np.sqrt(objective.diagonal(objective.steepest(point))))
    return np.max(np.abs(subgradient) * root) * root
