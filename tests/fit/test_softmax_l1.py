"""fit_softmax with l1, the elastic net and the group penalty: optimality conditions, certificates, known facts."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from support.layouts import as_layout
from support.problems import rare_columns, softmax_problem
from support.references import softmax_gradients, softmax_objective

from fastlr import fit_logistic
from fastlr.fit.softmax import fit_softmax

PENALTIES = {
    "l1": {"l1": 0.01},
    "elastic net": {"l1": 0.008, "l2": 0.01},
    "group": {"l1": 0.02, "group_penalty": True},
    "group, l2": {"l1": 0.02, "l2": 0.01, "group_penalty": True},
}


def norms(coef):
    """Norm of each column's coefficients, (p,); coef (K, p)."""
    return np.sqrt(np.sum(coef * coef, axis=0))


def penalised(X, y, coef, intercept, l1, l2=0.0, group_penalty=False, weight=None):
    """The objective in plain NumPy."""
    size = norms(coef) if group_penalty else np.abs(coef)
    return softmax_objective(X, y, coef, intercept, l2, weight) + np.sum(l1 * size)


def subgradient(X, y, coef, intercept, l1, l2=0.0, group_penalty=False, weight=None):
    """The subgradient of least norm in coef, (K, p), and the gradient in the intercepts, (K,)."""
    g, in_intercept = softmax_gradients(X, y, coef, intercept, l2, weight)
    if group_penalty:
        length, slope = norms(coef), norms(g)
        kept = np.maximum(slope - l1, 0.0) / np.where(slope > 0.0, slope, 1.0)
        at_zero, elsewhere = g * kept, g + l1 * coef / np.where(length > 0.0, length, 1.0)
        return np.where(length == 0.0, at_zero, elsewhere), in_intercept
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0.0)
    return np.where(coef == 0.0, at_zero, g + l1 * np.sign(coef)), in_intercept


def assert_optimal(result, X, y, fit_intercept, tolerance=1e-6, **penalty):
    assert result.converged, result.message
    in_coef, in_intercept = subgradient(X, y, result.coef, result.intercept, **penalty)
    assert np.abs(in_coef).max() < tolerance
    assert np.abs(in_intercept).max() < 1e-9 if fit_intercept else not result.intercept.any()
    assert result.objective == pytest.approx(penalised(X, y, result.coef, result.intercept, **penalty), rel=1e-12)


def largest_strengths(X, y, K):
    """(l1, l1 of groups) from which on all coefficients are zero, with intercepts."""
    shares = np.bincount(y, minlength=K) / len(y)
    slopes = X.T @ (shares - np.eye(K)[y]) / len(y)
    return np.abs(slopes).max(), np.sqrt((slopes**2).sum(axis=1)).max()


# --- the optimum ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 10])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_the_optimum_meets_its_conditions(layout, dtype, fit_intercept, K, penalty):
    X, y = softmax_problem(K=K)
    result = fit_softmax(as_layout(X, layout, dtype), y, fit_intercept=fit_intercept, tol=1e-12, **penalty)
    assert result.certificate == "gap"
    assert_optimal(result, X, y, fit_intercept, **penalty)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_the_optimum_with_weights(fit_intercept, penalty):
    X, y = softmax_problem(K=4)
    weight = np.random.default_rng(1).random(len(y)) * (np.arange(len(y)) % 7 > 0)
    result = fit_softmax(X, y, sample_weight=weight, fit_intercept=fit_intercept, tol=1e-12, **penalty)
    assert_optimal(result, X, y, fit_intercept, weight=weight, **penalty)


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_columns_without_a_penalty_are_free(penalty):
    X, y = softmax_problem(K=3)
    strength = np.ones(X.shape[1])
    strength[[1, 4]] = 0.0
    penalty = penalty | {"l1": penalty["l1"] * strength, "l2": penalty.get("l2", 0.0) * strength}
    result = fit_softmax(X, y, tol=1e-12, **penalty)
    assert result.certificate == "newton_decrement"
    assert np.isnan(result.duality_gap)
    assert_optimal(result, X, y, True, tolerance=1e-4, **penalty)


@pytest.mark.parametrize("group_penalty", [False, True])
def test_strengths_by_column(group_penalty):
    X, y = softmax_problem(K=3)
    penalty = {"l1": np.geomspace(1e-3, 0.1, X.shape[1]), "group_penalty": group_penalty}
    result = fit_softmax(X, y, tol=1e-12, **penalty)
    assert_optimal(result, X, y, True, **penalty)


