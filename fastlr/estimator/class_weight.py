"""Weights of classes and of labels: what they are, and the weights of rows that come of them.

`weight` (n,) are sample weights, or None where all are one; `weight_sums` are their sums over the rows of each class.
"""

from collections.abc import Mapping

import numpy as np

from fastlr.validation.numbers import number


def total(weight):
    """The sum of all weights, positive and finite."""
    sum_of_weights = float(weight.sum())
    if sum_of_weights == 0.0:
        raise ValueError("sample_weight times class_weight is zero in every row: expected a positive sum")
    if not np.isfinite(sum_of_weights):
        raise ValueError("sample_weight, times trials and class_weight, adds up to infinity: expected a finite sum")
    return sum_of_weights


def balanced(weight_sums):
    """Weights under which all classes weigh the same, S / (K S_k); 0 for a class of which there is nothing.

    Parameters
    ----------
    weight_sums : ndarray of shape (K,), or (n_problems, K)
        S_k, the sum of the weights of the rows of each class; S is that of all, K the number of classes that have any.

    Returns
    -------
    ndarray of the same shape
    """
    present = weight_sums > 0.0
    n_present = np.count_nonzero(present, axis=-1, keepdims=True)
    of_all = weight_sums.sum(axis=-1, keepdims=True)
    return np.divide(of_all, n_present * weight_sums, out=np.zeros(weight_sums.shape), where=present)


def per_class(class_weight, classes, weight_sums):
    """Weights (K,) of the classes, of which `weight_sums` are (K,): finite, not negative, not all zero."""
    if isinstance(class_weight, list):
        raise ValueError(f"class_weight={class_weight!r}: a list of dicts is for multi_class='multilabel'")
    if isinstance(class_weight, Mapping):
        weights = _of_dict(class_weight, classes)
    elif class_weight == "balanced":
        weights = balanced(weight_sums)
    else:
        raise ValueError(f"class_weight={class_weight!r}: expected a dict, 'balanced' or None")
    if not (np.isfinite(weights).all() and weights.any()):
        every = "both classes" if len(classes) == 2 else "all classes"
        raise ValueError(f"class_weight={class_weight!r}: expected finite non-negative numbers, not zero for {every}")
    return weights


def _of_dict(class_weight, classes):
    """Weights (K,) by label; labels that the dict does not name weigh one, if all that it names are classes.

    A label is what it is in y: the string "1" is not the number 1.
    """
    keys = [_key_of(label, class_weight) for label in classes]
    unnamed = [label for label, key in zip(classes.tolist(), keys, strict=True) if key is None]
    if unnamed and len(classes) - len(unnamed) < len(class_weight):
        unknown = [key for key in class_weight if key not in keys]
        raise ValueError(f"class_weight={class_weight!r}: no classes are {unknown}, y has {classes.tolist()}")
    return np.array([1.0 if key is None else number(f"class_weight[{key!r}]", class_weight[key]) for key in keys])


def _key_of(label, class_weight):
    """The key of the dict that means a label, None without one; dates may be written out."""
    meant = [label.item() if isinstance(label, np.generic) else label, label]
    if isinstance(label, (np.datetime64, np.timedelta64)):
        meant.append(str(label))
    return next((key for key in meant if key in class_weight), None)


def of_two(class_weight, classes, targets, weight):
    """Targets (n,) in [0, 1] and weights (n,) of a fit of two classes, with the weights of the classes in them.

    A row of target u stands for u rows of the second class and 1 - u rows of the first.
    """
    weight = np.ones(len(targets)) if weight is None else weight
    second = float(weight @ targets)
    first, second = per_class(class_weight, classes, np.array([total(weight) - second, second])).tolist()
    of_second = second * targets
    both = of_second + first * (1.0 - targets)
    return np.divide(of_second, both, out=np.zeros_like(targets), where=both > 0.0), weight * both


def of_rows(class_weight, classes, codes, weight):
    """Weights (n,) of rows, each times the weight of its class; `codes` (n,) are class numbers."""
    weight_sums = np.bincount(codes, weight, len(classes)).astype(np.float64)
    factors = per_class(class_weight, classes, weight_sums)[codes]
    return factors if weight is None else weight * factors


def both_sides(of_ones, of_all):
    """Sums of weights (K, 2) of label 0 and label 1 in each of K problems, out of those of label 1 and of all rows."""
    return np.column_stack([of_all - of_ones, of_ones])


def of_labels(class_weight, weight_sums):
    """Weights (K, 2) of label 0 and label 1 in each column of an indicator; `weight_sums` (K, 2) are positive."""
    if isinstance(class_weight, str):
        return balanced(weight_sums)
    if not isinstance(class_weight, list):
        raise ValueError(
            f"class_weight={class_weight!r}: multi_class='multilabel' expects None, 'balanced' or a list with a dict "
            "{0: weight, 1: weight} for each label"
        )
    if len(class_weight) != len(weight_sums):
        raise ValueError(
            f"class_weight has {len(class_weight)} dicts, expected one for each of {len(weight_sums)} labels"
        )
    zero_and_one = np.array([0, 1])
    return np.array([per_class(each, zero_and_one, sums) for each, sums in zip(class_weight, weight_sums, strict=True)])
