"""What every solver promises: optimality, certificates, determinism, equivalences."""

import functools

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from support.layouts import LAYOUTS, as_layout
from support.problems import as_repeated, make_problem
from support.references import (
    exact_objective,
    null_objective,
    objective,
    one_coordinate_decrease,
    smooth_gradient,
    subgradient,
)

from fastlr import LogisticResult, Status, fit_logistic
from fastlr.solvers.parts import hessian_price

P = 12
#: Penalties on the scale of the weighted mean loss; arrays mix strengths, each coefficient penalised.
PENALTIES = {
    "l2": {"l2": 1e-2},
    "l2-weak": {"l2": 1e-6},
    "l2-strong": {"l2": 10.0},
    "l2-array": {"l2": np.geomspace(1e-5, 1.0, P)},
    "l1": {"l1": 1e-2},
    "l1-weak": {"l1": 1e-4},
    "l1-strong": {"l1": 0.05},
    "l1-array": {"l1": np.geomspace(1e-4, 0.1, P)},
    "elasticnet": {"l1": 5e-3, "l2": 5e-3},
    "elasticnet-array": {"l1": np.geomspace(1e-4, 0.1, P), "l2": np.geomspace(0.1, 1e-4, P)},
    "l1-here-l2-there": {"l1": np.where(np.arange(P) % 2, 1e-2, 0.0), "l2": np.where(np.arange(P) % 2, 0.0, 1e-2)},
}
#: Problems here are small: without l1, "auto" is newton_small but for CSC, with l1 it is prox_newton.
OTHERS = {False: ("newton_cg", "newton_cholesky"), True: ("coordinate_descent",)}
PENALTIES |= {
    f"{name} by {solver}": penalty | {"solver": solver}
    for name, penalty in PENALTIES.items()
    for solver in OTHERS["l1" in penalty]
}
UNPENALISED = {"none": {}} | {f"none by {solver}": {"solver": solver} for solver in OTHERS[False]}
FEW = ("l2", "l2 by newton_cg", "l2 by newton_cholesky", "l1", "l1 by coordinate_descent", "elasticnet")


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


def terms(penalty):
    """The strengths alone, for the helpers."""
    return {"l1": penalty.get("l1", 0.0), "l2": penalty.get("l2", 0.0)}


def arguments(name):
    return UNPENALISED[name] if name in UNPENALISED else PENALTIES[name]


# --- optimality -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_subgradient_vanishes_at_the_result(layout, penalty, fit_intercept):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-14, fit_intercept=fit_intercept)
    rest, slope = subgradient(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.converged
    assert np.abs(rest).max() < 2e-7
    assert abs(slope) < 1e-12 if fit_intercept else result.intercept == 0.0


@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-9])
def test_no_step_in_one_coefficient_gains_more_than_the_gap_allows(layout, penalty, tol):
    X, y = make_problem(p=P, seed=3)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=tol)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.converged
    assert gain <= result.duality_gap <= tol * null_objective(y) + 1e-14


def test_optimality_is_the_norm_of_the_least_subgradient(penalty):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **penalty, tol=1e-3)
    rest, _ = subgradient(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.optimality == pytest.approx(np.abs(rest).max(), rel=1e-9)


def test_objective_is_that_of_the_coefficients(layout, penalty):
    X, y = make_problem(p=P)
    weight = np.random.default_rng(1).uniform(0.1, 3.0, len(y))
    result = fit_logistic(as_layout(X, layout), y, **penalty, sample_weight=weight)
    expected = objective(X, y, result.coef, result.intercept, **terms(penalty), weight=weight)
    assert result.objective == pytest.approx(expected, rel=1e-13)


def test_l1_above_its_largest_useful_strength_gives_exact_zeros(layout):
    X, y = make_problem(p=P)
    gradient, _ = smooth_gradient(X, y, np.zeros(P), np.log(y.mean() / (1 - y.mean())))
    largest = np.abs(gradient).max()
    above = fit_logistic(as_layout(X, layout), y, l1=1.0001 * largest)
    below = fit_logistic(as_layout(X, layout), y, l1=0.99 * largest, tol=1e-9)
    assert not above.coef.any()
    assert above.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())), rel=1e-12)
    assert np.count_nonzero(below.coef) == 1


