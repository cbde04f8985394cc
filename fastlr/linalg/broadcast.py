"""Arrays that repeat one number."""


def is_one_number(values):
    """Whether a vector or matrix is one number repeated, as np.broadcast_to makes it of a scalar."""
    return values.strides in ((0,), (0, 0))
