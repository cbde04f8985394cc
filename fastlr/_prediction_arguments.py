"""The arguments of predictions: checks that name the argument, what was found and what was expected; conversions."""

import numbers

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import _check_sample_weight, column_or_1d

from fastlr._containers import refuse

#: Classes that an error message names.
NAMED = 10


def normalised(sample_weight, n):
    """Weights with sum one."""
    refuse("sample_weight", sample_weight)
    weight = _check_sample_weight(sample_weight, np.empty((n, 0)), dtype=np.float64, ensure_non_negative=True)
    largest = weight.max()
    if largest == 0.0:
        raise ValueError("sample_weight is zero in every row: expected a positive sum")
    weight = weight / largest  # the sum of very large weights would not be finite
    return weight / weight.sum()


def threshold(reject):
    """`reject` as a number in [0, 1]."""
    if isinstance(reject, (bool, np.bool_)) or not isinstance(reject, numbers.Real):
        raise TypeError(f"reject={reject!r}: expected a number in [0, 1] or None")
    if not 0.0 <= reject <= 1.0:
        raise ValueError(f"reject={reject!r}: expected a number in [0, 1] or None")
    return float(reject)


def kept_classes(k, n_classes):
    """`k` as a number of classes to keep, 1 to n_classes."""
    if isinstance(k, (bool, np.bool_)) or not isinstance(k, numbers.Integral):
        raise TypeError(f"k={k!r}: expected an integer from 1 to {n_classes}, the number of classes")
    if not 1 <= k <= n_classes:
        raise ValueError(f"k={k!r}: expected an integer from 1 to {n_classes}, the number of classes")
    return int(k)


def one_per_row(y, n):
    """y as an array (n,)."""
    refuse("y", y)
    y = column_or_1d(y, warn=True)
    if len(y) != n:
        raise ValueError(f"y has {len(y)} labels, expected one for each of the {n} rows of X")
    return y


def refuse_label(label, classes):
    """Raise ValueError for a label that the fit has not met."""
    known = classes[:NAMED].tolist()
    more = f" and {len(classes) - NAMED} more" if len(classes) > NAMED else ""
    raise ValueError(f"y holds the label {label!r}: expected those of the fit, {known}{more}")


def class_numbers(y, classes, n):
    """Positions of the labels y (n,) among the classes, int64."""
    labels = one_per_row(y, n).tolist()
    number = {label: k for k, label in enumerate(classes.tolist())}
    found = np.fromiter((number.get(label, -1) for label in labels), np.int64, n)
    if found.min() < 0:
        refuse_label(labels[int(np.argmin(found))], classes)
    return found


def label_lists(y, shape):
    """The ones of an indicator y of this shape, dense or sparse, row by row: indptr and indices, int64."""
    refuse("y", y)
    y = y.tocsr() if sp.issparse(y) else np.asarray(y)
    if y.shape != shape:
        raise ValueError(f"y has shape {y.shape}: expected an indicator of shape {shape}, a column for each label")
    values = y.data if sp.issparse(y) else y
    known = (values == 0) | (values == 1)
    if not np.all(known):
        raise ValueError(f"y holds the value {values[~known][:1].tolist()[0]!r}: expected zeros and ones")
    row, label = y.nonzero()
    start = np.zeros(shape[0] + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=shape[0]), out=start[1:])
    return start, np.ascontiguousarray(label, dtype=np.int64)
