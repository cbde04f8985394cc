"""fit_one_vs_rest: each of the K problems is what fit_logistic makes of it on its own."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import LAYOUTS, as_layout
from support.one_vs_rest import PENALTIES, assert_same_optimum, single
from support.problems import indicator_problem, softmax_problem
from support.references import objective, smooth_gradient, subgradient

from fastlr import Status, fit_logistic, fit_one_vs_rest
from fastlr.matrix.dense import DenseMatrix

# --- each problem on its own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 20])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_each_class_is_the_fit_of_fit_logistic(layout, dtype, fit_intercept, K, penalty):
    X, y = softmax_problem(900 if K == 20 else 300, 6, K, signal=1.0)
    arguments = {"fit_intercept": fit_intercept, "tol": 1e-12}
    results = fit_one_vs_rest(as_layout(X, layout, dtype), y, **PENALTIES[penalty], **arguments)
    assert len(results) == K
    for k in range(min(K, 4)):
        expected = fit_logistic(X, (y == k).astype(float), **PENALTIES[penalty], **arguments)
        assert_same_optimum(results[k], expected, 1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("label_weight", [(1.0, 3.0), "each"])
def test_labels_with_weights(layout, penalty, weighted, label_weight):
    X, Y = indicator_problem()
    weight = np.random.default_rng(1).random(len(X)) if weighted else None
    if label_weight == "each":
        label_weight = np.random.default_rng(2).random((4, 2)) + 0.3
    results = fit_one_vs_rest(
        as_layout(X, layout), Y, **PENALTIES[penalty], sample_weight=weight, label_weight=label_weight, tol=1e-12
    )
    for k, result in enumerate(results):
        k_weight = np.broadcast_to(label_weight, (4, 2))[k]
        expected = single(X, Y[:, k].astype(float), k_weight, PENALTIES[penalty], weight, tol=1e-12)
        assert_same_optimum(result, expected, 1e-12)


@pytest.mark.parametrize("penalty", ["l2", "l1", "elastic net"])
def test_optimality_conditions(layout, penalty):
    X, Y = indicator_problem(K=5)
    results = fit_one_vs_rest(as_layout(X, layout), Y, **PENALTIES[penalty], tol=1e-13)
    for k, result in enumerate(results):
        in_coef, in_intercept = subgradient(X, Y[:, k], result.coef, result.intercept, **PENALTIES[penalty])
        assert np.abs(in_coef).max() < 1e-6
        assert abs(in_intercept) < 1e-9


@pytest.mark.parametrize("penalty", ["l2", "l1", "elastic net"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gap_is_never_below_the_suboptimality(layout, penalty, fit_intercept):
    X, y = softmax_problem(p=6, K=4)
    arguments = {**PENALTIES[penalty], "fit_intercept": fit_intercept}
    best = [r.objective for r in fit_one_vs_rest(X, y, **arguments, tol=0.0)]
    seen = []
    results = fit_one_vs_rest(as_layout(X, layout), y, **arguments, tol=1e-10, callback=lambda p: seen.append(p))
    assert {progress.label for progress in seen} == {0, 1, 2, 3}
    for progress in seen:
        coef, intercept = progress.coefficients()
        value = objective(X, (y == progress.label).astype(float), coef, intercept, **PENALTIES[penalty])
        assert progress.objective == pytest.approx(value, rel=1e-12)
        assert value - best[progress.label] <= progress.gap + 1e-14
    for k, result in enumerate(results):
        assert result.objective - best[k] <= result.duality_gap


@pytest.mark.parametrize("standardize", [False, True])
def test_strengths_by_column(layout, standardize):
    X, y = softmax_problem(p=6, K=3)
    X = np.column_stack([X, np.full(len(X), 2.0)])
    arguments = {"l2": np.geomspace(1e-3, 1e-1, 7), "l1": np.geomspace(1e-2, 1e-3, 7), "standardize": standardize}
    results = fit_one_vs_rest(as_layout(X, layout), y, **arguments, tol=1e-12)
    for k, result in enumerate(results):
        assert_same_optimum(result, fit_logistic(X, (y == k).astype(float), **arguments, tol=1e-12), 1e-12)
    assert all(result.coef[6] == 0.0 for result in results) or not standardize


@pytest.mark.parametrize("label_weight", [None, (1.0, 4.0)])
def test_standardised_columns_without_l1(label_weight):
    X, Y = indicator_problem()
    X = np.column_stack([X * np.geomspace(0.1, 100.0, 6), np.full(len(X), 2.0)])
    deviations = X.std(axis=0)
    results = fit_one_vs_rest(X, Y, l2=1e-2, standardize=True, label_weight=label_weight, tol=1e-13)
    for k, result in enumerate(results):
        strengths = {"l2": 1e-2 * np.where(deviations > 1e-12, deviations, 1e30) ** 2}
        expected = single(X, Y[:, k].astype(float), label_weight or (1.0, 1.0), strengths, tol=1e-13)
        np.testing.assert_allclose(result.coef * deviations, expected.coef * deviations, atol=1e-5)
        assert result.coef[6] == 0.0


def test_columns_held_at_zero_by_l1_are_left_out():
    rng = np.random.default_rng(0)
    X = sp.random_array((300, 2000), density=0.01, format="csr", rng=rng)
    y = rng.integers(0, 3, 300)
    for label_weight in (None, (1.0, 2.0)):
        results = fit_one_vs_rest(X, y, l1=0.004, label_weight=label_weight, tol=1e-10)
        for k, result in enumerate(results):
            expected = single(X, (y == k).astype(float), label_weight or (1, 1), {"l1": 0.004}, tol=1e-10)
            assert_same_optimum(result, expected, 1e-10)


# --- forms of input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [bool, np.int32, np.float64, "list", "coo", "csr", "csc_matrix", "lil", "class numbers"]
)
def test_all_forms_of_labels_give_the_same_bits(kind):
    X, y = softmax_problem(p=6, K=4)
    Y = (y[:, None] == np.arange(4)).astype(np.int64)
    forms = {
        "list": Y.tolist(),
        "coo": sp.coo_array(Y),
        "csr": sp.csr_array(Y.astype(float)),
        "csc_matrix": sp.csc_matrix(Y.astype(bool)),
        "lil": sp.lil_array(Y),
        "class numbers": y,
    }
    expected = fit_one_vs_rest(X, Y, l2=1e-3)
    results = fit_one_vs_rest(X, forms[kind] if kind in forms else Y.astype(kind), l2=1e-3)
    for one, other in zip(results, expected, strict=True):
        assert one.coef.tobytes() == other.coef.tobytes()
        assert one.intercept == other.intercept


def test_sparse_labels_with_stored_zeros_and_repeated_entries():
    X, Y = indicator_problem(K=2)
    stored = sp.csr_array(Y + 1)
    stored.data -= 1
    results = [fit_one_vs_rest(X, labels, l2=1e-2) for labels in (Y, stored)]
    assert results[0][1].coef.tobytes() == results[1][1].coef.tobytes()


def test_one_label_in_a_matrix_is_one_problem():
    X, Y = indicator_problem(K=1)
    (result,) = fit_one_vs_rest(X, Y, l2=1e-2, tol=1e-12)
    assert_same_optimum(result, fit_logistic(X, Y[:, 0], l2=1e-2, tol=1e-12), 1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_any_number_of_threads_gives_the_same_bits(layout, penalty):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6000, 12)) * (rng.random((6000, 12)) < 0.9)
    y = np.argmax(X[:, :6] + rng.gumbel(size=(6000, 6)), axis=1)
    X = as_layout(X, layout)
    one, two, three = (fit_one_vs_rest(X, y, **PENALTIES[penalty], n_threads=k) for k in (1, 2, 3))
    for results in zip(one, two, three, strict=True):
        assert len({result.coef.tobytes() for result in results}) == 1
        assert len({result.intercept for result in results}) == 1


# --- control ----------------------------------------------------------------------------------------------------------


def test_a_start_at_the_optimum_ends_at_once(layout):
    X, y = softmax_problem(p=6, K=4)
    X = as_layout(X, layout)
    cold = fit_one_vs_rest(X, y, l2=1e-2, tol=1e-12)
    pair = np.array([r.coef for r in cold]), np.array([r.intercept for r in cold])
    for start in (cold, list(cold), pair):
        warm = fit_one_vs_rest(X, y, l2=1e-2, tol=1e-8, start=start)
        assert all(result.n_iter == 0 and result.converged for result in warm)


def test_an_easy_label_takes_part_in_fewer_passes_than_a_hard_one():
    rng = np.random.default_rng(0)
    X = sp.random_array((400, 3000), density=0.02, format="csr", rng=rng)
    score = X @ rng.standard_normal(3000)
    Y = np.column_stack([rng.random(400) < 0.02, score > 0])
    results = fit_one_vs_rest(X, Y, l2=1e-4, solver="newton_cg", tol=1e-9)
    assert all(result.converged for result in results)
    assert results[0].n_passes != results[1].n_passes


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_time_limit_and_max_iter(penalty):
    X, y = softmax_problem(p=6, K=3)
    for result in fit_one_vs_rest(X, y, **PENALTIES[penalty], time_limit=0.0):
        assert result.status is Status.TIME_LIMIT
        assert np.isfinite(result.objective)
    for result in fit_one_vs_rest(X, y, **PENALTIES[penalty], max_iter=0):
        assert result.status is Status.MAX_ITER


@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_a_callback_ends_all_problems(penalty):
    X, y = softmax_problem(p=6, K=3)
    seen = []
    results = fit_one_vs_rest(X, y, **PENALTIES[penalty], tol=0.0, callback=lambda p: seen.append(p) or len(seen) == 3)
    assert results[-1].status is Status.STOPPED
    assert len({progress.label for progress in seen}) >= 1


@pytest.mark.parametrize("n", [300, 20_000])
def test_an_interrupt_comes_through(n):
    X, y = softmax_problem(n=n, K=3)

    def interrupt(progress):
        raise KeyboardInterrupt

    for solver in ("auto", "newton_cg", "dual_coordinate_descent"):
        with pytest.raises(KeyboardInterrupt) as raised:
            fit_one_vs_rest(X, y, l2=1e-2, solver=solver, callback=interrupt)
        assert raised.type is KeyboardInterrupt


@pytest.mark.parametrize("solver", ["newton_cholesky", "newton_cg", "lbfgs", "dual_coordinate_descent"])
def test_a_solver_that_is_asked_for_is_taken(solver):
    X, y = softmax_problem(p=6, K=3)
    results = fit_one_vs_rest(X, y, l2=1e-2, solver=solver, tol=1e-10)
    for k, result in enumerate(results):
        assert result.solver == solver
        expected = fit_logistic(X, (y == k).astype(float), l2=1e-2, tol=1e-12)
        assert result.objective - expected.objective <= result.duality_gap + 1e-12


def test_separated_labels_are_found():
    X, _ = softmax_problem(p=6, K=3)
    Y = np.column_stack([X[:, 0] + X[:, 1] > 0.2, X[:, 2] + 0.1 * X[:, 3] > 0.1])
    for result in fit_one_vs_rest(X, Y):
        assert result.status is Status.SEPARATED


# --- bad input --------------------------------------------------------------------------------------------------------


def without_label(k):
    Y = indicator_problem()[1]
    Y[:, k] = 0
    return Y


def with_entry(value):
    Y = indicator_problem()[1].astype(float)
    Y[7, 2] = value
    return Y


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"Y": without_label(2)}, ValueError, "Y: label 2 occurs in no row"),
        ({"Y": 1 - without_label(1)}, ValueError, "Y: label 1 occurs in every row"),
        ({"Y": sp.csr_array(without_label(3))}, ValueError, "Y: label 3 occurs in no row"),
        ({"Y": np.arange(400) % 3, "n_classes": 5}, ValueError, "Y: label 3 occurs in no row .2 of 5 labels"),
        ({"Y": np.zeros(400)}, ValueError, "Y as class numbers: .* 1 class"),
        ({"Y": np.full(400, np.nan)}, ValueError, "Y as class numbers: y contains NaN"),
        ({"Y": np.full(400, 0.5)}, ValueError, "Y as class numbers"),
        ({"Y": np.zeros((400, 0))}, ValueError, r"Y has shape \(400, 0\)"),
        ({"Y": np.zeros((399, 4))}, ValueError, r"Y has shape \(399, 4\), expected \(400, K\)"),
        ({"Y": sp.csr_array((399, 4))}, ValueError, r"Y has shape \(399, 4\)"),
        ({"Y": np.zeros(399)}, ValueError, r"shape \(399,\)"),
        ({"Y": np.zeros((400, 2, 2))}, ValueError, "Y"),
        ({"Y": with_entry(np.nan)}, ValueError, "Y holds nan at row 7, label 2"),
        ({"Y": with_entry(0.5)}, ValueError, "Y holds 0.5 at row 7, label 2"),
        ({"Y": sp.csc_array(with_entry(2.0))}, ValueError, "Y holds 2.0 at row 7, label 2"),
        ({"Y": sp.csr_array(with_entry(np.nan))}, ValueError, "Y holds nan at row 7, label 2"),
        ({"Y": np.full((400, 2), "a")}, TypeError, "Y has dtype"),
        ({"Y": np.full((400, 2), "a", dtype=object)}, TypeError, "Y holds something else"),
        ({"Y": sp.csr_array(np.full((400, 2), 1j))}, TypeError, "Y has dtype complex"),
        ({"n_classes": 3}, ValueError, "Y has 4 columns, expected n_classes=3"),
        ({"sample_weight": -np.ones(400)}, ValueError, "sample_weight: expected finite numbers >= 0, found -1.0 at 0"),
        ({"sample_weight": (np.arange(400) < 1).astype(float)}, ValueError, "rows? of positive sample_weight"),
        ({"label_weight": (1.0, 0.0)}, ValueError, "label_weight"),
        ({"label_weight": (1.0, -1.0)}, ValueError, "label_weight"),
        ({"label_weight": (1.0, np.nan)}, ValueError, "label_weight"),
        (
            {"label_weight": np.ones((3, 2))},
            ValueError,
            r"label_weight has shape \(3, 2\), expected \(2,\) or \(4, 2\)",
        ),
        ({"label_weight": "balanced"}, TypeError, "label_weight='balanced'"),
        ({"l2": -1.0}, ValueError, "l2"),
        ({"l1": np.ones(3)}, ValueError, "l1 has shape"),
        ({"start": 3}, TypeError, "start=3"),
        ({"start": (np.zeros(6), 0.0)}, ValueError, r"start has shapes \(6,\)|start has shapes \(\(6,\)"),
        ({"start": (1, 2, 3)}, TypeError, "start"),
        ({"start": (np.full((4, 6), np.nan), np.zeros(4))}, ValueError, "start contains NaN"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept=1"),
        ({"standardize": "yes"}, TypeError, "standardize='yes'"),
        ({"solver": "best"}, ValueError, "solver='best'"),
        ({"tol": -1.0}, ValueError, "tol"),
    ],
)
def test_input_that_cannot_be_used(arguments, error, message):
    X, Y = indicator_problem()
    with pytest.raises(error, match=message):
        fit_one_vs_rest(**({"X": X, "Y": Y, "l2": 1e-2} | arguments))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("penalty", ["l2", "l1"])
def test_an_entry_that_is_not_finite_is_named(layout, bad, penalty):
    X, Y = indicator_problem()
    X[7, 2] = bad
    with pytest.raises(ValueError, match="at row 7, column 2"):
        fit_one_vs_rest(as_layout(X, layout), Y, **PENALTIES[penalty])


def test_many_labels():
    X, _ = indicator_problem(n=200, p=3)
    rng = np.random.default_rng(0)
    Y = rng.random((200, 600)) < 0.3
    results = fit_one_vs_rest(X, sp.csr_array(Y), l2=1e-2, tol=1e-10)
    assert len(results) == 600
    for k in (0, 299, 599):
        gradient, slope = smooth_gradient(X, Y[:, k], results[k].coef, results[k].intercept, 1e-2)
        assert np.abs(gradient).max() < 1e-5
        assert abs(slope) < 1e-9


def test_the_layouts_agree():
    X, Y = indicator_problem()
    found = [fit_one_vs_rest(as_layout(X, layout), Y, l2=1e-3, tol=1e-13) for layout in LAYOUTS]
    for other in found[1:]:
        for k in range(Y.shape[1]):
            np.testing.assert_allclose(other[k].coef, found[0][k].coef, atol=1e-6)


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("penalty", [{"l1": 1e-2}, {"l1": 1e-2, "l2": 1e-2}])
def test_mean_squares_of_columns_are_measured_once_for_all_labels(penalty, weighed, monkeypatch):
    X, y = softmax_problem(200, 5, 4)
    weight = np.arange(1.0, 201.0) if weighed else None
    expected = fit_one_vs_rest(X, y, sample_weight=weight, **penalty)
    asked, measure = [], DenseMatrix.mean_squares

    def counted(matrix, weight):
        asked.append(matrix.shape)
        return measure(matrix, weight)

    monkeypatch.setattr(DenseMatrix, "mean_squares", counted)
    together = fit_one_vs_rest(X, y, sample_weight=weight, solver="coordinate_descent", **penalty)
    whole = asked.count(X.shape)
    assert whole == 1
    for k, (one, each) in enumerate(zip(together, expected, strict=True)):
        alone = fit_logistic(X, y == k, sample_weight=weight, solver="coordinate_descent", **penalty)
        assert np.array_equal(one.coef, alone.coef)
        assert one.duality_gap == alone.duality_gap
        assert one.n_passes == alone.n_passes
        assert abs(one.objective - each.objective) <= one.duality_gap + each.duality_gap
