"""Problems that are the same have the same fit: weights, targets, storage, threads, starts, solvers by name."""

import functools

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import LAYOUTS, as_layout
from support.penalties import FEW, PENALTIES, UNPENALISED, P, arguments, terms
from support.problems import as_repeated, make_problem
from support.references import (
    null_objective,
    one_coordinate_decrease,
)

from fastlr import Status, fit_logistic
from fastlr.solvers.parts import hessian_price


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


# --- equivalent problems ----------------------------------------------------------------------------------------------


def assert_same_fit(result, other, rel=1e-10, rtol=1e-4):
    assert result.objective == pytest.approx(other.objective, rel=rel)
    np.testing.assert_allclose(result.coef, other.coef, rtol=rtol, atol=1e-3 * rtol)
    assert result.intercept == pytest.approx(other.intercept, rel=rtol, abs=1e-3 * rtol)


@pytest.mark.parametrize("name", FEW)
def test_a_weight_of_k_equals_k_copies_of_the_row(layout, name):
    X, y = make_problem(p=P)
    counts = np.random.default_rng(5).integers(0, 4, len(y))
    weighted = fit_logistic(as_layout(X, layout), y, **PENALTIES[name], sample_weight=counts, tol=1e-12)
    repeated_X, repeated_y = as_repeated(X, y, counts)
    repeated = fit_logistic(as_layout(repeated_X, layout), repeated_y, **PENALTIES[name], tol=1e-12)
    assert_same_fit(weighted, repeated)


@pytest.mark.parametrize("name", FEW)
def test_a_weight_of_zero_equals_removal_of_the_row(layout, name):
    X, y = make_problem(p=P)
    keep = np.random.default_rng(6).random(len(y)) < 0.6
    zeroed = fit_logistic(as_layout(X, layout), y, **PENALTIES[name], sample_weight=keep.astype(float), tol=1e-12)
    removed = fit_logistic(as_layout(X[keep], layout), y[keep], **PENALTIES[name], tol=1e-12)
    assert_same_fit(zeroed, removed)


@pytest.mark.parametrize("name", FEW)
def test_multiplying_all_weights_changes_nothing(name):
    X, y = make_problem(p=P)
    weight = np.random.default_rng(8).uniform(0.5, 2.0, len(y))
    result = fit_logistic(X, y, **PENALTIES[name], sample_weight=weight, tol=1e-12)
    for factor in (1e-200, 1e200):
        scaled = fit_logistic(X, y, **PENALTIES[name], sample_weight=factor * weight, tol=1e-12)
        assert_same_fit(scaled, result, rel=1e-11)


@pytest.mark.parametrize("name", FEW)
def test_a_probability_as_target_equals_two_weighted_rows(name):
    X, y = make_problem(p=P)
    share = np.random.default_rng(9).random(len(y))
    soft = fit_logistic(X, share, **PENALTIES[name], tol=1e-12)
    hard = fit_logistic(
        np.vstack([X, X]),
        np.repeat([1.0, 0.0], len(y)),
        sample_weight=np.concatenate([share, 1 - share]),
        **PENALTIES[name],
        tol=1e-12,
    )
    assert_same_fit(soft, hard)


@pytest.mark.parametrize("y_type", [bool, np.int8, np.uint8, np.float32, "signs"])
def test_types_of_targets_do_not_matter(y_type):
    X, y = make_problem(p=P)
    other = 2 * y - 1 if y_type == "signs" else y.astype(y_type)
    assert np.array_equal(fit_logistic(X, other, l2=1e-2).coef, fit_logistic(X, y, l2=1e-2).coef)


