"""Fast, certified logistic regression.

`LogisticRegression` is scikit-learn's class under the same name, fitted by other solvers: start there.  Its attribute
``result_`` prints what is known of a fit.

Without scikit-learn, arrays in and a `LogisticResult` out: `fit_logistic` (two classes), `fit_softmax` (many) and
`fit_one_vs_rest` (one against the rest, or several labels).  `progress_bar` makes a callback for long fits.

`fastlr.imbalance` has weights, thresholds and corrected intercepts for classes of unequal size, `fastlr.special` the
loss and its derivatives on arrays, `fastlr.diagnosis` what a result's `findings` are.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what __getattr__ finds, for type checkers and editors
    from fastlr import diagnosis as diagnosis, imbalance as imbalance, special as special
    from fastlr._progress_bar import progress_bar as progress_bar
    from fastlr.fit.binary import fit_logistic as fit_logistic
    from fastlr.fit.one_vs_rest import fit_one_vs_rest as fit_one_vs_rest
    from fastlr.fit.softmax import fit_softmax as fit_softmax
    from fastlr.linear_model import LogisticRegression as LogisticRegression, SeparationWarning as SeparationWarning
    from fastlr.solvers import (
        FitInterrupted as FitInterrupted,
        LogisticResult as LogisticResult,
        LogisticResults as LogisticResults,
        Progress as Progress,
        Status as Status,
    )

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
    "fit_logistic": "fastlr.fit.binary",
    "fit_one_vs_rest": "fastlr.fit.one_vs_rest",
    "fit_softmax": "fastlr.fit.softmax",
    "progress_bar": "fastlr._progress_bar",
}
_MODULES = ("diagnosis", "imbalance", "special")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"fastlr.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'fastlr' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    return sorted(__all__)
