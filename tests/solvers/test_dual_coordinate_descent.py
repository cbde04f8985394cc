"""Dual coordinate descent: what it promises as a solver."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.problems import as_repeated, make_problem, wide_problem
from support.references import (
    null_objective,
    one_coordinate_decrease,
    reference_minimum,
    subgradient,
)

from fastlr import Status, fit_logistic
from fastlr.matrix import as_matrix, csr
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.solvers import Controls, Monitor
from fastlr.solvers.smooth import dual_coordinate_descent

P = 12
SOLVER = "dual_coordinate_descent"
STRENGTHS = {
    "uniform": 1e-2,
    "weak": 1e-5,
    "strong": 10.0,
    "array": np.geomspace(1e-3, 1.0, P),
}


@pytest.fixture(params=["C", "csr"])
def by_rows(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["as numbered", "renumbered"])
def renumbering(request, monkeypatch):
    """Whether CSR columns are renumbered, however few there are."""
    if request.param:
        monkeypatch.setattr(csr, "FEW_COLUMNS", 0)
    return request.param


def fit(X, y, l2, **options):
    return fit_logistic(X, y, l2=l2, solver=SOLVER, **options)


# --- optimality -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("strength", STRENGTHS)
def test_the_gradient_vanishes_at_the_result(by_rows, renumbering, strength, fit_intercept):
    X, y = make_problem(p=P)
    l2 = STRENGTHS[strength]
    result = fit(as_layout(X, by_rows), y, l2, tol=1e-14, fit_intercept=fit_intercept)
    gradient, slope = subgradient(X, y, result.coef, result.intercept, l2=l2)
    assert result.converged
    assert result.solver == SOLVER
    assert np.abs(gradient).max() < 2e-7
    assert abs(slope) < 1e-12 if fit_intercept else result.intercept == 0.0


@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-9])
@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gap_bounds_the_suboptimality(by_rows, renumbering, strength, tol, fit_intercept):
    X, y = make_problem(p=P, seed=3)
    l2 = STRENGTHS[strength]
    result = fit(as_layout(X, by_rows), y, l2, tol=tol, fit_intercept=fit_intercept)
    best = fit_logistic(X, y, l2=l2, tol=1e-15, fit_intercept=fit_intercept)
    assert result.converged
    assert result.certificate == "gap"
    assert result.objective - best.objective <= result.duality_gap + 1e-16
    assert result.duality_gap <= tol * null_objective(y, fit_intercept=fit_intercept) + 1e-14


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("C", [1e-6, 1e-2, 1.0, 100.0, 1e6])
def test_wide_data_is_fitted_at_any_strength(by_rows, renumbering, C, fit_intercept):
    X, y = wide_problem(shift=3.0)
    assert (np.count_nonzero(X, axis=0) <= 1).mean() > 0.3
    l2 = 1 / (C * len(y))
    result = fit(as_layout(X, by_rows), y, l2, tol=1e-8, fit_intercept=fit_intercept)
    best = fit_logistic(X, y, l2=l2, tol=1e-12, fit_intercept=fit_intercept)
    assert result.converged
    assert result.n_passes < 1000
    assert result.objective - best.objective <= 1e-8 * null_objective(y, fit_intercept=fit_intercept)


def test_strong_penalties_take_few_passes(by_rows):
    X, y = wide_problem()
    result = fit(as_layout(X, by_rows), y, 1 / len(y), tol=1e-8)
    assert result.n_passes < 40


def test_weak_penalties_end_by_newton_steps(by_rows):
    X, y = make_problem(p=P)
    result = fit(as_layout(X, by_rows), y, 1e-12, tol=1e-10)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, l2=1e-12)
    assert result.converged
    assert gain <= result.duality_gap <= 1e-10 * null_objective(y) + 1e-14


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_offsets_enter_the_linear_predictor(by_rows, fit_intercept):
    X, y = make_problem(n=120, p=5)
    rng = np.random.default_rng(2)
    offset, weight = 2.0 * rng.standard_normal(120), rng.random(120)
    weight /= weight.sum()
    least, _, _ = reference_minimum(X, y, weight, 0.0, 0.05, fit_intercept, offset)
    rows = as_matrix(as_layout(X, by_rows)).bind(y, weight, offset)
    objective = LogisticObjective(rows, ElasticNet(0.0, 0.05, (5, 1)), fit_intercept)
    result = dual_coordinate_descent.solve(
        objective, np.zeros((5, 1)), 0.0, Monitor(Controls(tol=1e-10), objective, SOLVER)
    )
    assert result.converged
    assert abs(result.objective - least) <= 1e-9


def test_history_is_that_of_other_solvers(by_rows):
    X, y = make_problem(p=P)
    result = fit(as_layout(X, by_rows), y, 1e-4, tol=1e-12)
    passes = [progress.n_passes for progress in result.history]
    values = np.array([progress.objective for progress in result.history])
    assert passes == sorted(set(passes))
    assert (np.diff(values) <= 4 * np.finfo(float).eps * values[:-1]).all()
    assert min(progress.gap for progress in result.history) >= 0.0
    assert values[-1] == result.objective


@pytest.mark.parametrize("max_iter", [0, 1, 2])
def test_an_unfinished_fit_has_a_valid_gap(by_rows, max_iter):
    X, y = make_problem(p=P, seed=7)
    result = fit(as_layout(X, by_rows), y, 1e-4, tol=1e-13, max_iter=max_iter)
    best = fit_logistic(X, y, l2=1e-4, tol=1e-14)
    assert result.status is Status.MAX_ITER
    assert result.n_iter == max_iter
    assert 0.0 <= result.objective - best.objective <= result.duality_gap


# --- equivalent problems ----------------------------------------------------------------------------------------------


def assert_same_fit(result, other):
    assert result.objective == pytest.approx(other.objective, rel=1e-10)
    np.testing.assert_allclose(result.coef, other.coef, rtol=1e-4, atol=2e-6)
    assert result.intercept == pytest.approx(other.intercept, rel=1e-4, abs=2e-6)


def test_a_weight_of_k_equals_k_copies_of_the_row(by_rows, renumbering):
    X, y = make_problem(p=P)
    counts = np.random.default_rng(5).integers(0, 4, len(y))
    repeated_X, repeated_y = as_repeated(X, y, counts)
    weighted = fit(as_layout(X, by_rows), y, 1e-2, sample_weight=counts, tol=1e-12)
    assert_same_fit(weighted, fit(as_layout(repeated_X, by_rows), repeated_y, 1e-2, tol=1e-12))


def test_a_probability_as_target_equals_two_weighted_rows(by_rows):
    X, y = make_problem(p=P)
    share = np.random.default_rng(9).random(len(y))
    share[:3] = 0.0, 1.0, 0.5
    soft = fit(as_layout(X, by_rows), share, 1e-2, tol=1e-12)
    twice, labels = np.vstack([X, X]), np.repeat([1.0, 0.0], len(y))
    hard = fit(as_layout(twice, by_rows), labels, 1e-2, sample_weight=np.concatenate([share, 1 - share]), tol=1e-12)
    assert_same_fit(soft, hard)


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_storage_does_not_change_the_fit(by_rows, renumbering, dtype, index):
    X, y = wide_problem(n=100, p=400)
    X = X.astype(dtype)
    result = fit(as_layout(X, by_rows, dtype, index), y, 1e-3, tol=1e-13)
    assert_same_fit(result, fit_logistic(X.astype(float), y, l2=1e-3, tol=1e-13))


def test_unsorted_rows_are_read_in_place(renumbering):
    X, y = wide_problem(n=100, p=400)
    X = as_layout(X, "csr")
    for begin, end in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        X.indices[begin:end], X.data[begin:end] = X.indices[begin:end][::-1].copy(), X.data[begin:end][::-1].copy()
    X.has_sorted_indices = False
    assert_same_fit(fit(X, y, 1e-3, tol=1e-12), fit_logistic(X.toarray(), y, l2=1e-3, tol=1e-12))


@pytest.mark.parametrize("n_p", [(1, 1), (2, 1), (3, 40), (40, 200), (5000, 1), (2049, 3)])
def test_any_shape_reaches_its_optimum(by_rows, renumbering, n_p):
    n, p = n_p
    X = np.random.default_rng(n).standard_normal((n, p))
    y = (np.arange(n) % 2).astype(float) if n > 1 else np.array([0.25])
    result = fit(as_layout(X, by_rows), y, 0.005, tol=1e-9)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, l2=0.005)
    assert result.converged
    assert gain <= result.duality_gap <= 1e-9 * null_objective(y) + 1e-14


@pytest.mark.parametrize("degenerate", ["zero column", "constant column", "twin columns", "all zero", "zero rows"])
def test_degenerate_x_does_no_harm(by_rows, renumbering, degenerate):
    X, y = make_problem(p=P)
    match degenerate:
        case "zero column":
            X[:, 4] = 0.0
        case "constant column":
            X[:, 4] = 7.0
        case "twin columns":
            X[:, 4] = X[:, 5]
        case "all zero":
            X[:] = 0.0
        case "zero rows":
            X[::3] = 0.0
    result = fit(as_layout(X, by_rows), y, 1e-2, tol=1e-9)
    assert result.converged
    assert one_coordinate_decrease(X, y, result.coef, result.intercept, l2=1e-2) <= 1e-9 * null_objective(y)


@pytest.mark.parametrize("size", [1e-150, 1e-6, 1e6, 1e150])
def test_columns_of_any_size_end_in_bounded_time(by_rows, size):
    X, y = make_problem(p=P)
    X[:, 3] *= size
    result = fit(as_layout(X, by_rows), y, 1e-2, tol=1e-6, max_iter=200)
    assert np.isfinite(result.coef).all()
    assert result.objective <= null_objective(y) * (1 + 1e-12)


# --- determinism, starts, what is copied ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_number_of_threads_gives_the_same_bits(by_rows, renumbering, dtype):
    X, y = wide_problem(n=600, p=2000, seed=4)
    X = as_layout(X, by_rows, dtype)
    assert (X.nnz if sp.issparse(X) else X.size) >= 10_000
    bits = set()
    for n_threads in (1, 2, 3):
        matrix = as_matrix(X)
        matrix.n_threads = n_threads
        result = fit(matrix, y, 1 / 600, tol=1e-8, n_threads=n_threads)
        bits.add((result.coef.tobytes(), np.float64(result.intercept).tobytes()))
    assert len(bits) == 1


def test_a_start_at_the_optimum_ends_at_once(by_rows):
    X, y = make_problem(p=P)
    X = as_layout(X, by_rows)
    cold = fit(X, y, 1e-2, tol=1e-12)
    warm = fit(X, y, 1e-2, tol=1e-6, start=cold)
    assert warm.converged
    assert warm.n_iter == 0


def test_a_start_nearby_saves_passes(by_rows):
    X, y = wide_problem()
    X = as_layout(X, by_rows)
    start = fit(X, y, 1.1 / len(y), tol=1e-8)
    assert fit(X, y, 1 / len(y), tol=1e-6, start=start).n_passes < fit(X, y, 1 / len(y), tol=1e-6).n_passes


@pytest.mark.parametrize("size", [1.0, 1e2, 1e4])
def test_a_far_start_still_leads_to_the_optimum(by_rows, size):
    X, y = make_problem(p=P)
    start = size * np.random.default_rng(4).standard_normal(P), size
    result = fit(as_layout(X, by_rows), y, 1e-2, tol=1e-9, start=start)
    assert result.converged
    assert one_coordinate_decrease(X, y, result.coef, result.intercept, l2=1e-2) <= 1e-9 * null_objective(y)


@pytest.mark.parametrize("dtype, index, share", [(np.float64, np.int32, 1 / 3), (np.float32, np.int32, 1 / 2)])
def test_copied_indices_are_counted(monkeypatch, dtype, index, share):
    monkeypatch.setattr(csr, "FEW_COLUMNS", 0)
    X, y = wide_problem()
    X = as_layout(X, "csr", dtype, index)
    size = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    copied = fit(X, y, 1e-3).copied_bytes
    assert copied == X.indices.nbytes
    assert copied <= share * size


def test_indices_of_more_than_half_of_x_are_not_copied(monkeypatch):
    monkeypatch.setattr(csr, "FEW_COLUMNS", 0)
    X, y = wide_problem()
    assert fit(as_layout(X, "csr", np.float32, np.int64), y, 1e-3).copied_bytes == 0


def test_nothing_is_copied_where_columns_are_few(by_rows):
    X, y = wide_problem()
    assert fit(as_layout(X, by_rows), y, 1e-3).copied_bytes == 0


# --- where it is the solver of choice ---------------------------------------------------------------------------------


def suits(X, l2, l1=0.0):
    matrix = as_matrix(X)
    return dual_coordinate_descent.suits(matrix, ElasticNet(l1, l2, (X.shape[1], 1)))


def test_it_suits_sparse_rows_wider_than_long_under_penalties_that_are_not_weak():
    X = as_layout(wide_problem()[0], "csr")
    strength = X.multiply(X).sum() / 200**2  # |x_i|^2 / (n l2) is one
    assert suits(X, strength)
    assert suits(X, strength / 50)
    assert not suits(X, strength / 200)
    assert not suits(X, strength, l1=0.1)
    assert not suits(X.tocsc(), strength)
    assert not suits(X.toarray(), strength)
    assert not suits(as_layout(make_problem(p=P)[0], "csr"), 1.0)
    mixed = np.full((X.shape[1], 1), strength)
    mixed[0] = 0.0
    assert not suits(X, mixed)


# --- what it declines -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column_layout", ["F", "csc"])
def test_columns_in_memory_are_declined(column_layout):
    X, y = make_problem(p=P)
    with pytest.raises(ValueError, match=r"solver='dual_coordinate_descent'.*'newton_cg'"):
        fit(as_layout(X, column_layout), y, 1e-2)


@pytest.mark.parametrize("penalty", [{"l1": 0.1}, {"l1": 0.1, "l2": 0.1}, {}, {"l2": np.arange(float(P))}])
def test_other_penalties_are_declined(penalty):
    X, y = make_problem(p=P)
    with pytest.raises(ValueError, match=r"solver='dual_coordinate_descent'.*solvers that can"):
        fit_logistic(X, y, solver=SOLVER, **penalty)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_in_x_is_found(by_rows, value):
    X, y = make_problem(p=P)
    X[5, 3] = value
    with pytest.raises(ValueError, match="row 5, column 3"):
        fit(as_layout(X, by_rows), y, 1e-2)