@pytest.mark.parametrize("name", FEW)
def test_swapping_the_classes_turns_the_signs(name):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **PENALTIES[name], tol=1e-13)
    swapped = fit_logistic(X, 1 - y, **PENALTIES[name], tol=1e-13)
    np.testing.assert_allclose(swapped.coef, -result.coef, rtol=1e-5, atol=1e-8)
    assert swapped.intercept == pytest.approx(-result.intercept, rel=1e-5)


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FEW)
def test_storage_does_not_change_the_fit(layout, name, dtype, index):
    X, y = make_problem(p=P)
    X = X.astype(dtype)
    result = fit_logistic(as_layout(X, layout, dtype, index), y, **PENALTIES[name], tol=1e-15)
    plain = fit_logistic(X.astype(np.float64), y, **PENALTIES[name], tol=1e-15)
    assert_same_fit(result, plain, rel=1e-13, rtol=1e-5)
    assert result.coef.dtype == np.float64


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csc_matrix, sp.coo_array, sp.lil_array, sp.bsr_array, sp.dok_array])
def test_every_sparse_format_is_understood(make):
    X, y = make_problem(p=P)
    assert_same_fit(fit_logistic(make(X), y, l2=1e-2, tol=1e-13), fit_logistic(X, y, l2=1e-2, tol=1e-13), rel=1e-13)


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("n_p", [(1, 1), (2, 1), (3, 40), (40, 200), (5000, 1), (4097, 3)])
def test_any_shape_reaches_its_optimum(layout, name, n_p):
    n, p = n_p
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, p))
    y = (np.arange(n) % 2).astype(float) if n > 1 else np.array([0.25])
    penalty = PENALTIES[name] | {key: 0.005 for key in ("l1", "l2") if key in PENALTIES[name]}
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-9)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.converged
    assert gain <= result.duality_gap <= 1e-9 * null_objective(y) + 1e-14


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
@pytest.mark.parametrize("degenerate", ["zero column", "constant column", "twin columns", "all zero"])
def test_degenerate_columns_do_no_harm(layout, name, degenerate):
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
    penalty = arguments(name)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-9)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.converged, result.message
    assert gain <= 1e-9 * null_objective(y)
    if degenerate in ("zero column", "all zero"):
        assert result.coef[4] == 0.0


@pytest.mark.parametrize("l1", [1e-3, 1e-6, 1e-9])
def test_dependent_columns_under_a_weak_l1_take_few_iterations(layout, l1):
    X, y = make_problem(n=500, p=12)
    X = np.hstack([X, X[:, :4] @ np.random.default_rng(1).standard_normal((4, 4)), X[:, 5:6] - X[:, 6:7]])
    result = fit_logistic(as_layout(X, layout), y, l1=l1, solver="prox_newton", tol=1e-9)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, l1=l1)
    assert result.converged, result.message
    assert result.n_iter < 12
    assert gain <= result.duality_gap <= 1e-9 * null_objective(y) + 1e-14
    assert np.count_nonzero(result.coef) <= 12


@pytest.mark.parametrize("name", UNPENALISED)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_separable_classes_without_a_penalty_end_with_finite_coefficients(layout, fit_intercept, name):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 5))
    y = (X[:, 0] > 0.1).astype(float)
    result = fit_logistic(as_layout(X, layout), y, **arguments(name), fit_intercept=fit_intercept, tol=1e-10)
    assert np.isfinite(result.coef).all()
    assert np.isfinite(result.intercept)
    assert result.objective <= null_objective(y, fit_intercept=fit_intercept) / 2
    assert result.status in (Status.CONVERGED, Status.SEPARATED)


def test_classes_that_one_column_separates_keep_their_penalised_optimum(layout):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 5))
    y = (X[:, 0] > 0.1).astype(float)
    for penalty in ({"l2": 1e-8}, {"l1": 1e-6}):
        result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-8)
        gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty))
        assert result.converged, result.message
        assert gain <= result.duality_gap <= 1e-8 * null_objective(y) + 1e-14


# --- determinism ------------------------------------------------------------------------------------------------------


@functools.cache
def large(shape):
    """More entries than four times the smallest share of a thread."""
    n, p, density = {"few columns": (4000, 40, 0.9), "many columns": (1500, 4000, 0.03)}[shape]
    rng = np.random.default_rng(11)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < density)
    y = (X[:, :20].sum(axis=1) + rng.logistic(size=n) > 0.5).astype(float)
    return X, y


LARGE_PENALTIES = {"l2": {"l2": 1e-3}, "l2 by newton_cg": {"l2": 1e-3, "solver": "newton_cg"}, "l1": {"l1": 3e-3}}


def bits(result):
    return result.coef.tobytes(), np.float64(result.intercept).tobytes(), np.float64(result.objective).tobytes()


