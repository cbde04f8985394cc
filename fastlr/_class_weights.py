"""Weights of classes and of labels."""

import numpy as np
from sklearn.utils import compute_class_weight


def total(weight):
    """The sum of all weights, positive and finite."""
    with np.errstate(over="ignore"):
        mass = float(weight.sum())
    if mass == 0.0:
        raise ValueError("sample_weight times class_weight is zero in every row: expected a positive sum")
    if not np.isfinite(mass):
        raise ValueError("sample_weight adds up to infinity: expected a finite sum")
    return mass


def per_class(class_weight, classes, masses):
    """Weights (K,) of the classes, given the sums of their sample weights; a class without weight counts nothing."""
    if isinstance(class_weight, list):
        raise ValueError(f"class_weight={class_weight!r}: a list of dicts is for multi_class='multilabel'")
    present = masses > 0.0 if isinstance(class_weight, str) else np.full(len(classes), True)
    weights = np.zeros(len(classes))
    try:
        weights[present] = compute_class_weight(
            class_weight, classes=classes[present], y=classes[present], sample_weight=masses[present]
        )
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_weight={class_weight!r}: {error}") from error
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        every = "both classes" if len(classes) == 2 else "all classes"
        raise ValueError(f"class_weight={class_weight!r}: expected finite non-negative numbers, not zero for {every}")
    return weights


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


def balanced(masses):
    """Weights (K, 2) under which both sides of each problem weigh the same, S / 2; `masses` (K, 2) are positive."""
    return masses.sum(axis=1, keepdims=True) / (2.0 * masses)


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