# --- parity with other libraries --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty_name", FEW)
def test_same_optimum_as_saga(penalty_name, weighted):
    X, y = make_problem(p=P)
    X /= X.std(axis=0)
    penalty = terms(PENALTIES[penalty_name])
    weight = np.random.default_rng(2).uniform(0.2, 2.0, len(y)) if weighted else np.ones(len(y))
    strength = penalty["l1"] + penalty["l2"]
    peer = SklearnLogisticRegression(
        C=1 / (strength * weight.sum()), l1_ratio=penalty["l1"] / strength, solver="saga", tol=1e-11, max_iter=100_000
    ).fit(X, y, weight)
    result = fit_logistic(X, y, **PENALTIES[penalty_name], sample_weight=weight, tol=1e-13)
    np.testing.assert_allclose(result.coef, peer.coef_[0], rtol=1e-6, atol=1e-7)
    assert result.intercept == pytest.approx(peer.intercept_[0], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("l1_ratio", [0, 1])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_same_optimum_as_liblinear(l1_ratio, C):
    X, y = make_problem(p=P)
    peer = SklearnLogisticRegression(
        C=C, l1_ratio=l1_ratio, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=100_000
    ).fit(X, y)
    strength = 1 / (C * len(y))
    result = fit_logistic(X, y, l1=l1_ratio * strength, l2=(1 - l1_ratio) * strength, fit_intercept=False, tol=1e-13)
    np.testing.assert_allclose(result.coef, peer.coef_[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("solver", "l1_ratio"), [(0, 0), (6, 1), (7, 0)])
def test_same_optimum_as_liblinear_multicore(solver, l1_ratio):
    liblinear = pytest.importorskip("liblinear.liblinearutil")
    X, y = make_problem(p=P)
    model = liblinear.train(2 * y - 1, sp.csr_matrix(X), f"-s {solver} -c 1 -e 1e-9 -q -m 1")
    coef = np.array(model.get_decfun()[0]) * (1 if model.get_labels()[0] == 1 else -1)
    strength = 1 / len(y)
    penalty = {"l1": l1_ratio * strength, "l2": (1 - l1_ratio) * strength}
    result = fit_logistic(X, y, **penalty, fit_intercept=False, tol=1e-13)
    np.testing.assert_allclose(result.coef, coef, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", UNPENALISED)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_same_maximum_likelihood_as_statsmodels(layout, fit_intercept, name):
    api = pytest.importorskip("statsmodels.api")
    X, y = make_problem(p=P)
    full = np.column_stack([X, np.ones(len(y))]) if fit_intercept else X
    peer = api.Logit(y, full).fit(disp=0, method="newton", tol=1e-14)
    result = fit_logistic(as_layout(X, layout), y, **arguments(name), fit_intercept=fit_intercept, tol=1e-13)
    ours = np.append(result.coef, result.intercept) if fit_intercept else result.coef
    np.testing.assert_allclose(ours, peer.params, rtol=1e-6)
    assert -len(y) * result.objective == pytest.approx(peer.llf, rel=1e-13)


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def optimum():
    """The least objective of a problem, in extended precision, from a run to 1e-14; remembered."""
    known = {}

    def least(name, fit_intercept):
        if (name, fit_intercept) not in known:
            X, y = make_problem(p=P, seed=7)
            result = fit_logistic(X, y, **PENALTIES[name], tol=1e-14, fit_intercept=fit_intercept)
            known[name, fit_intercept] = exact_objective(X, y, result.coef, result.intercept, **terms(PENALTIES[name]))
        return known[name, fit_intercept]

    return least


@pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-10])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("storage", ["C", "csr"])
def test_the_gap_is_never_below_the_true_suboptimality(storage, name, fit_intercept, tol, optimum):
    X, y = make_problem(p=P, seed=7)
    result = fit_logistic(as_layout(X, storage), y, **PENALTIES[name], tol=tol, fit_intercept=fit_intercept)
    reached = exact_objective(X, y, result.coef, result.intercept, **terms(PENALTIES[name]))
    assert result.converged
    assert result.certificate == "gap"
    assert reached - optimum(name, fit_intercept) <= result.duality_gap
    assert result.duality_gap <= tol * null_objective(y, fit_intercept=fit_intercept) + 1e-14


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gap_bounds_the_suboptimality_at_every_iteration(name, fit_intercept, optimum):
    X, y = make_problem(p=P, seed=7)
    result = fit_logistic(X, y, **PENALTIES[name], tol=1e-10, fit_intercept=fit_intercept)
    least = optimum(name, fit_intercept)
    assert len(result.history) > 1
    for progress in result.history:
        assert progress.objective - least <= progress.gap + 1e-14


def test_no_gap_is_negative(layout, penalty):
    X, y = make_problem(p=P, seed=7)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=0.0)
    assert min(progress.gap for progress in result.history) >= 0.0
    assert not result.duality_gap <= 0.0


