"""Which of scikit-learn's own tests say nothing of ours, and why: the rules that conftest.py deselects by."""

import re
from dataclasses import dataclass

#: Versions of scikit-learn whose tests the rules were written for.
VERSIONS = ("1.9",)


@dataclass(frozen=True)
class Rule:
    """Cases whose whole name (test and parameters) matches the pattern."""

    pattern: str
    reason: str


RULES = (
    Rule(r"test_(consistency_path|logistic_regression_path_.*)", "tests a private function, the path of one solver"),
    Rule(r"test_.*array_api.*", "needs arrays of other libraries, which are not taken"),
    Rule(r"test_logistic_regression_callback_.*", "tests scikit-learn's experimental callbacks"),
    Rule(r"test_(max_iter|check_solver_option)\[.*", "pins a message for each solver"),
    Rule(r"test_newton_cholesky_fallback_to_lbfgs", "pins the message of one solver about another"),
    Rule(r"test_liblinear_with_large_values", "pins a limit of LIBLINEAR: values above 1e30 are refused"),
    Rule(r"test_liblinear_dual_random_state", "pins that LIBLINEAR's coefficients depend on the random state"),
    Rule(r"test_dtype_match\[.*-liblinear\]", "pins float64 results of LIBLINEAR for float32 X"),
    Rule(r"test_large_sparse_matrix\[.*-(liblinear|sag|saga)\]", "pins that solvers refuse int64 indices"),
    Rule(r"test_logisticregression_warns_with_n_jobs", "pins that n_jobs has no effect"),
    Rule(r"test_l1_ratio_None_deprecated", "ends with LogisticRegressionCV"),
    Rule(
        r"test_zero_max_iter\[(liblinear|newton-cg|newton-cholesky|sag|saga)\]",
        "pins an intercept of zero before the first step, which not all solvers there have; here it is always optimal",
    ),
    Rule(
        r"test_(logistic_cv\[(True|False)\]|logistic_regression_cv_refit\[.*|scores_attribute_layout_elasticnet)",
        "compares coefficients of their LogisticRegressionCV with ours, to more digits than tol gives in either",
    ),
    # Three or more classes: one rule, to be deleted with the limit.
    Rule(
        r"test_(predict_3_classes|logistic_glmnet|sparsify|multinomial_.*|n_iter|warm_start|warm_start_newton_solver"
        r"|sample_weight_not_modified|liblinear_multiclass_raises|logistic_regression_solvers_multiclass.*"
        r"|logistic_regression_class_weights|logreg_predict_proba_multinomial|logistic_cv_multinomial_score"
        r"|LogisticRegressionCV_on_folds)(\[.*)?|test_(logistic_cv_folds|LogisticRegressionCV_Grid).*\[3.*",
        "has three or more classes",
    ),
)


def rule_of(name):
    """The first rule that matches a case, or None."""
    return next((rule for rule in RULES if re.fullmatch(rule.pattern, name)), None)
