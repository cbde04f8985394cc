"""fit_logistic: optimality, parity, certificates, determinism."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from support.layouts import as_layout
from support.problems import make_problem
from support.references import objective

import fastlr


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("l2", [1e-4, 1e-2, 1.0])
def test_l2_reaches_the_optimum_of_scikit_learn(layout, fit_intercept, l2):
    X, y = make_problem()
    result = fastlr.fit_logistic(as_layout(X, layout), y, l2=l2, tol=1e-13, fit_intercept=fit_intercept)
    reference = SklearnLogisticRegression(
        C=1 / (l2 * len(y)), fit_intercept=fit_intercept, tol=1e-12, solver="newton-cholesky"
    ).fit(X, y)
    assert result.converged
    np.testing.assert_allclose(result.coef, reference.coef_[0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(result.intercept, reference.intercept_[0], rtol=1e-5, atol=1e-7)
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept, l2=l2), rel=1e-13)
