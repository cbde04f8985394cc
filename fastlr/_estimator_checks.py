"""The constructor arguments of the estimator, checked in fit with scikit-learn's own machinery and wording."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Hidden, Interval, StrOptions, validate_parameter_constraints

from fastlr._sklearn_arguments import SKLEARN_SOLVERS
from fastlr.solvers import SOLVERS

CONSTRAINTS = {
    "penalty": [StrOptions({"l1", "l2", "elasticnet"}), None, Hidden(StrOptions({"deprecated"}))],
    "C": [Interval(Real, 0, None, closed="right")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "standardize": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
    "solver": [StrOptions({"auto", *SOLVERS, *SKLEARN_SOLVERS})],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "n_jobs": [None, Integral],
    "n_threads": [None, Integral],
    "time_limit": [None, Interval(Real, 0, None, closed="left")],
    "callback": [None, callable],
}


def check_parameters(estimator):
    """Raise InvalidParameterError (a ValueError) for the first argument outside its constraints."""
    validate_parameter_constraints(CONSTRAINTS, estimator.get_params(deep=False), caller_name=type(estimator).__name__)
