"""The arguments of predictions: checks that name the argument, what was found and what was expected; conversions."""

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import column_or_1d

from fastlr.estimator.targets import labels_of_one_type
from fastlr.validation.containers import as_array
from fastlr.validation.numbers import integer, number

#: Classes that an error message names.
NAMED = 10


def threshold(reject):
    """`reject` as a number in [0, 1]."""
    return number("reject", reject, 0, 1, none=True)


def kept_classes(k, n_classes):
    """`k` as a number of classes to keep, 1 to n_classes."""
    return integer("k", k, 1, n_classes)


def one_per_row(y, n):
    """y as an array (n,)."""
    given, array = y, as_array("y", y)
    if array.dtype.kind == "c":
        raise ValueError(f"y has dtype {array.dtype}: expected labels, not complex numbers")
    y = column_or_1d(y, warn=True)
    labels_of_one_type("y", given, y)
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
    y = y.tocsr() if sp.issparse(y) else as_array("y", y)
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
