"""`LogisticRegression` by the name that scikit-learn gives its module."""

from fastlr.estimator.logistic_regression import LogisticRegression, SeparationWarning

__all__ = ["LogisticRegression", "SeparationWarning"]
