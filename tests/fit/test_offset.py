"""An offset is a column with a coefficient of one.  (Each solver with one: solvers/test_every_solver.py.)"""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import xlogy
from support.problems import scaled_problem

from fastlr import fit_logistic

PENALTIES = {"l2": {"l2": 1e-2}, "l1": {"l1": 1e-2}}


def offset_problem(seed=0):
    X, y = scaled_problem(p=8, seed=seed)
    return X, y, np.random.default_rng(seed).normal(scale=1.5, size=len(y))


def test_a_constant_offset_moves_the_intercept_alone():
    X, y, _ = offset_problem()
    plain = fit_logistic(X, y, l2=1e-2, tol=1e-13)
    moved = fit_logistic(X, y, l2=1e-2, offset=np.full(len(y), 3.0), tol=1e-13)
    np.testing.assert_allclose(moved.coef, plain.coef, rtol=1e-6)
    assert moved.intercept == pytest.approx(plain.intercept - 3.0, abs=1e-6)
    assert moved.objective == pytest.approx(plain.objective, rel=1e-12)


def test_the_same_coefficients_as_statsmodels():
    X, y, offset = offset_problem(1)
    peer = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(), offset=offset).fit(tol=1e-14)
    result = fit_logistic(X, y, offset=offset, tol=1e-14)
    np.testing.assert_allclose(np.r_[result.intercept, result.coef], peer.params, rtol=1e-6)


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_the_gap_is_never_below_the_truth_with_a_large_offset(penalty):
    X, y, offset = offset_problem(2)
    for size in (1.0, 1e3, 1e6):
        exact = fit_logistic(X, y, **PENALTIES[penalty], offset=size * offset, tol=0)
        rough = fit_logistic(X, y, **PENALTIES[penalty], offset=size * offset, tol=1e-4)
        assert rough.objective - exact.objective <= rough.duality_gap


def test_weights_equal_repetition_with_an_offset():
    X, y, offset = offset_problem(3)
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), counts)
    weighted = fit_logistic(X, y, l1=1e-2, offset=offset, sample_weight=counts, tol=1e-12)
    again = fit_logistic(X[repeated], y[repeated], l1=1e-2, offset=offset[repeated], tol=1e-12)
    np.testing.assert_allclose(weighted.coef, again.coef, atol=1e-6)


def test_the_null_model_keeps_the_offset():
    X, y, offset = offset_problem(4)
    result = fit_logistic(X, y, l1=10.0, offset=offset, fit_intercept=False)
    p = 1.0 / (1.0 + np.exp(-offset))
    assert not result.coef.any()
    assert result.objective == pytest.approx(-np.mean(xlogy(y, p) + xlogy(1 - y, 1 - p)))


@pytest.mark.parametrize(
    ("offset", "error", "message"),
    [
        (np.zeros(3), ValueError, "offset has shape"),
        (np.full(300, np.nan), ValueError, "offset contains NaN"),
        (["a"] * 300, TypeError, "offset"),
    ],
)
def test_offsets_that_cannot_be_used(offset, error, message):
    X, y, _ = offset_problem()
    with pytest.raises(error, match=message):
        fit_logistic(X, y, offset=offset)