@pytest.mark.parametrize("max_iter", [0, 1, 2])
def test_an_unfinished_fit_has_a_valid_gap(penalty, max_iter):
    X, y = make_problem(p=P, seed=7)
    result = fit_logistic(X, y, **penalty, tol=1e-13, max_iter=max_iter)
    best = fit_logistic(X, y, **penalty, tol=1e-14)
    assert result.n_iter <= max_iter
    assert result.objective - best.objective <= result.duality_gap


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_tol_is_relative_to_the_null_objective_whatever_the_start(fit_intercept):
    X, y = make_problem(p=P)
    far = (np.full(P, 3.0), -5.0 if fit_intercept else 0.0)
    tol = 1e-3
    for start in (None, far):
        result = fit_logistic(X, y, l2=1e-3, tol=tol, start=start, fit_intercept=fit_intercept)
        assert result.converged
        assert result.duality_gap <= tol * null_objective(y, fit_intercept=fit_intercept) + 1e-14


@pytest.mark.parametrize("tol", [1e-1, 1e-4, 1e-8, 1e-12])
def test_the_gap_is_at_most_tol_times_the_null_objective(penalty, tol):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **penalty, tol=tol)
    rounding = 1e-14 * result.objective
    assert result.converged
    assert result.duality_gap <= tol * null_objective(y) + rounding


@pytest.mark.parametrize("name", UNPENALISED)
def test_without_a_penalty_the_newton_decrement_certifies(layout, name):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **arguments(name), tol=1e-8)
    assert result.converged
    assert result.certificate == "newton_decrement"
    assert np.isnan(result.duality_gap)
    assert one_coordinate_decrease(X, y, result.coef, result.intercept) <= 1e-8 * null_objective(y)


@pytest.mark.parametrize(
    "penalty",
    [
        {"l2": np.where(np.arange(P) < 3, 0.0, 1e-2)},
        {"l2": np.where(np.arange(P) < 3, 0.0, 1e-2), "solver": "newton_cg"},
        {"l1": np.where(np.arange(P) < 3, 0.0, 1e-2)},
        {"l1": np.where(np.arange(P) < 3, 0.0, 1e-2), "l2": np.where(np.arange(P) < 5, 0.0, 1e-2)},
    ],
    ids=["l2", "l2 by newton_cg", "l1", "elasticnet"],
)
@pytest.mark.parametrize("tol", [1e-3, 1e-6, 1e-10])
def test_a_fit_with_some_coefficients_unpenalised_converges(layout, penalty, tol):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=tol)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty))
    assert result.converged, result.message
    assert result.certificate == "newton_decrement"
    assert gain <= tol * null_objective(y)


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


