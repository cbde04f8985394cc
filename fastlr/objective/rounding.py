"""Errors of a duality gap by rounding in products with X, as docs/design/certificates.md derives them."""

import math

import numpy as np

_EPS = float(np.finfo(float).eps)
#: Rounding error of a weighted mean of divergences, u log u + ... + log(1 + exp(eta)) - u eta.
OF_DIVERGENCES = 4.0 * _EPS


def of_product(value, magnitude, moved, sqrt=math.sqrt):
    """Rounding error of X' u for the dual point u, column j in units of its root mean square.

    Parameters
    ----------
    value : float
        Objective, which bounds the mean square of the residuals.
    magnitude : float
        sqrt(sum_j mean square of column j / l2_j).
    moved : float
        Length, in the norm of the Hessian, of the step whose linearisation made the dual point; 0 without one.
    sqrt : callable
        numpy.sqrt where these are arrays, one number a label.
    """
    return _EPS * (sqrt(value) + (1.0 + 0.25 * magnitude) * moved)


def of_imbalance(gap, imbalance, magnitude):
    """Error of a gap by residuals that do not add up to zero: that times how far the intercepts may be from their
    optimum, at most the magnitude of the columns times sqrt(2 (gap + error))."""
    cost = magnitude * imbalance
    return cost * math.sqrt(2.0 * gap) + 2.0 * cost * cost


def hidden(gap, value, smooth, moved, magnitude, inverse_trace_D, sqrt=math.sqrt):
    """Rounding error of a gap under l2.

    Parameters
    ----------
    gap : float, not negative
    smooth : float
        coef' diag(l2) coef / 2.
    inverse_trace_D : float
        1 / 1' D 1 with a free intercept, which residuals move that do not add up to exactly zero; else 0.
    value, moved, magnitude, sqrt :
        As for `of_product`; value in [0, 1].
    """
    columns = magnitude * of_product(value, magnitude, moved, sqrt)
    rows = 2.0 * _EPS * magnitude * (sqrt(2.0 * smooth) + moved)
    return (
        columns * sqrt(2.0 * gap) * (1.0 + sqrt(inverse_trace_D))
        + 0.5 * columns * columns * (1.0 + inverse_trace_D)
        + rows * (sqrt(gap) * (moved > 0.0) + 0.125 * rows)
    )
