"""Backtracking on the cached image of the step: no pass over X."""

import numpy as np

_EPS = np.finfo(float).eps


def armijo(objective, point, direction, slope, sufficient=1e-4, max_halvings=40, noise=0.0):
    """The largest t in {1, 1/2, 1/4, ...} with  f(w + t d) <= f(w) + sufficient * t * slope,  or None.

    The right-hand side is lifted by the rounding of f, so that steps near the optimum, whose decrease drowns in it,
    are taken in full.

    Parameters
    ----------
    slope : float
        Directional derivative of f at w along d (for l1: its upper bound g . d + l1 (|w + d| - |w|)); negative.
    noise : float
        What rounding may hide of f beyond a few units in its last place.
    """
    noise += 4.0 * _EPS * abs(point.value)
    t = 1.0
    (value,) = objective.along(point, direction, [1.0])
    if value <= point.value + sufficient * slope + noise:
        return 1.0
    for _ in range(0, max_halvings, 4):
        steps = [t / 2, t / 4, t / 8, t / 16]
        for t, value in zip(steps, objective.along(point, direction, steps), strict=True):
            if value <= point.value + sufficient * t * slope:
                return t
    return None
