"""The two ways to fit two classes, called alike."""

import pytest

from fastlr import LogisticRegression, fit_logistic


def by_function(X, y, **arguments):
    return fit_logistic(X, y, **{"l2": 1e-2} | arguments)


def by_estimator(X, y, sample_weight=None, **parameters):
    return LogisticRegression(**parameters).fit(X, y, sample_weight=sample_weight)


ENTRIES = pytest.mark.parametrize("fit", [by_function, by_estimator])
