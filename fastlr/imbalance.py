"""Classes of unequal size: weights for a fit, the threshold for a decision, the intercept after sampling by class.

The three answer different questions.  Weights change what is fitted, a threshold changes what is decided on fitted
probabilities, and prior correction puts probabilities right that were fitted to a sample with other class shares than
the population.

References
----------
C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

G. King, L. Zeng, "Logistic regression in rare events data", Political Analysis 9, 2001.
"""

import copy
from collections.abc import Mapping

import numpy as np

from fastlr.estimator.class_weight import balanced
from fastlr.estimator.model_kind import kind_of
from fastlr.validation.containers import as_array
from fastlr.validation.numbers import amounts
from fastlr.validation.sample_weights import positive_weights

__all__ = ["balanced_weights", "corrected_intercept", "cost_threshold", "prior_corrected"]

#: multi_class of a model for each class or label, whose log odds are not those of one class against another.
_SEPARATE = ("ovr", "multilabel")
#: Above it costs are taken in another unit: four of them may add up to more than double precision holds.
_HUGE = np.finfo(np.float64).max / 8.0


@np.errstate(all="ignore")
def balanced_weights(y, sample_weight=None):
    """Weights under which all classes weigh the same: w_i S / (K S_k) for a row of class k.

    S_k is the sum of weights w_i in class k, S that of all rows, K the number of classes.  The sum stays S.  Without
    `sample_weight` a row of class k weighs n / (K n_k), which is scikit-learn's ``class_weight="balanced"`` and, for
    two classes, the inverse-frequency loss -alpha_1 y log p - alpha_0 (1 - y) log(1 - p) with alpha_k = n / (2 n_k).

    Parameters
    ----------
    y : array_like of shape (n,)
        An array, list or Series of labels of any type that can be sorted, of two or more classes.
    sample_weight : array_like of shape (n,) or float, optional
        Finite, not negative; a number stands for all rows.  It is part of the result, and a class of weight zero is as
        good as absent.

    Returns
    -------
    ndarray of shape (n,), float64
        For `sample_weight` of a fit, in place of the weights given here.

    Raises
    ------
    TypeError
        If labels cannot be sorted, or weights are not real numbers.
    ValueError
        If shapes do not fit, a label is NaN, a weight is negative or not finite, or only one class has weight.
    """
    codes, n_classes = _class_codes(y)
    weight = np.ones(len(codes)) if sample_weight is None else positive_weights(sample_weight, len(codes))
    scale = weight.max()
    weight = weight / scale  # the sum of very large weights would not be finite
    sums = np.bincount(codes, weight, n_classes)
    if np.count_nonzero(sums) < 2:
        raise ValueError("y holds one class only among the rows of positive weight: expected two or more classes")
    return weight * balanced(sums)[codes] * scale


@np.errstate(all="ignore")
def cost_threshold(false_positive, false_negative, true_positive=0.0, true_negative=0.0):
    """Probability of the second class from which on deciding for it costs least (Elkan 2001, equation 2).

        p* = (c_fp - c_tn) / (c_fp - c_tn + c_fn - c_tp)

    At p* both decisions cost the same.  Only ratios of differences count: neither the unit of the costs nor an amount
    that is added to both costs of the same true class changes p*.

    Parameters
    ----------
    false_positive, true_negative : float or array_like
        Costs where the first class is true, of deciding for the second class and for the first.
    false_negative, true_positive : float or array_like
        Costs where the second class is true, of deciding for the first class and for the second.
        All finite, gains negative, of shapes that broadcast: arrays, lists or Series give each row costs of its own.

    Returns
    -------
    float, or ndarray of the common shape
        In (0, 1), up to rounding.

    Raises
    ------
    TypeError
        If a cost is not a real number.
    ValueError
        If a cost is not finite, shapes do not broadcast, or an error costs no more than the right decision: then one
        of the two decisions is never the worse one, whatever the probability, or the costs are those of another
        class order.
    """
    fp, fn, tp, tn = _costs(
        false_positive=false_positive,
        false_negative=false_negative,
        true_positive=true_positive,
        true_negative=true_negative,
    )
    _check_excess("false_positive", fp, "true_negative", tn)
    _check_excess("false_negative", fn, "true_positive", tp)
    unit = np.where(np.max(np.abs([fp, fn, tp, tn]), axis=0) > _HUGE, 0.125, 1.0)
    of_first, of_second = unit * fp - unit * tn, unit * fn - unit * tp
    threshold = of_first / (of_first + of_second)
    return float(threshold) if np.ndim(threshold) == 0 else threshold


