"""The constructor arguments of the estimator, checked in fit with scikit-learn's own machinery and wording."""

import math
from numbers import Integral, Real
from types import SimpleNamespace

from sklearn.utils._param_validation import (
    Hidden,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)

from fastlr.estimator.sklearn_parameters import SKLEARN_SOLVERS
from fastlr.fit.arguments import refuse_maker
from fastlr.solvers import SOLVERS
from fastlr.validation.numbers import plain, unwrapped

_SOLVER_NAMES = {"auto", *SOLVERS, *SKLEARN_SOLVERS}
_MULTI_CLASS = {"multinomial", "ovr", "multilabel"}
#: Whole numbers up to here are as exact as floats.
_WHOLE = 2**53
#: Arguments that are numbers, and those that are whole ones.
_REAL, _INTEGRAL = ("C", "l1_ratio", "tol", "time_limit"), ("max_iter", "n_jobs", "n_threads")

CONSTRAINTS = {
    "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, Hidden(StrOptions({"deprecated"}))],
    "C": [Interval(Real, 0, None, closed="right")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
    "penalty_factor": ["array-like", dict, None],
    "bounds": [tuple, list, dict, None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="both")],
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
    "time_limit": [None, Interval(Real, 0, None, closed="both")],
    "callback": [None, callable],
    "multi_class": [StrOptions(_MULTI_CLASS)],
    "group_penalty": ["boolean"],
}


def checked(estimator):
    """The constructor arguments as attributes, checked, and the numbers among them Python's own.

    It is the estimator itself where its arguments are of the built-in types.

    Raises
    ------
    InvalidParameterError (a ValueError)
        For the first argument outside its constraints.
    ValueError
        For a `group_penalty` with another `multi_class` than "multinomial".
    TypeError
        For a maker of callbacks in place of a callback.
    """
    given = estimator if _are_plain(estimator) else _normalised(estimator)
    refuse_maker(given.callback)
    if given.group_penalty and given.multi_class != "multinomial":
        raise ValueError(
            f"group_penalty=True with multi_class={given.multi_class!r}: expected multi_class='multinomial', the "
            "problems of the others share no coefficients that could form a group"
        )
    return given


def _normalised(estimator):
    """The arguments, all checked: numbers of other types as Python's, arrays without dimensions as what they hold."""
    caller = type(estimator).__name__
    parameters = {name: unwrapped(getattr(estimator, name)) for name in sorted(CONSTRAINTS)}
    for name in (*_REAL, *_INTEGRAL):
        if isinstance(parameters[name], bool):  # for Python a number
            raise InvalidParameterError(f"The {name!r} parameter of {caller} must be a number. Got {parameters[name]}.")
        parameters[name] = plain(parameters[name])
    validate_parameter_constraints(CONSTRAINTS, parameters, caller_name=caller)
    for name in _REAL:
        parameters[name] = _as_float(name, parameters[name])
    return SimpleNamespace(**parameters)


def _as_float(name, value):
    try:
        return value if value is None else float(value)
    except OverflowError:
        raise ValueError(f"{name}={value!r}: expected a number that double precision can hold") from None


def _are_plain(self):
    """Whether all arguments are of the built-in types and within CONSTRAINTS: scikit-learn's way costs a small fit."""
    return (
        type(self.penalty) is str
        and self.penalty == "deprecated"
        and (type(self.C) is float or (type(self.C) is int and self.C <= _WHOLE))
        and self.C > 0
        and type(self.l1_ratio) in (int, float)
        and 0 <= self.l1_ratio <= 1
        and type(self.tol) is float
        and self.tol >= 0.0
        and type(self.intercept_scaling) in (int, float)
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
        and (self.n_jobs is None or (type(self.n_jobs) is int and self.n_jobs != 0))
        and (self.n_threads is None or (type(self.n_threads) is int and self.n_threads != 0))
        and (self.callback is None or callable(self.callback))
    )
