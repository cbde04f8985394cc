"""From the arguments of the estimator's fit to X and the fit that they ask for: data checked, classes weighed.

`learner` is the copy of the estimator that learns, which scikit-learn's checks tell of the columns of X.
"""

import numpy as np

from fastlr.estimator.class_weight import of_two
from fastlr.estimator.formulation import EachLabel, TwoClasses, many_classes
from fastlr.estimator.plain_data import note_features, two_classes
from fastlr.estimator.sklearn_validation import NO_Y, converted, validated
from fastlr.estimator.targets import classes_and_codes, clearer, indicator
from fastlr.fit import arguments
from fastlr.validation.containers import refuse, text_names
from fastlr.validation.sample_weights import positive_weights


def prepared(learner, settings, X, y, sample_weight, trials):
    """X as it is fitted, and the fit that multi_class and y ask for."""
    if settings.multi_class == "multilabel":
        return _indicated(learner, settings, X, y, sample_weight, trials)
    if trials is not None:
        return _counted(learner, settings, X, y, sample_weight, trials)
    plain = two_classes(X, y)
    if plain is None:
        return _labelled(learner, settings, X, y, sample_weight)
    note_features(learner, X)
    return X, _of_two(settings, *plain, positive_weights(sample_weight, X.shape[0]))


def _labelled(learner, settings, X, y, sample_weight):
    """X and the fit to one label a row."""
    given, (X, labels) = X, _validated(learner, X, y)
    classes, codes = classes_and_codes(labels, y)
    weight = positive_weights(sample_weight, X.shape[0])
    X = converted(learner, given, X)
    if len(classes) > 2:
        return X, many_classes(settings, classes, codes, weight)
    return X, _of_two(settings, classes, codes.astype(np.float64), weight)


def _counted(learner, settings, X, y, sample_weight, trials):
    """X and the fit to successes y among trials."""
    given, X = X, _validated(learner, X)
    n = X.shape[0]
    weight = None if sample_weight is None else arguments.Checked(positive_weights(sample_weight, n))
    fit = _of_two(settings, np.array([0, 1]), *arguments.shares(y, trials, weight, n))
    return converted(learner, given, X), fit


def _indicated(learner, settings, X, Y, sample_weight, trials):
    """X and the fits to the labels of an indicator."""
    if trials is not None:
        raise ValueError("trials: expected None with multi_class='multilabel'")
    if Y is None:
        raise ValueError("y is None: multi_class='multilabel' expects an indicator (n_samples, n_labels)")
    refuse("y", Y)
    given, X = X, _validated(learner, X)
    n = X.shape[0]
    weight = positive_weights(sample_weight, n)
    fit = EachLabel.of(settings, indicator(Y, n), weight, text_names(Y))
    return converted(learner, given, X), fit


def _of_two(settings, classes, targets, weight):
    """The fit of two classes: shares of the second one."""
    if settings.class_weight is not None:
        targets, weight = of_two(settings.class_weight, classes, targets, weight)
    return TwoClasses(classes, targets, weight)


def _validated(learner, X, y=NO_Y):
    """X and y as scikit-learn checks them, errors naming the argument; X is not scanned for NaN."""
    try:
        return validated(
            learner, X, y, accept_sparse=["csr", "csc"], dtype=[np.float64, np.float32], ensure_all_finite=False
        )
    except (TypeError, ValueError) as error:
        told = clearer(error, y)
        if told is error:
            raise
        raise told from error