@np.errstate(all="ignore")
def corrected_intercept(intercept, sampled_share, population_share):
    """Intercept for a population, from one fitted to rows sampled by class (King, Zeng 2001, equation 7).

        b - log( (1 - tau) / tau * ybar / (1 - ybar) ),    tau population share, ybar sampled share

    Sampling that depends on the class alone multiplies the odds at every x by the same number, so the coefficients of
    a model without a penalty stay consistent and the intercept is off by a known amount.

    Parameters
    ----------
    intercept : float or array_like
        Fitted to the sample.
    sampled_share : float or array_like
        Share of the second class in the sample, in (0, 1); for a weighted fit its share of the weights.
    population_share : float or array_like
        Share of the second class in the population, in (0, 1).

    Returns
    -------
    float, or ndarray of the common shape

    Raises
    ------
    TypeError
        If an argument is not a real number.
    ValueError
        If a share is not within (0, 1).
    """
    intercept = amounts("intercept", intercept)
    excess = _log_odds("sampled_share", sampled_share) - _log_odds("population_share", population_share)
    corrected = intercept - excess
    return float(corrected) if np.ndim(corrected) == 0 else corrected


@np.errstate(all="ignore")
def prior_corrected(model, sampled_share, population_share):
    """A copy of a model fitted to rows sampled by class whose probabilities are those of the population.

    Probabilities, log odds, labels and losses of the copy rest on `corrected_intercept`; coefficients are those of
    the model.  Of K classes the intercept of class k moves by log(tau_k / ybar_k), less the mean of these, so that the
    sum of the intercepts stays.  ``result_`` and ``duality_gap_`` remain those of the fit to the sample.  Fitting the
    copy anew forgets the correction.

    Parameters
    ----------
    model : LogisticRegression or sklearn.pipeline.Pipeline
        Fitted, of two classes or one softmax of more, by fastlr or scikit-learn; or a pipeline that ends in one.  It is
        not changed, and the copy of a pipeline shares its other steps.
    sampled_share, population_share : float in (0, 1) or dict
        Shares in the sample (for a weighted fit shares of the weights, so 1/2 after ``class_weight="balanced"``) and in
        the population: a dict ``{label: share}``, in which one label may be left out and has the rest, or of two
        classes the share of ``classes_[1]``.

    Returns
    -------
    LogisticRegression or Pipeline
        As `model`.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    TypeError
        If the model is neither, or a share is not a real number.
    ValueError
        If the model fits each class or label by itself, or shares are not those of its classes, not within (0, 1) or
        do not add up to one.
    """
    if hasattr(model, "steps"):
        pipeline = copy.copy(model)
        *others, (name, last) = model.steps
        pipeline.steps = [*others, (name, prior_corrected(last, sampled_share, population_share))]
        return pipeline
    _check_correctable(model)
    given = {"sampled_share": sampled_share, "population_share": population_share}
    sampled, population = (_shares(name, share, model.classes_.tolist()) for name, share in given.items())
    corrected = copy.copy(model)
    vars(corrected).update({name: value.copy() for name, value in vars(model).items() if _is_learnt(name, value)})
    if len(sampled) == 2:
        moved = corrected_intercept(model.intercept_, sampled[1], population[1])
    else:
        moves = np.log(population) - np.log(sampled)
        moved = model.intercept_ + (moves - moves.mean())
    corrected.intercept_ = moved.astype(model.intercept_.dtype)
    return corrected


