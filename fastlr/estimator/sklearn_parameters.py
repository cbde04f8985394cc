"""scikit-learn's constructor arguments, in our terms: what is theirs in name only is understood here and nowhere else.

`penalty` (deprecated there), `C`, `l1_ratio`   -> l1, l2 of the core objective
`n_jobs`                                        -> another word for n_threads
`dual`, `intercept_scaling`                     -> understood, without effect (the intercept is never penalised)
solver names of scikit-learn                    -> what "auto" chooses, with the limits the name has there
"""

import math
import warnings

from fastlr.validation.numbers import threads

#: scikit-learn's solver name -> the penalties that the name allows there.
SKLEARN_SOLVERS = {
    "lbfgs": ("l2", "none"),
    "liblinear": ("l1", "l2"),
    "newton-cg": ("l2", "none"),
    "newton-cholesky": ("l2", "none"),
    "sag": ("l2", "none"),
    "saga": ("l1", "l2", "elasticnet", "none"),
}
#: What says today what `penalty` said.
ADVICE = {"l1": "l1_ratio=1", "l2": "l1_ratio=0", "elasticnet": "l1_ratio between 0 and 1", None: "C=np.inf"}


def effective_penalty(penalty, C, l1_ratio):
    """(C, l1_ratio) once the deprecated `penalty` has had its say, with scikit-learn's warnings."""
    if penalty == "deprecated":
        if l1_ratio is None:
            _warn("'l1_ratio=None' was deprecated in scikit-learn 1.8: use l1_ratio=0", FutureWarning)
            return C, 0.0
        return C, l1_ratio
    if penalty not in ADVICE:
        raise ValueError(f"penalty={penalty!r}: expected 'l1', 'l2', 'elasticnet' or None")
    _warn(
        f"'penalty' was deprecated in scikit-learn 1.8: use {ADVICE[penalty]} instead of penalty={penalty!r}",
        FutureWarning,
    )
    if penalty != "elasticnet" and l1_ratio is not None and 0 < l1_ratio < 1:
        _warn(f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})", UserWarning)
    if penalty is None:
        if C != 1.0:
            _warn("Setting penalty=None will ignore the C and l1_ratio parameters", UserWarning)
        return float("inf"), 0.0
    if penalty == "elasticnet":
        if l1_ratio is None:
            raise ValueError("l1_ratio=None: expected a number in [0, 1] when penalty is 'elasticnet'")
        return C, l1_ratio
    meant = 1.0 if penalty == "l1" else 0.0
    if l1_ratio != meant:
        _warn(f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. The penalty decides", UserWarning)
    return C, meant


def _warn(message, category):
    """Warn at the line that called fit, which is decorated."""
    warnings.warn(message, category, stacklevel=6)


def our_solver(name, penalty):
    """The name of our solver for `solver=name`; raises ValueError where scikit-learn's name cannot do the penalty."""
    if name not in SKLEARN_SOLVERS:
        return name
    allowed = SKLEARN_SOLVERS[name]
    if penalty not in allowed:
        able = [key for key, penalties in SKLEARN_SOLVERS.items() if penalty in penalties]
        raise ValueError(
            f"Solver {name} supports only {' and '.join(allowed)} penalties, got {penalty}: use solver='auto' "
            f"(or {', '.join(repr(key) for key in able)})"
        )
    return "auto"


def softmax_solver(name, penalty):
    """What `solver=name` is for fit_softmax; raises ValueError where it cannot fit more than two classes at once."""
    if name == "liblinear":
        raise ValueError(
            "The 'liblinear' solver does not support multiclass classification (n_classes >= 3): use solver='auto', "
            "or multi_class='ovr'"
        )
    ours = our_solver(name, penalty)
    if ours not in ("auto", "newton_cg" if penalty in ("l2", "none") else "coordinate_descent"):
        raise ValueError(
            f"solver={name!r} does not fit the softmax of more than two classes with penalty {penalty}: use "
            "solver='auto', or multi_class='ovr'"
        )
    return ours


def merge_n_jobs(n_threads, n_jobs):
    """n_threads, or n_jobs where only that was given, as an int or None."""
    return threads("n_jobs", n_jobs) if n_threads is None else threads("n_threads", n_threads)


def strengths(C, l1_ratio, total):
    """l1 and l2 of the core objective; `total` is the sum of all weights."""
    scaled = C * total
    if scaled == 0.0 or math.isinf(1.0 / scaled):
        raise ValueError(
            f"C={C!r}: the penalty 1 / (C S) with S = {total:g}, the sum of the weights, is more than double precision "
            "can hold; expected a larger C or larger weights"
        )
    return l1_ratio / scaled, (1.0 - l1_ratio) / scaled
