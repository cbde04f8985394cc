"""Arrays that repeat one number."""


def is_one_number(values):
    """Whether an array is one number repeated, as np.broadcast_to makes it of a scalar: it takes no memory."""
    return not any(values.strides)