def _check_correctable(model):
    from sklearn.utils.validation import check_is_fitted  # whoever has a model has loaded it

    expected = "expected a LogisticRegression, of fastlr or scikit-learn, or a Pipeline that ends in one"
    if not hasattr(model, "fit"):
        raise TypeError(f"model={model!r}: {expected}")
    check_is_fitted(model)
    if not all(hasattr(model, name) for name in ("coef_", "intercept_", "classes_")):
        hint = "; its best_estimator_ may be meant" if hasattr(model, "best_estimator_") else ""
        raise TypeError(f"model is a {type(model).__name__}: {expected}{hint}")
    K, shape = len(model.classes_), np.shape(model.intercept_)
    kind = kind_of(model)
    if shape != ((1,) if K == 2 else (K,)) or (K > 2 and kind in _SEPARATE):
        raise ValueError(
            f"model has {K} classes, multi_class={kind!r} and an intercept of shape {shape}: expected two classes and "
            "shape (1,), or one softmax of all classes"
        )


def _is_learnt(name, value):
    """Whether an attribute is an array of a fit, which a copy has for itself."""
    return name.endswith("_") and (isinstance(value, np.ndarray) or hasattr(value, "toarray"))


def _shares(name, given, classes):
    """Shares of the classes, (K,), each in (0, 1)."""
    if not isinstance(given, Mapping):
        if (shape := amounts(name, given).shape) != ():
            raise ValueError(f"{name} has shape {shape}: expected a number or a dict {{label: share}}")
        if len(classes) != 2:
            raise ValueError(f"{name}={given!r}: expected a dict {{label: share}} of the {len(classes)} classes")
        _log_odds(name, given)
        return np.array([1.0 - float(given), float(given)])
    unknown = [label for label in given if label not in classes]
    missing = [label for label in classes if label not in given]
    if unknown or len(missing) > 1:
        raise ValueError(f"{name} has shares of {list(given)}: expected those of the classes {classes}")
    for label, share in given.items():
        if (shape := amounts(f"{name}[{label!r}]", share).shape) != ():
            raise ValueError(f"{name}[{label!r}] has shape {shape}: expected a number")
        _log_odds(f"{name}[{label!r}]", share)
    total = sum(map(float, given.values()))
    if (not missing and abs(total - 1.0) > 1e-6) or (missing and total >= 1.0):
        raise ValueError(f"{name} adds up to {total}: expected {'less than 1' if missing else '1'}")
    return np.array([float(given.get(label, 1.0 - total)) for label in classes])


def _class_codes(y):
    """(class number of each row, number of classes)."""
    labels = as_array("y", y)
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"y has shape {labels.shape}: expected (n,) with at least one row")
    if labels.dtype.kind in "fc" and np.isnan(labels).any():
        raise ValueError("y contains NaN: expected a label in every row")
    try:
        classes, codes = np.unique(labels, return_inverse=True)
    except TypeError as error:
        raise TypeError(f"y holds labels that cannot be sorted: {error}") from None
    if len(classes) < 2:
        raise ValueError(f"y holds one class only ({classes.tolist()[0]!r}): expected two or more classes")
    return codes, len(classes)


def _costs(**costs):
    """The costs as float64 arrays of one shape, finite."""
    arrays = {name: amounts(name, cost) for name, cost in costs.items()}
    for name, cost in arrays.items():
        if not np.isfinite(cost).all():
            raise ValueError(f"{name}: expected finite costs, found {cost[~np.isfinite(cost)].flat[0]}")
    try:
        return np.broadcast_arrays(*arrays.values())
    except ValueError as error:
        shapes = ", ".join(f"{name} {cost.shape}" for name, cost in arrays.items())
        raise ValueError(f"costs of different shapes, {shapes}: {error}") from None


def _check_excess(error_name, wrong, right_name, right):
    """Raise ValueError unless an error costs more than the right decision everywhere."""
    if not (wrong > right).all():
        raise ValueError(
            f"{error_name} exceeds {right_name} by {(wrong - right).min()}: expected an error to cost more than the "
            "right decision; otherwise no threshold on the probability separates the decisions"
        )


def _log_odds(name, share):
    share = amounts(name, share)
    if not ((share > 0.0) & (share < 1.0)).all():
        raise ValueError(f"{name}={share}: expected a share within (0, 1)")
    return np.log(share) - np.log1p(-share)
