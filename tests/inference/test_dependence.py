"""Columns that depend on each other: they are named, and the coefficients are those of least norm."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.identifiability import least_norm, rank
from support.layouts import as_layout
from support.problems import dependent, make_problem, overlapping
from support.references import objective

from fastlr import Status, fit_logistic
from fastlr.inference.identifiability import Collinear, Constant
from fastlr.matrix import as_matrix
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.solvers import SOLVERS

UNPENALISED = [name for name, spec in SOLVERS.items() if spec.handles("none")]
NAMES = ["sum", "constant", "zero", "twins, scales apart", "levels", "far from zero"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky"])
def test_dependent_columns_get_the_optimum_of_least_norm_and_are_named(layout, name, fit_intercept, solver):
    X, y, excess, involved, constant = dependent(name, fit_intercept)
    result = fit_logistic(as_layout(X, layout), y, fit_intercept=fit_intercept, solver=solver, tol=1e-9)
    expected = least_norm(X, result.coef, np.arange(X.shape[1]), fit_intercept)
    assert result.converged, result.message
    np.testing.assert_allclose(result.coef, expected, rtol=1e-6, atol=1e-9)
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept), rel=1e-12)
    by_kind = {type(finding): finding for finding in result.findings}
    assert (Collinear in by_kind) == bool(involved)
    assert (Constant in by_kind) == bool(constant)
    for finding in result.findings:
        assert finding.minimum_norm
        assert finding.columns == (involved if isinstance(finding, Collinear) else constant)
    if involved:
        assert by_kind[Collinear].excess == excess
        assert "collinear" in result.message
    if constant:
        assert result.coef[constant[0]] == 0.0


def test_dependence_is_seen_through_rare_levels():
    """A sample of the rows misses levels; a column for each, with the intercept, is one too many all the same."""
    rng = np.random.default_rng(0)
    n, k = 30_000, 150
    level = np.minimum(rng.geometric(0.08, n) - 1, k - 1)
    level[:k] = np.arange(k)
    level[k : 2 * k] = np.arange(k)
    y = (rng.random(n) < 0.4).astype(float)
    y[:k], y[k : 2 * k] = 0.0, 1.0
    X = sp.csr_array((np.ones(n), (np.arange(n), level)), shape=(n, k))
    result = fit_logistic(X, y)
    (finding,) = result.findings
    assert isinstance(finding, Collinear)
    assert (finding.excess, finding.columns) == (1, tuple(range(k)))
    assert abs(result.coef.sum()) < 1e-8 * np.abs(result.coef).sum()  # the level of all coefficients is the intercept's
    without_last = fit_logistic(X[:, :-1], y)
    assert without_last.findings == ()
    assert result.objective == pytest.approx(without_last.objective, abs=2e-6)


@pytest.mark.parametrize("shape", [(40, 90), (60, 1200)])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_wide_data_without_separation_get_the_least_norm(layout, shape, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.3)
    y = rng.uniform(0.1, 0.9, shape[0])
    start = rng.standard_normal(shape[1]), 0.0
    result = fit_logistic(as_layout(X, layout), y, fit_intercept=fit_intercept, tol=1e-8, start=start)
    expected = least_norm(X, result.coef, np.arange(shape[1]), fit_intercept)
    (finding,) = result.findings
    assert result.converged
    assert finding.minimum_norm
    assert finding.excess == shape[1] - rank(X, fit_intercept)
    np.testing.assert_allclose(result.coef, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    assert result.objective == pytest.approx(np.mean(-(y * np.log(y) + (1 - y) * np.log1p(-y))), abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_a_start_anywhere_leads_to_the_same_coefficients(name):
    X, y, *_ = dependent(name, True)
    first = fit_logistic(X, y, tol=1e-13)
    start = np.random.default_rng(3).standard_normal(X.shape[1]) / np.maximum(np.abs(X).max(axis=0), 1.0), 0.0
    again = fit_logistic(X, y, tol=1e-13, start=start)
    size = np.abs(X).max(axis=0)
    np.testing.assert_allclose(again.coef * size, first.coef * size, atol=1e-4)


def test_rows_of_weight_zero_do_not_break_a_dependency():
    X, y, *_ = dependent("sum", True)
    weight = np.ones(len(y))
    X[:20, 5], weight[:20] = 9.0, 0.0
    result = fit_logistic(X, y, sample_weight=weight)
    assert result.findings[0].columns == (0, 3, 5)
    np.testing.assert_allclose(
        result.coef, least_norm(X, result.coef, np.arange(6), True, weight), rtol=1e-6, atol=1e-9
    )


def test_columns_of_a_part_with_a_penalty_are_left_alone():
    X, y, *_ = dependent("sum", True)
    l2 = np.zeros(6)
    l2[5] = 0.1
    result = fit_logistic(X, y, l2=l2)
    assert result.converged
    assert result.findings == ()


def test_an_ordinary_fit_has_no_findings(layout):
    X, y = make_problem(n=2000, p=12)
    for solver in UNPENALISED:
        if SOLVERS[solver].obstacle(as_matrix(as_layout(X, layout)), ElasticNet(0.0, 0.0, (12, 1))):
            continue
        result = fit_logistic(as_layout(X, layout), y, solver=solver, tol=1e-3)
        assert result.findings == ()
        assert result.status is Status.CONVERGED


def test_nearly_collinear_columns_are_not_collinear():
    X, y, rng = overlapping(n=500)
    X = np.hstack([X, X[:, [0]] + 1e-5 * rng.standard_normal((500, 1))])
    result = fit_logistic(X, y, solver="newton_cholesky")
    assert result.findings == ()