@pytest.mark.parametrize("group_penalty", [False, True])
def test_a_class_that_no_row_has(group_penalty):
    X, y = softmax_problem(K=3)
    result = fit_softmax(X, y, 5, l1=0.01, group_penalty=group_penalty, fit_intercept=False, tol=1e-12)
    assert result.coef.shape == (5, X.shape[1])
    assert_optimal(result, X, y, False, l1=0.01, group_penalty=group_penalty)


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_columns_far_from_mean_zero(penalty):
    X, y = softmax_problem(K=3)
    shifted = X + 30.0
    here, there = (fit_softmax(A, y, tol=1e-10, **penalty) for A in (X, shifted))
    assert there.converged
    assert there.objective == pytest.approx(here.objective, abs=1e-9)


def test_many_columns_of_which_few_are_left():
    rng = np.random.default_rng(0)
    X = sp.random_array((300, 5000), density=0.01, format="csr", rng=rng)
    y = rng.integers(0, 20, 300)
    y[:20] = np.arange(20)
    dense = X.toarray()
    for penalty in ({"l1": 1e-3}, {"l1": 1e-3, "l2": 1e-4}, {"l1": 2e-3, "group_penalty": True}):
        for layout in (X, X.tocsc(), dense):
            result = fit_softmax(layout, y, tol=1e-10, **penalty)
            assert_optimal(result, dense, y, True, **penalty)
            assert 0 < np.count_nonzero(result.coef.any(axis=0)) < 2000


def test_of_equal_columns_one_takes_part():
    X, y = rare_columns()
    twice = sp.hstack([X, X[:, ::-1]], format="csr")
    p = X.shape[1]
    for group_penalty in (False, True):
        once = fit_softmax(X, y, l1=4e-3, group_penalty=group_penalty, tol=1e-12)
        both = fit_softmax(twice, y, l1=4e-3, group_penalty=group_penalty, tol=1e-12)
        assert_optimal(both, twice.toarray(), y, True, l1=4e-3, group_penalty=group_penalty)
        assert both.objective == pytest.approx(once.objective, rel=1e-12)
        assert both.coef.any()
        assert not np.any(both.coef[:, :p].any(axis=0) & both.coef[:, p:][:, ::-1].any(axis=0))
        start = np.hstack([np.zeros_like(once.coef), once.coef[:, ::-1]]), once.intercept
        assert fit_softmax(twice, y, l1=4e-3, group_penalty=group_penalty, tol=1e-8, start=start).n_iter == 0


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [2, 3, 7])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_the_gap_is_never_below_the_suboptimality(K, fit_intercept, penalty):
    X, y = softmax_problem(K=K)
    best = fit_softmax(X, y, fit_intercept=fit_intercept, tol=0.0, **penalty).objective
    seen = []

    def watch(progress):
        coef, intercept = progress.coefficients()
        seen.append((penalised(X, y, coef, intercept, **penalty), progress))

    fit_softmax(X, y, fit_intercept=fit_intercept, tol=1e-12, callback=watch, **penalty)
    assert len(seen) > 2
    for found, progress in seen:
        assert progress.objective == pytest.approx(found, rel=1e-12)
        assert found - best <= progress.gap + 1e-15


