"""Whether a Hessian of the columns is worth having."""

import numpy as np

#: Price of a Hessian in passes up to which it is worth having.
WORTH = 12.0
#: The same where everything else has stalled: a quarter of what that took.
LAST_RESORT = 100.0


def price(design):
    """What the Hessian takes, in passes; inf where it is not worth having."""
    return _up_to(WORTH * design.worth_of_hessian, design)


def is_last_resort(design):
    """Whether it is worth having where steps by epochs over the columns have stalled."""
    return bool(np.isfinite(_up_to(max(LAST_RESORT, WORTH * design.worth_of_hessian), design)))


def _up_to(worth, design):
    few = design.shape[1] <= design.few_for_hessian and design.gram_price() <= worth
    return design.gram_price() if few else np.inf
