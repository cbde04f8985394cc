"""fit_one_vs_rest: labels that are fitted together, in shared steps or shared epochs."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.one_vs_rest import PENALTIES, assert_same_optimum, single
from support.problems import indicator_problem, softmax_problem
from support.references import objective, smooth_gradient

from fastlr import Status, fit_logistic, fit_one_vs_rest
from fastlr.fit import label_problems

SHARED = [("newton_cg", "none"), ("newton_cg", "l2"), ("dual_coordinate_descent", "l2")]


def usable(layout, solver):
    return layout in ("C", "csr") or solver != "dual_coordinate_descent"


def renumbered_problem(n=150, p=140_000, K=5):
    """CSR X with so many columns that dual ascent renumbers them, most of them with one entry or none."""
    rng = np.random.default_rng(0)
    common = sp.random_array((n, 60), density=0.3, format="csr", rng=rng)
    X = sp.hstack([common, sp.random_array((n, p - 60), density=1e-4, format="csr", rng=rng)], format="csr")
    y = np.argmax(common @ rng.standard_normal((60, K)) + rng.gumbel(size=(n, K)), axis=1)
    y[: 2 * K] = np.tile(np.arange(K), 2)
    return X, y


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 20])
@pytest.mark.parametrize("solver, penalty", SHARED)
def test_labels_fitted_together(layout, dtype, fit_intercept, K, solver, penalty):
    if not usable(layout, solver):
        return
    X, y = softmax_problem(900 if K == 20 else 300, 6, K, signal=1.0)
    arguments = {**PENALTIES[penalty], "fit_intercept": fit_intercept, "tol": 1e-12}
    results = fit_one_vs_rest(as_layout(X, layout, dtype), y, **arguments, solver=solver)
    for k in range(K):
        expected = fit_logistic(X, (y == k).astype(float), **arguments)
        assert_same_optimum(results[k], expected, 1e-12)
        assert results[k].solver == solver
        assert results[k].optimality < 1e-6


@pytest.mark.parametrize("solver, penalty", SHARED)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("uniform", [False, True])
def test_labels_with_weights_fitted_together(layout, solver, penalty, weighted, uniform):
    if not usable(layout, solver):
        return
    X, Y = indicator_problem()
    rng = np.random.default_rng(1)
    weight = rng.random(len(X)) * (rng.random(len(X)) < 0.9) if weighted else None
    label_weight = rng.random((4, 2)) + 0.3
    strengths = PENALTIES[penalty] if uniform or penalty == "none" else {"l2": np.geomspace(1e-3, 1e-1, 6)}
    arguments = {"sample_weight": weight, "label_weight": label_weight, "tol": 1e-12, "solver": solver}
    results = fit_one_vs_rest(as_layout(X, layout), Y, **strengths, **arguments)
    for k, result in enumerate(results):
        expected = single(X, Y[:, k].astype(float), label_weight[k], strengths, weight, tol=1e-12)
        assert_same_optimum(result, expected, 1e-12)


@pytest.mark.parametrize("solver", ["newton_cg", "dual_coordinate_descent"])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-10])
def test_gaps_of_labels_fitted_together_are_bounds(layout, solver, fit_intercept, tol):
    if not usable(layout, solver):
        return
    X, y = softmax_problem(p=6, K=5)
    arguments = {"l2": 1e-2, "fit_intercept": fit_intercept}
    best = [r.objective for r in fit_one_vs_rest(X, y, **arguments, tol=0.0)]
    seen = []
    results = fit_one_vs_rest(
        as_layout(X, layout), y, **arguments, tol=tol, solver=solver, callback=lambda p: seen.append(p)
    )
    assert {progress.label for progress in seen} == set(range(5))
    for progress in seen:
        coef, intercept = progress.coefficients()
        value = objective(X, (y == progress.label).astype(float), coef, intercept, l2=1e-2)
        assert progress.objective == pytest.approx(value, rel=1e-12)
        assert value - best[progress.label] <= progress.gap + 1e-14
    for k, result in enumerate(results):
        gradient, _ = smooth_gradient(X, y == k, result.coef, result.intercept, 1e-2)
        assert result.optimality == pytest.approx(np.abs(gradient).max(), rel=1e-6, abs=1e-12)
        assert result.history[-1].nonzeros == np.count_nonzero(result.coef)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_columns_of_one_entry_in_dual_ascent(fit_intercept, uniform, index):
    X, y = renumbered_problem()
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    l2 = 1e-2 if uniform else np.linspace(5e-3, 2e-2, X.shape[1])
    arguments = {"l2": l2, "fit_intercept": fit_intercept, "tol": 1e-11, "solver": "dual_coordinate_descent"}
    results = fit_one_vs_rest(X, y, **arguments)
    for k, result in enumerate(results):
        expected = fit_logistic(X, (y == k).astype(float), **arguments | {"tol": 1e-13})
        assert result.converged
        assert result.objective == pytest.approx(expected.objective, abs=2e-11)
        np.testing.assert_allclose(result.coef, expected.coef, atol=1e-4)
        assert result.intercept == pytest.approx(expected.intercept, abs=1e-4)
        gradient, slope = smooth_gradient(X, y == k, result.coef, result.intercept, l2)
        assert result.optimality == pytest.approx(np.abs(gradient).max(), rel=1e-6, abs=1e-13)
        assert result.history[-1].nonzeros == np.count_nonzero(result.coef)
        assert abs(slope) < 1e-9 or not fit_intercept


@pytest.mark.parametrize("solver", ["newton_cg", "dual_coordinate_descent"])
def test_any_number_of_threads_gives_the_same_bits_for_labels_together(solver):
    rng = np.random.default_rng(0)
    X = sp.random_array((3000, 4000), density=0.02, format="csr", rng=rng)
    y = np.argmax(X @ rng.standard_normal((4000, 19)) + 0.3 * rng.gumbel(size=(3000, 19)), axis=1)
    fits = [fit_one_vs_rest(X, y, l2=1e-3, solver=solver, n_threads=k) for k in (1, 2, 3, 7)]
    for results in zip(*fits, strict=True):
        assert len({result.coef.tobytes() for result in results}) == 1
        assert len({result.intercept for result in results}) == 1
        assert len({result.n_passes for result in results}) == 1


@pytest.mark.parametrize("solver", ["newton_cg", "dual_coordinate_descent"])
def test_weak_penalties(solver):
    X, y = renumbered_problem(n=400, p=3000)
    arguments = {"l2": 1e-6, "tol": 1e-7}
    results = fit_one_vs_rest(X, y, **arguments, solver=solver)
    for k, result in enumerate(results):
        assert result.converged
        expected = fit_logistic(X, (y == k).astype(float), **arguments)
        assert result.objective == pytest.approx(expected.objective, abs=1e-6)
        assert result.solver == solver


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tall_x_starts_from_a_sample(layout, dtype):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((8000, 12))
    Y = X @ rng.standard_normal((12, 5)) + rng.logistic(size=(8000, 5)) > 0
    Y = np.column_stack([Y, np.arange(8000) < 3])  # a label that no sample tells
    for l2 in (0.0, 1e-3):
        results = fit_one_vs_rest(as_layout(X, layout, dtype), Y, l2=l2, solver="newton_cg", tol=1e-11)
        for k in range(6 if l2 else 5):
            expected = fit_logistic(X.astype(dtype), Y[:, k].astype(float), l2=l2, tol=1e-12)
            assert_same_optimum(results[k], expected, 1e-11)


def test_groups_of_labels_give_the_same_bits(monkeypatch):
    X, y = renumbered_problem(K=20, n=600, p=2000)
    whole = [fit_one_vs_rest(X, y, l2=1e-2, solver=solver) for solver, _ in SHARED[1:]]
    monkeypatch.setattr(label_problems, "MOST_BYTES", 1)
    parts = [fit_one_vs_rest(X, y, l2=1e-2, solver=solver) for solver, _ in SHARED[1:]]
    for one, other in zip(parts[0], whole[0], strict=True):
        assert one.objective == pytest.approx(other.objective, rel=1e-12)
    for one, other in zip(parts[1], whole[1], strict=True):
        assert one.objective - other.objective <= one.duality_gap + other.duality_gap


@pytest.mark.parametrize("solver, penalty", SHARED)
def test_limits_of_labels_fitted_together(solver, penalty):
    X, y = softmax_problem(p=6, K=3)
    arguments = {**PENALTIES[penalty], "solver": solver, "tol": 1e-14}
    X = as_layout(X, "csr")
    assert all(r.status is Status.TIME_LIMIT for r in fit_one_vs_rest(X, y, **arguments, time_limit=0.0))
    assert all(r.status is Status.MAX_ITER for r in fit_one_vs_rest(X, y, **arguments, max_iter=0))
    assert all(r.status is Status.STOPPED for r in fit_one_vs_rest(X, y, **arguments, callback=lambda p: True))
    with pytest.raises(ValueError, match="at row 7, column 2"):
        fit_one_vs_rest(with_nan(X), y, **arguments)


def with_nan(X):
    X = X.toarray()
    X[7, 2] = np.nan
    return as_layout(X, "csr")


def test_standardised_columns_fitted_together(layout):
    X, y = softmax_problem(p=6, K=3)
    X = np.column_stack([X * np.geomspace(0.1, 10.0, 6), np.full(len(X), 2.0)])
    arguments = {"l2": 1e-2, "standardize": True, "tol": 1e-12}
    results = fit_one_vs_rest(as_layout(X, layout), y, **arguments, solver="newton_cg")
    for k, result in enumerate(results):
        expected = fit_logistic(X, (y == k).astype(float), **arguments)
        assert result.objective == pytest.approx(expected.objective, abs=1e-11)
        np.testing.assert_allclose(result.coef * X.std(axis=0), expected.coef * X.std(axis=0), atol=1e-5)
        assert result.coef[6] == 0.0
