"""Fast, certified logistic regression."""

from importlib import import_module

__version__ = "0.1.0"

# Loaded on first use: other libraries embed fastlr.kernels and fastlr.solvers, which know no scikit-learn.
_HOMES = {
    "FitInterrupted": "fastlr.solvers",
    "LogisticRegression": "fastlr.linear_model",
    "LogisticResult": "fastlr.solvers",
    "LogisticResults": "fastlr.solvers",
    "Progress": "fastlr.solvers",
    "SeparationWarning": "fastlr.linear_model",
    "Status": "fastlr.solvers",
    "fit_logistic": "fastlr.fit",
    "fit_one_vs_rest": "fastlr.one_vs_rest",
    "fit_softmax": "fastlr.softmax",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'fastlr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted(__all__)
