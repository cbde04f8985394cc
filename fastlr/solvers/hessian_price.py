"""Whether a Hessian of the columns is worth having."""

import numpy as np

#: Price of a Hessian in passes up to which it is worth having.
WORTH = 12.0


def price(design):
    """What the Hessian takes, in passes; inf where it is not worth having."""
    few = design.shape[1] <= design.few_for_hessian and design.gram_price() <= WORTH * design.worth_of_hessian
    return design.gram_price() if few else np.inf