@pytest.mark.parametrize("shape", ["few columns", "many columns"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("penalty", LARGE_PENALTIES.values(), ids=LARGE_PENALTIES)
def test_any_number_of_threads_gives_the_same_bits(layout, shape, dtype, penalty):
    X, y = large(shape)
    X = as_layout(X, layout, dtype)
    assert (X.nnz if sp.issparse(X) else X.size) > 4 * 30_000
    one, *others = [bits(fit_logistic(X, y, **penalty, tol=1e-8, n_threads=k)) for k in (1, 2, 3)]
    assert [other == one for other in others] == [True, True]


@pytest.mark.parametrize("shape", ["few columns", "many columns"])
@pytest.mark.parametrize("name", [*LARGE_PENALTIES, *UNPENALISED])
def test_two_runs_give_the_same_bits(layout, shape, name):
    X, y = large(shape)
    X, penalty = as_layout(X, layout), LARGE_PENALTIES.get(name) or UNPENALISED[name]
    controls = {"tol": 1e-8, "n_threads": 2} | ({"max_iter": 1} if name in UNPENALISED else {})
    assert bits(fit_logistic(X, y, **penalty, **controls)) == bits(fit_logistic(X, y, **penalty, **controls))


@pytest.mark.parametrize("n_threads", [None, -1, 1, 3, 64])
@pytest.mark.parametrize("name", FEW)
def test_any_number_of_threads_reaches_the_optimum(layout, n_threads, name):
    X, y = large("few columns")
    result = fit_logistic(as_layout(X, layout), y, **PENALTIES[name], tol=1e-9, n_threads=n_threads)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(PENALTIES[name]))
    assert result.converged
    assert gain <= result.duality_gap <= 1e-9 * null_objective(y) + 1e-14


# --- starts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_tuple", [False, True])
@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_a_start_at_the_optimum_ends_at_once(layout, name, as_tuple):
    X, y = make_problem(p=P)
    X, penalty = as_layout(X, layout), arguments(name)
    cold = fit_logistic(X, y, **penalty, tol=1e-9)
    warm = fit_logistic(X, y, **penalty, tol=1e-8, start=(cold.coef, cold.intercept) if as_tuple else cold)
    assert cold.n_iter > 1
    assert warm.converged
    assert warm.n_iter <= (1 if name in UNPENALISED else 0)
    assert warm.objective <= cold.objective * (1 + 1e-12)


def test_a_start_is_not_written_to(penalty):
    X, y = make_problem(p=P)
    coef = np.ones(P)
    fit_logistic(X, y, **penalty, start=(coef, 1.0))
    assert (coef == 1.0).all()


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("size", [1.0, 1e2, 1e4])
def test_a_far_start_still_leads_to_the_optimum(layout, name, size):
    X, y = make_problem(p=P)
    start = size * np.random.default_rng(4).standard_normal(P), size
    result = fit_logistic(as_layout(X, layout), y, **PENALTIES[name], tol=1e-9, start=start)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(PENALTIES[name]))
    assert result.converged, result.message
    assert gain <= result.duality_gap <= 1e-9 * null_objective(y) + 1e-14


@pytest.mark.parametrize("storage", LAYOUTS)
def test_solvers_named_by_hand_are_those_of_auto(storage):
    X, y = make_problem(p=P)
    X = as_layout(X, storage)
    smooth = "newton_cg" if storage == "csc" else "newton_small"
    for solver, penalty in ((smooth, {"l2": 1e-2}), ("prox_newton", {"l1": 1e-2})):
        assert bits(fit_logistic(X, y, **penalty, solver=solver)) == bits(fit_logistic(X, y, **penalty))


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", [{"l1": 2e-3}, {"l1": 2e-3, "l2": 2e-3}, {"l1": 2e-4}])
def test_working_sets_go_the_same_way_by_columns_as_by_the_hessian(layout, penalty, fit_intercept, monkeypatch):
    X, y = make_problem(n=300, p=90)
    X = as_layout(X, layout)
    options = penalty | {"fit_intercept": fit_intercept, "tol": 1e-12}
    expected = fit_logistic(X, y, **options, solver="prox_newton")
    monkeypatch.setattr(hessian_price, "WORTH", 0.0)
    found = fit_logistic(X, y, **options, solver="coordinate_descent")
    assert found.converged
    assert_same_fit(found, expected, rel=1e-11, rtol=1e-3)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("copies", [1, 2])
def test_few_rows_are_fitted_in_their_own_space(layout, fit_intercept, copies):
    X, y = make_problem(n=40, p=400)
    X, y = np.tile(X, (copies, 1)), np.tile(y, copies)  # rows that depend on each other
    X = as_layout(X, layout)
    options = {"l2": np.geomspace(1e-3, 1.0, 400), "fit_intercept": fit_intercept, "tol": 1e-12}
    found = fit_logistic(X, y, solver="newton_cg", **options)
    expected = fit_logistic(X, y, solver="newton_cg", start=(np.full(400, 1e-3), 0.0), **options)
    assert found.n_iter <= 1 < expected.n_iter
    assert_same_fit(found, expected, rel=1e-11, rtol=1e-3)
