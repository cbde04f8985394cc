"""Every fit is at its optimum: subgradients, other libraries, certificates that are never below the truth."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from support.layouts import as_layout
from support.penalties import FEW, PENALTIES, UNPENALISED, P, arguments, terms
from support.problems import make_problem
from support.references import (
    exact_objective,
    null_objective,
    objective,
    one_coordinate_decrease,
    smooth_gradient,
    subgradient,
)

import fastlr
from fastlr import fit_logistic


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


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


@pytest.mark.parametrize("far", [1e3, 1e6])
def test_the_gap_under_l1_holds_for_columns_far_from_zero(layout, far):
    X, y = make_problem(p=P)
    shifted = X + far
    l1 = 1e-2
    truth = fit_logistic(X, y, l1=l1, tol=1e-13).objective
    for max_iter in range(1, 8):
        result = fit_logistic(as_layout(shifted, layout), y, l1=l1, tol=0.0, max_iter=max_iter, solver="prox_newton")
        assert result.objective - truth <= result.duality_gap + 1e-16 * far


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