# --- what a result tells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*PENALTIES, *UNPENALISED])
def test_history_counts_passes_up_and_the_objective_down(layout, name):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **arguments(name), tol=1e-10)
    passes = [progress.n_passes for progress in result.history]
    values = np.array([progress.objective for progress in result.history])
    assert [progress.iteration for progress in result.history] == list(range(result.n_iter + 1))
    assert passes == sorted(set(passes))
    assert passes[-1] <= result.n_passes
    assert (np.diff(values) <= 4 * np.finfo(float).eps * values[:-1]).all()
    assert values[-1] == result.objective
    assert result.history[-1].nonzeros == np.count_nonzero(result.coef)
    assert result.history[-1].optimality == result.optimality


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {}], ids=["l2", "none"])
def test_smooth_fits_copy_nothing_of_x(layout, dtype, index, penalty):
    X, y = make_problem(p=P)
    assert fit_logistic(as_layout(X, layout, dtype, index), y, **penalty).copied_bytes == 0


def test_x_is_not_written_to(layout, penalty):
    X, y = make_problem(p=P)
    weight = np.ones(len(y))
    stored = as_layout(X, layout)
    arrays = (stored.data, stored.indices, stored.indptr) if sp.issparse(stored) else (stored,)
    before = [part.copy() for part in arrays]
    for part in (*arrays, y, weight):
        if isinstance(part, np.ndarray):
            part.setflags(write=False)
    fit_logistic(stored, y, **penalty, sample_weight=weight)
    assert all(np.array_equal(part, old) for part, old in zip(arrays, before, strict=True))


def test_conversions_are_counted_as_copies():
    X, y = make_problem(p=P)
    integers = np.rint(4 * X).astype(np.int16)
    assert fit_logistic(integers, y, l2=1e-2).copied_bytes == 8 * integers.size


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_max_iter_is_the_status_when_iterations_run_out(name):
    X, y = make_problem(p=P)
    for max_iter in (0, 1):
        result = fit_logistic(X, y, **arguments(name), tol=1e-12, max_iter=max_iter)
        assert result.status is Status.MAX_ITER
        assert not result.converged
        assert result.n_iter == max_iter
        assert f"max_iter={max_iter}" in result.message


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_no_iterations_give_the_null_model(name):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **arguments(name), max_iter=0)
    assert not result.coef.any()
    assert result.objective == pytest.approx(null_objective(y), rel=1e-14)
    assert result.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())), rel=1e-12)


def test_tol_zero_ends_at_the_limit_of_double_precision(layout, penalty):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=0.0)
    assert result.status is Status.PRECISION_LIMIT, result.message
    assert one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty)) < 1e-14


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_a_result_has_the_documented_types(name):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **arguments(name))
    assert isinstance(result, LogisticResult)
    assert result.coef.shape == (P,)
    assert result.coef.dtype == np.float64
    for field in ("intercept", "objective", "duality_gap", "optimality", "n_passes"):
        assert isinstance(getattr(result, field), float), field
    assert isinstance(result.n_iter, int)
    assert result.solver == arguments(name).get("solver", "newton_small" if name in ("l2", "none") else "prox_newton")
    assert result.n_passes > 0


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


@pytest.mark.parametrize("far", [1e3, 1e6])
def test_the_gap_under_l1_holds_for_columns_far_from_zero(layout, far):
    X, y = make_problem(p=P)
    shifted = X + far
    l1 = 1e-2
    truth = fit_logistic(X, y, l1=l1, tol=1e-13).objective
    for max_iter in range(1, 8):
        result = fit_logistic(as_layout(shifted, layout), y, l1=l1, tol=0.0, max_iter=max_iter, solver="prox_newton")
        assert result.objective - truth <= result.duality_gap + 1e-16 * far
