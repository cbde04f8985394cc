"""An offset is a column with a coefficient of one."""

import numpy as np
import pytest
import statsmodels.api as sm
from helpers import as_layout, make_problem
from scipy.special import xlogy

from fastlr import fit_logistic
from fastlr.solvers import SOLVERS

CASES = [
    (solver, name)
    for solver, spec in SOLVERS.items()
    for name, kind in (("none", "none"), ("l2", "l2"), ("l1", "l1"), ("elasticnet", "elasticnet"))
    if spec.handles(kind)
]
PENALTIES = {"none": {}, "l2": {"l2": 1e-2}, "l1": {"l1": 1e-2}, "elasticnet": {"l1": 5e-3, "l2": 5e-3}}


def problem(seed=0):
    X, y = make_problem(p=8, seed=seed)
    return X / X.std(axis=0), y, np.random.default_rng(seed).normal(scale=1.5, size=len(y))


def slopes(X, y, offset, result, l1=0.0, l2=0.0):
    """The subgradient of least norm in coefficients, and the derivative in the intercept."""
    residual = (1.0 / (1.0 + np.exp(-(X @ result.coef + result.intercept + offset))) - y) / len(y)
    gradient = X.T @ residual + l2 * result.coef
    at_zero = np.sign(gradient) * np.maximum(np.abs(gradient) - l1, 0.0)
    return np.where(result.coef == 0.0, at_zero, gradient + l1 * np.sign(result.coef)), residual.sum()


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(("solver", "penalty"), CASES)
def test_every_solver_reaches_the_optimum_with_an_offset(layout, solver, penalty, fit_intercept):
    X, y, offset = problem()
    needs_rows = solver in ("newton_small", "stochastic_gradient")
    if (layout in ("F", "csc") and SOLVERS[solver].by_rows) or (layout == "csc" and needs_rows):
        pytest.skip("needs rows")
    result = fit_logistic(
        as_layout(X, layout),
        y,
        **PENALTIES[penalty],
        offset=offset,
        fit_intercept=fit_intercept,
        solver=solver,
        tol=1e-11,
        max_iter=20_000,
    )
    assert result.converged
    rest, slope = slopes(X, y, offset, result, **PENALTIES[penalty])
    assert np.abs(rest).max() < 1e-5
    assert abs(slope) < 1e-6 if fit_intercept else result.intercept == 0.0


def test_a_constant_offset_moves_the_intercept_alone():
    X, y, _ = problem()
    plain = fit_logistic(X, y, l2=1e-2, tol=1e-13)
    moved = fit_logistic(X, y, l2=1e-2, offset=np.full(len(y), 3.0), tol=1e-13)
    np.testing.assert_allclose(moved.coef, plain.coef, rtol=1e-6)
    assert moved.intercept == pytest.approx(plain.intercept - 3.0, abs=1e-6)
    assert moved.objective == pytest.approx(plain.objective, rel=1e-12)


def test_the_same_coefficients_as_statsmodels():
    X, y, offset = problem(1)
    peer = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(), offset=offset).fit(tol=1e-14)
    result = fit_logistic(X, y, offset=offset, tol=1e-14)
    np.testing.assert_allclose(np.r_[result.intercept, result.coef], peer.params, rtol=1e-6)


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_the_gap_is_never_below_the_truth_with_a_large_offset(penalty):
    X, y, offset = problem(2)
    for size in (1.0, 1e3, 1e6):
        exact = fit_logistic(X, y, **PENALTIES[penalty], offset=size * offset, tol=0)
        rough = fit_logistic(X, y, **PENALTIES[penalty], offset=size * offset, tol=1e-4)
        assert rough.objective - exact.objective <= rough.duality_gap


def test_weights_equal_repetition_with_an_offset():
    X, y, offset = problem(3)
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    repeated = np.repeat(np.arange(len(y)), counts)
    weighted = fit_logistic(X, y, l1=1e-2, offset=offset, sample_weight=counts, tol=1e-12)
    again = fit_logistic(X[repeated], y[repeated], l1=1e-2, offset=offset[repeated], tol=1e-12)
    np.testing.assert_allclose(weighted.coef, again.coef, atol=1e-6)


def test_the_null_model_keeps_the_offset():
    X, y, offset = problem(4)
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
    X, y, _ = problem()
    with pytest.raises(error, match=message):
        fit_logistic(X, y, offset=offset)
