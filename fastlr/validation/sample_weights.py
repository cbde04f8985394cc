"""Weights of rows: one check and one wording for all entries."""

import numpy as np

from fastlr.validation.containers import refuse
from fastlr.validation.numbers import first_wrong, real_array

_LARGEST = np.finfo(np.float64).max


def sample_weights(given, n):
    """sample_weight as (n,) float64, finite and not negative; one number stands for all rows, None stays None."""
    if given is None:
        return None
    weight = np.ascontiguousarray(weight_array(given, (n,)), dtype=np.float64)
    if not (weight.min() >= 0.0 and weight.max() <= _LARGEST):
        refuse_weights(weight)
    return weight


def weight_array(given, shape):
    """sample_weight as an array of real numbers of this shape, its values neither converted nor looked at."""
    refuse("sample_weight", given)
    weight = real_array("sample_weight", given)
    if weight.shape == ():
        if weight.dtype.kind == "b":
            raise TypeError(f"sample_weight={given!r}: expected a number, or one for each row")
        return np.broadcast_to(weight, shape)
    if weight.shape != shape:
        raise ValueError(f"sample_weight: expected shape {shape}, a weight for each row, found {weight.shape}")
    return weight


def refuse_weights(weight):
    """Raise ValueError for the first weight that is negative, NaN or infinite; there is one."""
    where = first_wrong(weight, lambda w: ~((w >= 0) & (w <= _LARGEST)))
    raise ValueError(f"sample_weight: expected finite numbers >= 0, found {where}")


def positive(weight):
    """The weights; raises ValueError where all of them are zero."""
    if not weight.any():
        raise ValueError("sample_weight: expected at least one positive weight, found only zeros")
    return weight


def positive_weights(given, n):
    """sample_weight as `sample_weights` gives it, not zero in every row; None stays None."""
    return None if given is None else positive(sample_weights(given, n))


def with_sum_one(weight):
    """Weights (n,), finite and not all zero, divided by their sum."""
    weight = weight / weight.max()  # the sum of very large weights would not be finite
    return weight / weight.sum()


def normalised(given, n):
    """sample_weight, not zero in every row, with sum one, (n,); None stays None."""
    return None if given is None else with_sum_one(positive_weights(given, n))
