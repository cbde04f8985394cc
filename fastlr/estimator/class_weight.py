"""Weights of classes and of labels."""

from collections.abc import Mapping

import numpy as np

from fastlr.validation.numbers import number


def total(weight):
    """The sum of all weights, positive and finite."""
    mass = float(weight.sum())
    if mass == 0.0:
        raise ValueError("sample_weight times class_weight is zero in every row: expected a positive sum")
    if not np.isfinite(mass):
        raise ValueError("sample_weight times trials adds up to infinity: expected a finite sum")
    return mass


def balanced(masses):
    """Weights under which all classes weigh the same, S / (K S_k); 0 for a class of which there is nothing.

    Parameters
    ----------
    masses : ndarray of shape (K,), or (n_problems, K)
        S_k, the sum of the weights of the rows of each class; S is that of all, K the number of classes that have any.

    Returns
    -------
    ndarray of the same shape
    """
    present = masses > 0.0
    n_present = np.count_nonzero(present, axis=-1, keepdims=True)
    whole = masses.sum(axis=-1, keepdims=True)
    return np.divide(whole, n_present * masses, out=np.zeros(masses.shape), where=present)


def per_class(class_weight, classes, masses):
    """Weights (K,) of the classes `classes` (K,); `masses` (K,) are the sums of the sample weights of their rows."""
    if isinstance(class_weight, list):
        raise ValueError(f"class_weight={class_weight!r}: a list of dicts is for multi_class='multilabel'")
    if isinstance(class_weight, Mapping):
        weights = _of_dict(class_weight, classes)
    elif class_weight == "balanced":
        weights = balanced(masses)
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
    """Targets and weights of a fit of two classes with the weights of the classes in them.

    A row of share u stands for u rows of the second class and 1 - u rows of the first.
    """
    weight = np.ones(len(targets)) if weight is None else weight
    second = float(weight @ targets)
    first, second = per_class(class_weight, classes, np.array([total(weight) - second, second])).tolist()
    of_second = second * targets
    both = of_second + first * (1.0 - targets)
    return np.divide(of_second, both, out=np.zeros_like(targets), where=both > 0.0), weight * both


def of_rows(class_weight, classes, codes, weight):
    """Weights (n,) with that of its class in each."""
    masses = np.bincount(codes, weight, len(classes)).astype(np.float64)
    factors = per_class(class_weight, classes, masses)[codes]
    return factors if weight is None else weight * factors


def both_sides(own, whole):
    """Sums of weights (K, 2) of label 0 and label 1 in each problem; `own` (K,) are those of label 1."""
    return np.column_stack([whole - own, own])


def of_labels(class_weight, masses):
    """Weights (K, 2) of label 0 and label 1 in each column of an indicator; `masses` (K, 2) are positive."""
    if isinstance(class_weight, str):
        return balanced(masses)
    if not isinstance(class_weight, list):
        raise ValueError(
            f"class_weight={class_weight!r}: multi_class='multilabel' expects None, 'balanced' or a list with a dict "
            "{0: weight, 1: weight} for each label"
        )
    if len(class_weight) != len(masses):
        raise ValueError(f"class_weight has {len(class_weight)} dicts, expected one for each of {len(masses)} labels")
    zero_and_one = np.array([0, 1])
    return np.array([per_class(each, zero_and_one, mass) for each, mass in zip(class_weight, masses, strict=True)])
