"""The constructor arguments of the estimator, checked in fit with scikit-learn's own machinery and wording."""

import math
from numbers import Integral, Real

from sklearn.utils._param_validation import Hidden, Interval, StrOptions, validate_parameter_constraints

from fastlr._fit_arguments import refuse_maker
from fastlr._sklearn_arguments import SKLEARN_SOLVERS
from fastlr.solvers import SOLVERS

_SOLVER_NAMES = {"auto", *SOLVERS, *SKLEARN_SOLVERS}
_MULTI_CLASS = {"multinomial", "ovr", "multilabel"}
_NUMBERS = (int, float)

CONSTRAINTS = {
    "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, Hidden(StrOptions({"deprecated"}))],
    "C": [Interval(Real, 0, None, closed="right")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
    "penalty_factor": ["array-like", dict, None],
    "bounds": [tuple, list, dict, None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "standardize": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, list, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
    "solver": [StrOptions(_SOLVER_NAMES)],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "n_jobs": [None, Integral],
    "n_threads": [None, Integral],
    "time_limit": [None, Interval(Real, 0, None, closed="left")],
    "callback": [None, callable],
    "multi_class": [StrOptions(_MULTI_CLASS)],
    "group_penalty": ["boolean"],
}


def check_parameters(estimator):
    """Raise InvalidParameterError (a ValueError) for the first argument outside its constraints, TypeError for a
    maker of callbacks in place of a callback."""
    if not _are_plain(estimator):
        parameters = estimator.get_params(deep=False)
        validate_parameter_constraints(CONSTRAINTS, parameters, caller_name=type(estimator).__name__)
    refuse_maker(estimator.callback)
    if estimator.group_penalty and estimator.multi_class != "multinomial":
        raise ValueError(
            f"group_penalty=True with multi_class={estimator.multi_class!r}: expected multi_class='multinomial', the "
            "problems of the others share no coefficients that could form a group"
        )


def _are_plain(self):
    """Whether all arguments are of the built-in types and within CONSTRAINTS: scikit-learn's way costs a small fit."""
    return (
        type(self.penalty) is str
        and self.penalty == "deprecated"
        and type(self.C) in _NUMBERS
        and self.C > 0
        and type(self.l1_ratio) in _NUMBERS
        and 0 <= self.l1_ratio <= 1
        and type(self.tol) is float
        and 0.0 <= self.tol < math.inf
        and type(self.intercept_scaling) in _NUMBERS
        and 0 < self.intercept_scaling < math.inf
        and type(self.max_iter) is int
        and self.max_iter >= 0
        and type(self.verbose) is int
        and self.verbose >= 0
        and type(self.dual) is type(self.fit_intercept) is type(self.standardize) is type(self.warm_start) is bool
        and type(self.group_penalty) is bool
        and type(self.multi_class) is type(self.solver) is str
        and self.multi_class in _MULTI_CLASS
        and self.solver in _SOLVER_NAMES
        and self.class_weight is self.random_state is self.time_limit is self.penalty_factor is self.bounds is None
        and (self.n_jobs is None or type(self.n_jobs) is int)
        and (self.n_threads is None or type(self.n_threads) is int)
        and (self.callback is None or callable(self.callback))
    )
