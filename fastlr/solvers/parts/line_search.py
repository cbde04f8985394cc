"""Backtracking on Xd, the change of linear predictors along the step: no pass over X."""

import numpy as np

_EPS = np.finfo(float).eps
#: Share of the decrease that the slope promises, which a step must bring (Armijo 1966).
SUFFICIENT = 1e-4
#: Halvings of the step, at most.
MAX_HALVINGS = 40


def armijo(objective, point, direction, slope, noise=0.0):
    """The largest t in {1, 1/2, 1/4, ...} with  f(w + t d) <= f(w) + SUFFICIENT * t * slope,  or None.

    The right-hand side is lifted by the rounding of f, so that steps near the optimum, whose decrease drowns in it,
    are taken in full.

    Parameters
    ----------
    slope : float
        Directional derivative of f at w along d (for l1: its upper bound g . d + l1 (|w + d| - |w|)); negative.
    noise : float
        What rounding may hide of f beyond a few units in its last place.
    """
    noise += rounding_of(point.value)
    t = 1.0
    (value,) = objective.along(point, direction, [1.0])
    if value <= point.value + SUFFICIENT * slope + noise:
        return 1.0
    for _ in range(0, MAX_HALVINGS, 4):
        steps = [t / 2, t / 4, t / 8, t / 16]
        for t, value in zip(steps, objective.along(point, direction, steps), strict=True):
            if value <= point.value + SUFFICIENT * t * slope:
                return t
    return None


def rounding_of(value):
    """A few units in the last place of an objective, or of several: what rounding may hide of it."""
    return 4.0 * _EPS * abs(value)