# --- known facts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_two_classes_are_the_binary_fit(fit_intercept):
    X, y = softmax_problem(K=2)
    binary = fit_logistic(X, y, l1=0.01, fit_intercept=fit_intercept, tol=1e-13)
    softmax = fit_softmax(X, y, l1=0.01, fit_intercept=fit_intercept, tol=1e-13)
    np.testing.assert_allclose(softmax.coef[1] - softmax.coef[0], binary.coef, atol=1e-6)
    assert not np.any(softmax.coef[1] * softmax.coef[0] > 0.0)
    assert softmax.objective == pytest.approx(binary.objective, rel=1e-12)
    # with w the difference of the two, the norm of both is |w| / sqrt(2)
    grouped = fit_softmax(X, y, l1=0.01 * np.sqrt(2), group_penalty=True, fit_intercept=fit_intercept, tol=1e-13)
    np.testing.assert_allclose(grouped.coef[1] - grouped.coef[0], binary.coef, atol=1e-6)
    np.testing.assert_allclose(grouped.coef[1], -grouped.coef[0], atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_the_objective_of_saga(l1_ratio):
    X, y = softmax_problem(n=200, K=3)
    C = 0.2
    peer = SklearnLogisticRegression(C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=100_000).fit(X, y)
    penalty = {"l1": l1_ratio / (C * len(y)), "l2": (1 - l1_ratio) / (C * len(y))}
    result = fit_softmax(X, y, tol=1e-13, **penalty)
    theirs = penalised(X, y, peer.coef_, peer.intercept_, **penalty)
    assert result.objective <= theirs + 1e-12
    assert result.objective == pytest.approx(theirs, rel=1e-7)
    if l1_ratio < 1.0:
        np.testing.assert_allclose(result.coef, peer.coef_, atol=1e-3)


def test_few_rows_that_break_fixed_steps():
    X, y = make_classification(
        n_samples=20, n_features=20, n_informative=10, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    for fit_intercept in (False, True):
        for penalty in ({"l1": 1 / 20}, {"l1": 1 / 20, "group_penalty": True}, {"l1": 1e-4}):
            result = fit_softmax(X, y, fit_intercept=fit_intercept, tol=1e-10, **penalty)
            assert_optimal(result, X, y, fit_intercept, **penalty)


def test_strengths_that_hold_all_at_zero():
    X, y = softmax_problem(K=4)
    alone, grouped = largest_strengths(X, y, 4)
    for strength, penalty in ((alone, {}), (alone, {"l2": 0.1}), (grouped, {"group_penalty": True})):
        held = fit_softmax(X, y, l1=strength * (1 + 1e-12), **penalty)
        free = fit_softmax(X, y, l1=0.99 * strength, tol=1e-10, **penalty)
        assert held.converged
        assert not held.coef.any()
        assert free.coef.any()


@pytest.mark.parametrize("l2", [0.0, 0.02])
def test_the_classes_of_a_column_enter_together(l2):
    X, y = softmax_problem(K=5)
    strength = 0.4 * largest_strengths(X, y, 5)[1]
    result = fit_softmax(X, y, l1=strength, l2=l2, group_penalty=True, tol=1e-12)
    entered = result.coef != 0.0
    assert 0 < entered.any(axis=0).sum() < X.shape[1]
    assert np.array_equal(entered.any(axis=0), entered.all(axis=0))
    assert np.abs(result.coef.sum(axis=0)).max() < 1e-5
    single = fit_softmax(X, y, l1=0.5 * strength, l2=l2, tol=1e-12).coef != 0.0
    assert np.any(single.any(axis=0) & ~single.all(axis=0))


# --- how it runs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_any_number_of_threads_gives_the_same_bits(layout, penalty):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 30))
    y = np.argmax(X[:, :6] + rng.gumbel(size=(4000, 6)), axis=1)
    X = as_layout(X, layout)
    one, two = (fit_softmax(X, y, tol=1e-8, n_threads=k, **penalty) for k in (1, 2))
    assert one.converged
    assert one.coef.tobytes() == two.coef.tobytes()
    assert one.intercept.tobytes() == two.intercept.tobytes()


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_a_start_at_a_result_takes_few_iterations(penalty):
    X, y = softmax_problem(K=4)
    cold = fit_softmax(X, y, tol=1e-12, **penalty)
    for start in (cold, (cold.coef, cold.intercept)):
        warm = fit_softmax(X, y, tol=1e-8, start=start, **penalty)
        assert warm.converged
        assert warm.n_iter == 0
    nearby = penalty | {"l1": 0.99 * penalty["l1"]}
    near = fit_softmax(X, y, tol=1e-8, start=cold, **nearby)
    assert near.converged
    assert near.n_passes < fit_softmax(X, y, tol=1e-8, **nearby).n_passes


def test_a_start_where_columns_are_left_out():
    X, y = rare_columns()
    cold = fit_softmax(X, y, l1=4e-3, tol=1e-10)
    warm = fit_softmax(X, y, l1=4e-3, tol=1e-8, start=cold)
    assert "holds all but" in cold.message
    assert warm.n_iter == 0
    np.testing.assert_array_equal(warm.coef, cold.coef)


def test_a_group_penalty_without_l1_does_nothing():
    X, y = softmax_problem(K=3)
    plain, grouped = (fit_softmax(X, y, l2=0.01, group_penalty=given) for given in (False, True))
    assert plain.coef.tobytes() == grouped.coef.tobytes()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"l1": -1.0}, ValueError, "l1=-1.0: expected finite non-negative"),
        ({"l1": np.ones(3)}, ValueError, "l1 has shape"),
        ({"l1": "strong"}, TypeError, "l1='strong'"),
        ({"l1": np.nan}, ValueError, "l1=nan"),
        ({"group_penalty": 1}, TypeError, "group_penalty=1: expected True or False"),
        ({"group_penalty": None}, TypeError, "group_penalty=None"),
    ],
)
def test_input_that_cannot_be_used(arguments, error, message):
    X, y = softmax_problem(K=3)
    with pytest.raises(error, match=message):
        fit_softmax(X, y, **arguments)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("p", [8, 600])
def test_an_entry_that_is_not_finite_is_named(layout, bad, p):
    X, y = softmax_problem(K=3, p=p)
    X[7, 2] = bad
    with pytest.raises(ValueError, match="at row 7, column 2"):
        fit_softmax(as_layout(X, layout), y, l1=1e-2)
