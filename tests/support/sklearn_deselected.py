"""Which of scikit-learn's own tests for LogisticRegression do not apply to ours, and why.

A case is deselected by the first rule that applies.  Rules are for what scikit-learn's tests pin of scikit-learn
itself: its limits, its wording, how many iterations its solvers take.  A case that fails for any other reason is an
error of fastlr.
"""

import inspect
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

from sklearn.linear_model import LogisticRegressionCV

from fastlr import LogisticRegression

#: Name under which the second copy of scikit-learn's test module is loaded, with our class in it.
COPY = "sklearn_test_logistic_with_fastlr"

#: major.minor of the scikit-learn releases whose test file the rules were written for.
KNOWN_RELEASES = {"1.9"}


class Case(NamedTuple):
    """A test function with one set of parameters."""

    name: str
    parameters: dict[str, Any]
    function: Callable


class Rule(NamedTuple):
    """Deselects the cases of the tests named (of all tests, if none is) for which `when` is true."""

    reason: str
    tests: tuple[str, ...] = ()
    when: Callable[[Case], bool] = lambda case: True

    def applies(self, case):
        return (not self.tests or case.name in self.tests) and self.when(case)


def own_case(item):
    """The case behind a collected pytest item, or None where it is not one of scikit-learn's."""
    function = getattr(item, "function", None)
    if getattr(function, "__module__", None) != COPY:
        return None
    callspec = getattr(item, "callspec", None)
    return Case(item.originalname, {} if callspec is None else callspec.params, function)


def first_rule(case):
    """The rule that deselects the case, or None."""
    return next((rule for rule in RULES if rule.applies(case)), None)


def _without_ours(case):
    """Whether neither the test's code nor a parameter names LogisticRegression."""
    code = inspect.unwrap(case.function).__code__
    return not _takes(case, LogisticRegression) and "LogisticRegression" not in _names(code)


def _takes(case, estimator):
    return any(value is estimator for value in case.parameters.values())


def _names(code):
    nested = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names, nested))


def _of_cv(case):
    return _takes(case, LogisticRegressionCV) or case.parameters.get("problem") == "cv"


def _with_solver(*solvers):
    return lambda case: case.parameters["solver"] in solvers


RULES = [
    Rule("LogisticRegressionCV or private functions of scikit-learn alone: our class is not in it", when=_without_ours),
    Rule("the case of a test for both classes that takes LogisticRegressionCV", when=_of_cv),
    Rule(
        "LogisticRegressionCV against LogisticRegression to more digits than tol grants: theirs bounds a gradient or a "
        "step of the coefficients, ours the duality gap",
        (
            "test_logistic_cv",
            "test_logistic_regression_cv_refit",
            "test_scores_attribute_layout_elasticnet",
            "test_LogisticRegressionCV_on_folds",
        ),
    ),
    Rule(
        "against the private functions behind scikit-learn's fit, with arguments and tol of theirs",
        ("test_consistency_path", "test_logistic_cv_multinomial_score"),
    ),
    Rule(
        "three classes to five digits at tol=1e-8, which grants four: it bounds the duality gap, theirs the gradient "
        "(test_classes.py has the same numbers at a smaller tol)",
        ("test_logistic_glmnet",),
    ),
    Rule(
        "two Newton steps at once are two single ones: here those for more than two classes are truncated, to an "
        "accuracy that goes by where the fit began",
        ("test_warm_start_newton_solver",),
    ),
    Rule(
        "a message, or a number of iterations, per solver of scikit-learn",
        ("test_check_solver_option", "test_max_iter", "test_newton_cholesky_fallback_to_lbfgs"),
    ),
    Rule(
        "its solvers start from intercept 0; here the intercept is optimal for the coefficients at every point",
        ("test_zero_max_iter",),
        _with_solver("liblinear", "newton-cg", "newton-cholesky", "sag", "saga"),
    ),
    Rule("liblinear's dual solver depends on random_state", ("test_liblinear_dual_random_state",)),
    Rule("liblinear returns float64 for float32", ("test_dtype_match",), _with_solver("liblinear")),
    Rule("liblinear refuses values above 1e30", ("test_liblinear_with_large_values",)),
    Rule(
        "liblinear, sag and saga refuse 64-bit indices",
        ("test_large_sparse_matrix",),
        _with_solver("liblinear", "sag", "saga"),
    ),
    Rule("n_jobs has no effect there; here it is a number of threads", ("test_logisticregression_warns_with_n_jobs",)),
    Rule(
        "scikit-learn's experimental callbacks",
        (
            "test_logistic_regression_callback_support",
            "test_logistic_regression_callback_fitted_estimator",
            "test_logistic_regression_callback_support_warning",
        ),
    ),
    Rule(
        "arrays of other libraries than NumPy, on other devices",
        ("test_logistic_regression_array_api_compliance", "test_logistic_regression_array_api_warm_start"),
        lambda case: case.parameters["array_namespace"] != "numpy",
    ),
]
