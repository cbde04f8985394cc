"""The diagonal of a Hessian as a preconditioner."""

import numpy as np

#: Entries of a diagonal up to which the inverse might overflow.
_SMALLEST = 1e-300


def inverse(diagonal):
    """1 / diagonal, 0 where it is 0, or so small that its inverse might overflow."""
    return np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > _SMALLEST)


def share_a_scale(diagonal, shares):
    """Whether the mean squares of the entries that are not zero, column by column, lie within four powers of ten."""
    squares = diagonal / shares
    known = squares[np.isfinite(squares)]
    if not len(known):
        return False
    low, high = np.quantile(known, (0.01, 0.99))
    return bool(high <= 1e4 * low)
