"""Whether a Hessian of the columns is worth having."""

import numpy as np

#: Price of a Hessian in passes up to which it is worth having.
WORTH = 12.0
#: The same where all other steps have stalled: a quarter of the passes that they took.
LAST_RESORT = 100.0


def price(matrix):
    """Price of the Hessian in passes; inf where it is not worth having."""
    return _up_to(WORTH * matrix.worth_of_hessian, matrix)


def is_last_resort(matrix):
    """Whether it is worth having where steps by epochs over the columns have stalled."""
    return bool(np.isfinite(_up_to(max(LAST_RESORT, WORTH * matrix.worth_of_hessian), matrix)))


def _up_to(worth, matrix):
    few = matrix.shape[1] <= matrix.few_for_hessian and matrix.gram_price() <= worth
    return matrix.gram_price() if few else np.inf
