"""What y may be: one label a row, or an indicator of several; clear errors for everything else."""

import re
from numbers import Number

import numpy as np
import scipy.sparse as sp
from sklearn.utils.multiclass import check_classification_targets

from fastlr.fit import label_arguments
from fastlr.validation.cells import place
from fastlr.validation.containers import as_array, text_names
from fastlr.validation.numbers import from_objects

_MISSING = "y holds missing labels (NaN or None): expected a label for each row"
_SEVERAL = (
    "y holds several labels a row: sklearn.preprocessing.MultiLabelBinarizer makes an indicator of them, for "
    "multi_class='multilabel'"
)


def classes_and_codes(y, given):
    """(classes in order, class number of each row as (n,) int64); raises ValueError or TypeError naming y.

    `y` is what scikit-learn's validate_data makes of the argument `given`.
    """
    y = without_objects(y)
    try:
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
    except (TypeError, ValueError) as error:
        if y.dtype.kind == "f" and len(wrong := y[~np.isfinite(y) | (y != np.rint(y))]):
            raise ValueError(f"y holds {wrong[0]}: numbers that are labels are whole ({error})") from error
        if y.dtype.kind != "O":
            raise
        if any(map(_is_missing, y)):
            raise ValueError(f"{_MISSING} ({error})") from error
        raise type(error)(f"{_unsuitable(y)} ({error})") from error
    labels_of_one_type("y", given, classes)
    if len(classes) < 2:
        raise ValueError(f"y holds one class only ({classes.tolist()[0]!r}): expected samples of two or more classes")
    return classes, codes.astype(np.int64, copy=False)


def without_objects(labels):
    """Labels (n,) among objects as booleans, integers or floats where all of them are; any others as they are."""
    if labels.dtype.kind != "O":
        return labels
    kinds = {_kind_of_number(each) for each in {type(label) for label in labels}}
    found = np.array(labels.tolist()) if len(kinds) == 1 and None not in kinds else labels
    return found if found.dtype.kind.replace("u", "i") in kinds else labels


def _kind_of_number(kind):
    """ "b", "i" or "f", for a type of Python or NumPy, as of a NumPy dtype; else None."""
    if issubclass(kind, (bool, np.bool_)):
        return "b"
    if issubclass(kind, (int, np.integer)):
        return "i"
    return "f" if issubclass(kind, (float, np.floating)) else None


def labels_of_one_type(name, given, array):
    """Raise TypeError where numbers of a list have become strings in the array that NumPy has made of it."""
    if array.dtype.kind != "U" or not isinstance(given, (list, tuple)):
        return
    if any(isinstance(label, (Number, np.bool_)) for label in given):
        raise TypeError(f"{name} holds both numbers and strings: expected labels of one type")


def distinct_labels(name, given):
    """The labels that an argument names, in order; raises ValueError or TypeError naming it."""
    array = as_array(name, given)
    labels_of_one_type(name, given, array)
    if array.ndim != 1:
        raise ValueError(f"{name} has shape {array.shape}, expected (n_classes,): all labels")
    array = without_objects(array)
    if array.dtype.kind in "fcO" and any(map(_is_missing, array)):
        raise ValueError(f"{name} holds missing labels (NaN or None): expected labels")
    if array.dtype.kind in "fc" and len(wrong := array[~np.isfinite(array) | (array != np.rint(array))]):
        raise ValueError(f"{name} holds {wrong[0]}: numbers that are labels are whole")
    try:
        return np.unique(array)
    except TypeError as error:
        raise TypeError(f"{name} holds labels that cannot be sorted: {error}") from error


def check_label_names(Y, expected):
    """Raise ValueError if the columns of an indicator have other names than those expected, if there are any."""
    found = text_names(Y)
    if expected is not None and found is not None and found.tolist() != expected.tolist():
        raise ValueError(
            f"y has columns {found.tolist()}: expected the labels of the fit in their order, {expected.tolist()}"
        )


def check_number_of_labels(n_labels):
    """Raise ValueError for an indicator of less than two labels."""
    if n_labels < 2:
        raise ValueError(
            f"y has {n_labels} column: multi_class='multilabel' expects two labels or more; a single one is a fit "
            "of two classes, y.ravel() with multi_class='multinomial'"
        )


def indicator(Y, n):
    """Labels out of an indicator (n, K) of them, K >= 2: an array, a data frame or sparse."""
    names = text_names(Y)
    Y = Y if sp.issparse(Y) else _dense(Y)
    if Y.ndim != 2:
        raise ValueError(
            f"y has shape {Y.shape}: multi_class='multilabel' expects an indicator (n_samples, n_labels) of zeros and "
            "ones; for one label a row leave multi_class='multinomial'"
        )
    if Y.shape[0] != n:
        raise ValueError(f"y has {Y.shape[0]} rows and X has {n}: inconsistent numbers of samples")
    check_number_of_labels(Y.shape[1])
    if Y.dtype.kind not in "biuf":
        raise TypeError(f"y has dtype {Y.dtype}: multi_class='multilabel' expects zeros and ones")
    try:
        return label_arguments.indicator(Y)
    except label_arguments.NotBinary as error:
        where = "" if sp.issparse(Y) else f", {place(error.row, error.label, names)}"
        raise ValueError(f"y holds {error.value}{where}: multi_class='multilabel' expects zeros and ones") from None


def clearer(error, y):
    """An error of validate_data that names the argument at fault; `error` itself where it does, or y alone is well."""
    if re.match("y is a ", str(error)):
        return error
    try:
        shape = y.shape if hasattr(y, "shape") else np.shape(y)
    except ValueError:  # lists of unequal lengths
        return ValueError(f"{_SEVERAL} ({error})")
    if len(shape) == 2 and shape[1] > 1:
        return ValueError(
            f"y should be a 1d array, one label for each row, got {_kind(y)} of shape {shape} instead: use "
            'multi_class="multilabel" for an indicator of labels, y.argmax(axis=1) for one-hot rows'
        )
    if re.search(r"\b[Xy]\b", str(error)):
        return error
    if len(shape) == 1 and any(map(_is_missing, y)):
        return ValueError(f"{_MISSING} ({error})")
    if "inconsistent numbers of samples" in str(error):
        return type(error)(f"X and y: {error}")
    argument = "y" if len(shape) > 2 or np.asarray(y).dtype.kind == "c" else "X"
    return type(error)(f"{argument}: {error}")


def _kind(y):
    entries = y.data if sp.issparse(y) else np.asarray(y)
    binary = entries.dtype.kind in "biuf" and not ((entries != 0) & (entries != 1)).any()
    return "a one-hot or indicator array" if binary else "an array"


def _unsuitable(labels):
    """What is wrong with labels of dtype object, none missing, that cannot be told apart as classes."""
    if isinstance(labels[0], (list, tuple, set, frozenset)):
        return _SEVERAL
    types = sorted({type(label).__name__ for label in labels})
    if len(types) > 1:
        return f"y holds labels of types {', '.join(types)}: expected labels of one type"
    return f"y has dtype object and holds labels of type {types[0]}: convert it, to int or str for example"


def _is_missing(label):
    if label is None:
        return True
    try:
        return bool(np.all(label != label))
    except (TypeError, ValueError):  # pandas.NA
        return True


def _dense(Y):
    try:
        Y = as_array("y", Y)
    except ValueError as error:
        raise ValueError(f"{_SEVERAL} ({error})") from error
    if Y.dtype.kind != "O" or Y.ndim != 2:
        return Y
    try:
        return from_objects(Y)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(f"y: multi_class='multilabel' expects zeros and ones ({error})") from error
