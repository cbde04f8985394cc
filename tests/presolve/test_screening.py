"""Columns that l1 holds at zero are left out before any solver runs, and nothing else changes."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.problems import few_useful_columns
from support.references import subgradient

from fastlr import fit_logistic
from fastlr.presolve import screening
from fastlr.solvers import FitInterrupted

N, P = 400, 900
USEFUL = 10


@pytest.fixture(scope="module")
def problem():
    """X (N, P), y, and an l1 that leaves the useful columns."""
    return *few_useful_columns(N, P, USEFUL), 0.012


@pytest.fixture(params=["csr", "csc"])
def X(request, problem):
    return sp.csr_array(problem[0]) if request.param == "csr" else sp.csc_array(problem[0])


def unscreened(monkeypatch):
    monkeypatch.setattr(screening, "FEW_COLUMNS", 10**9)


def worst_violation(X, y, result, fit_intercept, **problem):
    slopes, intercept_slope = subgradient(X, y, result.coef, result.intercept, **problem)
    return max(np.abs(slopes).max(), abs(intercept_slope) if fit_intercept else 0.0)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_optimum_is_that_of_all_columns(monkeypatch, problem, X, fit_intercept, l2, weighted):
    dense, y, l1 = problem
    weight = np.random.default_rng(1).integers(0, 4, N).astype(float) if weighted else None
    options = {"l1": l1, "l2": l2, "fit_intercept": fit_intercept, "sample_weight": weight, "tol": 1e-12}
    screened = fit_logistic(X, y, **options)
    worst = worst_violation(dense, y, screened, fit_intercept, l1=l1, l2=l2, weight=weight)
    assert worst < 1e-7
    unscreened(monkeypatch)
    everything = fit_logistic(X, y, **options)
    assert screened.coef.shape == (P,)
    np.testing.assert_allclose(screened.coef, everything.coef, rtol=1e-5, atol=1e-7)
    assert screened.objective == pytest.approx(everything.objective, rel=1e-11)
    assert "of 900 columns at zero" in screened.message
    assert "of 900 columns at zero" not in everything.message


def test_strengths_differ_between_columns_and_unpenalised_ones_stay(problem, X):
    dense, y, l1 = problem
    strengths = np.full(P, l1)
    rare = np.flatnonzero((dense != 0).sum(axis=0) == 2)[:3]
    strengths[rare[0]], strengths[rare[1:]] = 0.0, 1e-4
    result = fit_logistic(X, y, l1=strengths, l2=1e-3, tol=1e-12)
    assert np.count_nonzero(result.coef[rare]) == 3
    assert worst_violation(dense, y, result, True, l1=strengths, l2=1e-3) < 1e-7


def test_a_penalty_that_leaves_nothing_gives_the_null_model(problem, X):
    _, y, _ = problem
    result = fit_logistic(X, y, l1=10.0)
    assert result.converged
    assert not result.coef.any()
    assert result.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())))


def test_start_callback_and_standardize_speak_of_all_columns(problem, X):
    dense, y, l1 = problem
    found = fit_logistic(X, y, l1=l1, tol=1e-10)
    seen = []
    again = fit_logistic(X, y, l1=l1, tol=1e-6, start=found, callback=lambda state: seen.append(state.coefficients()))
    assert again.n_iter == 0
    assert [coef.shape for coef, _ in seen] == [(P,)]
    np.testing.assert_array_equal(seen[-1][0], again.coef)
    spread = dense.std(axis=0)
    own = fit_logistic(X, y, l1=l1 * spread, tol=1e-10)
    standardized = fit_logistic(X, y, l1=l1, standardize=True, tol=1e-10)
    np.testing.assert_allclose(standardized.coef, own.coef, rtol=1e-4, atol=1e-6)


def test_an_interrupted_fit_speaks_of_all_columns(problem, X):
    _, y, l1 = problem

    def interrupt(state):
        if state.iteration == 1:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted) as info:
        fit_logistic(X, y, l1=l1, tol=1e-12, callback=interrupt)
    assert info.value.result.coef.shape == (P,)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_found_in_any_column(problem, X, bad):
    dense, y, l1 = problem
    entries = (dense != 0).sum(axis=0)
    for column in (int(np.argmax(entries)), int(np.argmin(entries))):
        row = int(np.flatnonzero(dense[:, column])[0])
        spoilt = dense.copy()
        spoilt[row, column] = bad
        with pytest.raises(ValueError, match=f"at row {row}, column {column}"):
            fit_logistic(type(X)(spoilt), y, l1=l1)


def test_bits_do_not_depend_on_threads(problem, X):
    _, y, l1 = problem
    one, two = (fit_logistic(X, y, l1=l1, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one.coef, two.coef)
