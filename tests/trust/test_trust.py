"""What a status and a certificate promise holds on inputs of the kinds on which it once did not."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit
from sklearn.datasets import load_digits, load_wine

from fastlr import LogisticRegression, Status, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.solvers import SOLVERS

LAYOUTS = {"C": np.ascontiguousarray, "F": np.asfortranarray, "csr": sp.csr_array, "csc": sp.csc_array}


def is_honest(result):
    """Whether CONVERGED means a gap, rounding included, of at most the target where there is a gap."""
    if result.status is not Status.CONVERGED or np.isnan(result.duality_gap):
        return True
    return result.certificate == "gap" and result.duality_gap <= result.target


# --- what CONVERGED means -------------------------------------------------------------------------------------------


def posed(penalty, solver):
    """Arguments under which the solver handles the penalty, or None."""
    given = {"l2": {"l2": 1e-2}, "l1": {"l1": 1e-2}, "none": {}}[penalty]
    if SOLVERS[solver].handles(penalty):
        return given
    return {**given, "bounds": (-1.0, 1.0)} if SOLVERS[solver].handles(penalty, True) else None


@pytest.mark.parametrize("scale", [1.0, 1e4, 1e165, 1e-160])
@pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-11, 0.0])
@pytest.mark.parametrize("penalty", ["l2", "l1", "none"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_end_of_every_solver_is_honest(solver, penalty, tol, scale):
    options = posed(penalty, solver)
    if options is None:
        pytest.skip("the solver does not handle this penalty")
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((40, 3)), np.ones(40)]) * scale
    y = (X[:, 0] / scale + rng.standard_normal(40) > 0) * 1.0
    ends = [
        fit_logistic(X, y, solver=solver, tol=tol, **options, **limit)
        for limit in ({"max_iter": 200}, {"max_iter": 2}, {"time_limit": 0.0}, {"callback": lambda progress: True})
    ]
    assert all(is_honest(result) for result in ends)
    assert tol > 0.0 or all(result.status is not Status.CONVERGED or result.duality_gap == 0.0 for result in ends[:1])


def test_the_limit_of_double_precision_has_a_status_and_warns_only_where_something_was_asked_for():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 4))
    y = (X[:, 0] + rng.standard_normal(100) > 0) * 1
    model = LogisticRegression(tol=0.0).fit(X, y)
    assert model.status_ is Status.PRECISION_LIMIT
    with pytest.warns(match="Double precision ends the fit"):
        LogisticRegression(tol=1e-17).fit(X, y)


@pytest.mark.parametrize("C", [1.0, 100.0, 1e3, 1e5, 1e7])
@pytest.mark.parametrize("data", ["wine", "digits"])
def test_a_softmax_whose_rows_are_nearly_certain_reaches_its_optimum(data, C):
    X, y = load_wine(return_X_y=True) if data == "wine" else load_digits(n_class=4, return_X_y=True)
    model = LogisticRegression(C=C, max_iter=300).fit(X, y)
    result = model.result_
    assert result.status is Status.CONVERGED
    assert result.duality_gap <= result.target
    if data == "wine" and C == 100.0:
        assert result.objective == pytest.approx(5.0613e-3, abs=2e-6)


@pytest.mark.parametrize(
    "solver", ["gradient_descent", "accelerated_gradient", "stochastic_gradient", "lbfgs", "adagrad"]
)
@pytest.mark.parametrize("column", [np.ones(200), 1e9 * np.linspace(-1.0, 1.0, 200)])
def test_solvers_for_comparison_are_judged_by_the_gap(solver, column):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.standard_normal((200, 2)), column])
    y = (X[:, 0] + 0.5 * rng.standard_normal(200) > 0) * 1.0
    result = fit_logistic(X, y, l2=1e-2, standardize=True, solver=solver)
    best = fit_logistic(X, y, l2=1e-2, standardize=True, tol=1e-11)
    assert is_honest(result)
    assert result.objective - best.objective <= result.duality_gap


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_labels_fitted_together_without_a_penalty_reach_tol(dtype):
    rng = np.random.default_rng(37)
    X = sp.csc_array((rng.random((42, 13)) < 0.3) + np.where(np.arange(13) % 4 == 0, 314.0, 0.0)).astype(dtype)
    Y = rng.random((42, 5)) < 0.4
    for k, result in enumerate(fit_one_vs_rest(X, Y, fit_intercept=False, tol=1e-4, solver="newton_cg")):
        best = fit_logistic(X, Y[:, k] * 1.0, fit_intercept=False, tol=1e-11)
        assert result.status in (Status.CONVERGED, Status.SEPARATED)
        assert result.objective - best.objective <= 2e-4


# --- columns far from zero --------------------------------------------------------------------------------------------


def days(n=200, seed=0):
    """(day, z), y: two columns about zero."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 365, n).astype(float), rng.standard_normal(n)])
    return X, (rng.random(n) < expit((X[:, 0] - 180) / 60 + X[:, 1])) * 1.0


@pytest.mark.parametrize("far", [1e4, 1e7, 1e11, 1e13])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky", "dual_coordinate_descent", "lbfgs"])
def test_columns_far_from_zero_are_fitted_as_their_centred_twins(far, layout, solver):
    if solver == "dual_coordinate_descent" and layout in ("F", "csc"):
        pytest.skip("visits rows")
    X, y = days()
    best = fit_logistic(X, y, l2=1e-3, tol=1e-11)
    moved = LAYOUTS[layout](X + np.array([far, 0.0]))
    result = fit_logistic(moved, y, l2=1e-3, solver=solver, max_iter=5000)
    assert result.status is Status.CONVERGED
    assert -1e-12 <= result.objective - best.objective <= result.duality_gap
    assert (result.copied_bytes > 0) == (far > 1e5)
    eta = X @ best.coef + best.intercept
    np.testing.assert_allclose(X @ result.coef + (result.intercept + far * result.coef[0]), eta, atol=0.05)


@pytest.mark.parametrize("penalty", [{}, {"l1": 1e-3}, {"l1": 1e-3, "l2": 1e-3}, {"l2": 1e-3, "bounds": (0.0, None)}])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_with_every_penalty(penalty, layout):
    X, y = days()
    best = fit_logistic(X, y, tol=1e-11, **penalty)
    result = fit_logistic(LAYOUTS[layout](X + np.array([1e10, 0.0])), y, **penalty)
    assert result.status is Status.CONVERGED
    assert abs(result.objective - best.objective) <= 2 * result.target


@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_softmax_and_labels_and_from_a_start(layout):
    X, y = days()
    moved = LAYOUTS[layout](X + np.array([1e10, 0.0]))
    near, far = (fit_softmax(each, y.astype(int), l2=1e-3, tol=1e-9) for each in (X, moved))
    assert far.objective == pytest.approx(near.objective, abs=1e-8)
    near, far = (fit_one_vs_rest(each, y.astype(int), l2=1e-3, tol=1e-9) for each in (X, moved))
    assert [one.objective for one in far] == pytest.approx([one.objective for one in near], abs=1e-8)
    seen = []
    first = fit_logistic(moved, y, l2=1e-3)
    again = fit_logistic(moved, y, l2=1e-3, start=first, callback=lambda told: seen.append(told.coefficients()[1]))
    assert again.n_iter <= 1
    assert seen[0] == pytest.approx(first.intercept)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("far", [1e9, 1e12, 1e15])
def test_rows_without_weight_do_not_hide_that_a_column_is_far(layout, far):
    X, y = days()
    weight = np.ones(len(y))
    weight[::2] = 0.0
    moved = X + np.array([far, 0.0])
    moved[::2, 0] = 0.0
    best = fit_logistic(X, y, sample_weight=weight, tol=1e-11)
    result = fit_logistic(LAYOUTS[layout](moved), y, sample_weight=weight)
    assert result.status is Status.CONVERGED
    assert result.objective - best.objective <= 2 * result.target


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_missing_time_stamp_does_not_hide_the_others(layout):
    X, y = days(n=100)
    moved = X + np.array([1.7e12, 0.0])
    moved[[0, -1], 0], y[[0, -1]] = 0.0, 0.0
    result = fit_logistic(LAYOUTS[layout](moved), y, l2=1e-3)
    assert is_honest(result)
    assert result.objective == pytest.approx(0.483985, abs=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_intercept_that_double_precision_cannot_hold_is_no_convergence(layout):
    X, y = days()
    result = fit_logistic(LAYOUTS[layout](X + np.array([4e15, 0.0])), y, l2=1e-3, tol=1e-9)
    assert result.status is Status.PRECISION_LIMIT
    assert result.duality_gap > result.target
    assert "Rounding of the intercept" in result.message


@pytest.mark.parametrize("multi_class", ["multinomial", "ovr"])
def test_what_a_callback_keeps_of_such_a_fit_can_be_pickled(multi_class):
    X, y = days()
    seen = []
    LogisticRegression(multi_class=multi_class, callback=seen.append).fit(X + np.array([1e9, 0.0]), y + (X[:, 1] > 1))
    assert len(pickle.loads(pickle.dumps(seen))[-1].coefficients()) == 2


# --- a row far from all others ----------------------------------------------------------------------------------------


def with_a_far_row(far, label, n=300, seed=0):
    """(X, y), one entry of a column `far` away from the others, and (X, y) without that row."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4))
    y = (rng.random(n) < expit(2.0 * X[:, 0] + X[:, 1])) * 1.0
    X[n // 2], y[n // 2] = [far, 0.0, 0.0, 0.0], label
    others = np.arange(n) != n // 2
    return X, y, X[others], y[others]


FAR = [1e4, 1e7, 1.7e9, -1e7]


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky", "lbfgs"])
def test_a_far_row_that_the_others_agree_with_does_not_end_the_fit(solver, layout, far):
    X, y, others, y_others = with_a_far_row(far, far > 0)
    best = fit_logistic(others, y_others, tol=1e-12).objective * len(y_others) / len(y)
    result = fit_logistic(layout(X), y, solver=solver)
    assert result.converged, result.message
    assert best - 1e-12 <= result.objective <= best + result.target


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky", "lbfgs"])
def test_a_far_row_that_contradicts_the_others_takes_its_column_away(solver, far):
    X, y, others, y_others = with_a_far_row(far, far < 0)
    without = fit_logistic(others[:, 1:], y_others, tol=1e-12).objective * len(y_others) / len(y)
    result = fit_logistic(X, y, solver=solver)
    assert result.converged, result.message
    assert abs(result.objective - without) <= 20.0 / abs(far) + result.target  # a coefficient of 20 / far fits the row


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("penalty", ["l1", "l2", "bounds"])
def test_a_far_row_in_a_free_column_beside_penalties(penalty, far):
    X, y, others, y_others = with_a_far_row(far, far > 0)
    share, strengths = len(y_others) / len(y), np.array([0.0, 0.01, 0.01, 0.01])
    if penalty == "bounds":
        here = there = {"bounds": (np.array([-np.inf, 0.0, 0.0, 0.0]), np.inf)}
    else:
        here, there = {penalty: strengths}, {penalty: strengths / share}
    best = fit_logistic(others, y_others, tol=1e-12, **there).objective * share
    result = fit_logistic(X, y, **here)
    assert result.converged, result.message
    assert best - 1e-12 <= result.objective <= best + result.target


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_far_row_in_softmax(fit_intercept, far):
    X, y, others, _ = with_a_far_row(far, far > 0)
    classes = y.astype(int)
    classes[: len(y) // 3] = 2
    best = fit_softmax(others, np.delete(classes, len(y) // 2), fit_intercept=fit_intercept, tol=1e-12).objective
    result = fit_softmax(X, classes, fit_intercept=fit_intercept)
    assert result.converged, result.message
    assert -1e-12 <= result.objective - best * (len(y) - 1) / len(y) <= result.target


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("solver", ["auto", "newton_cg"])
def test_a_far_row_in_labels_fitted_together(solver, layout):
    rng = np.random.default_rng(1)
    n, row = 20_000, 16
    X = rng.standard_normal((n, 10)) * (rng.random((n, 10)) < 0.5)
    slopes = rng.standard_normal((10, 3))
    Y = (rng.random((n, 3)) < expit(X @ slopes)) * 1
    X[row], Y[row] = 1e8 * np.eye(10)[0], slopes[0] > 0
    others = np.arange(n) != row
    told = []
    results = fit_one_vs_rest(layout(X), Y, solver=solver, callback=told.append)
    assert {progress.label for progress in told} == {0, 1, 2}
    for label, result in enumerate(results):
        best = fit_logistic(X[others], Y[others, label], tol=1e-12).objective * (n - 1) / n
        assert result.converged, result.message
        assert [point.iteration for point in result.history] == list(range(result.n_iter + 1))
        assert result.n_iter >= max(progress.iteration for progress in told if progress.label == label)
        assert -1e-12 <= result.objective - best <= result.target


@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky", "lbfgs"])
def test_rows_on_their_way_to_infinity_end_a_fit_and_are_named(solver):
    X, y, *_ = with_a_far_row(1.0, 1.0)
    X = np.column_stack([X, np.arange(len(y)) % 9 == 0])
    y[X[:, 4] == 1.0] = 1.0
    result = fit_logistic(X, y, solver=solver)
    assert result.status is Status.SEPARATED
    assert result.n_iter < 40


# --- columns that depend on each other --------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [10.0, 200.0, 1000.0])
@pytest.mark.parametrize("penalty", [{"l1": 4e-4}, {"l1": 4e-4, "l2": 1e-2}, {"l1": 4e-4, "bounds": (-0.5, 0.5)}])
def test_near_dependent_columns_end_in_tens_of_iterations(mean, penalty):
    rng = np.random.default_rng(0)
    X = mean + rng.standard_normal((50, 8))
    y = (rng.random(50) < 0.5) * 1.0
    result = fit_logistic(X, y, fit_intercept=False, **penalty)
    assert result.status is Status.CONVERGED
    assert result.n_iter < 100


@pytest.mark.parametrize("noise", [1e-3, 1e-5])
def test_nearly_equal_columns_end_in_tens_of_iterations(noise):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((200, 1))
    X = z + noise * rng.standard_normal((200, 8))
    y = (X[:, 1] - X[:, 2] > 0) * 1
    model = LogisticRegression(C=100, l1_ratio=1, max_iter=1000).fit((X - X.mean(0)) / X.std(0), y)
    assert model.converged_
    assert model.n_iter_[0] < 100


@pytest.mark.parametrize("difference", [1e-2, 1e-5, 1e-7, 1e-8, 3e-9])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_nearly_collinear_columns_without_a_penalty(difference, layout):
    rng = np.random.default_rng(0)
    a, b, d = rng.standard_normal((3, 150))
    y = (rng.random(150) < expit(1.5 * b + d)) * 1.0
    best = fit_logistic(np.column_stack([a, b, d]), y, tol=1e-11)
    result = fit_logistic(LAYOUTS[layout](np.column_stack([a, a + difference * b, d])), y)
    assert result.status is Status.CONVERGED
    assert result.objective - best.objective <= 2 * result.target


@pytest.mark.parametrize("offset", [0.0, 30.0, 273.15, 1e4, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_collinear_columns_are_named_wherever_they_lie(offset, seed):
    rng = np.random.default_rng(seed)
    x, z = rng.standard_normal((2, 200))
    y = (x + rng.standard_normal(200) > 0) * 1.0
    findings = fit_logistic(np.column_stack([x, z, x + offset]), y).findings
    assert [finding.columns for finding in findings] == [(0, 2)]


def test_a_constant_column_is_named_though_nothing_was_factored():
    (finding,) = fit_logistic(np.ones((6, 1)), [0, 1, 0, 1, 0, 1]).findings
    assert finding.columns == (0,)


# --- arguments and copies ---------------------------------------------------------------------------------------------


def test_the_intercept_of_a_start_is_left_out_of_a_fit_without_one():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    y = (X[:, 0] + 1 + rng.standard_normal(60) > 0) * 1
    labels = y + (X[:, 1] > 1)
    first = fit_logistic(X, y, l2=0.1)
    assert fit_logistic(X, y, l2=0.1, fit_intercept=False, start=first).intercept == 0.0
    first = fit_softmax(X, labels, l2=0.1)
    assert not fit_softmax(X, labels, l2=0.1, fit_intercept=False, start=first).intercept.any()
    first = fit_one_vs_rest(X, labels, l2=0.1)
    without = fit_one_vs_rest(X, labels, l2=0.1, fit_intercept=False, start=first)
    assert all(result.intercept == 0.0 for result in without)
    model = LogisticRegression().fit(X, y)
    assert model.set_params(fit_intercept=False).partial_fit(X, y).intercept_ == 0.0


def test_the_objective_of_a_softmax_is_that_of_its_coefficients():
    X, y = load_wine(return_X_y=True)
    for tol in (1e-2, 1e-4, 1e-6):
        result = fit_softmax(X, y, l2=1e-3, tol=tol)
        eta = X @ result.coef.T + result.intercept
        loss = np.mean(np.logaddexp.reduce(eta, axis=1) - eta[np.arange(len(y)), y])
        assert result.objective == pytest.approx(loss + 0.5e-3 * np.sum(result.coef**2), rel=1e-12)


def test_a_hessian_that_copies_x_says_so():
    X = sp.random(4000, 200, density=0.2, format="csr", random_state=0)
    for i in range(4000):
        row = slice(X.indptr[i], X.indptr[i + 1])
        X.indices[row], X.data[row] = X.indices[row][::-1].copy(), X.data[row][::-1].copy()
    X.has_sorted_indices = False
    y = (np.random.default_rng(0).random(4000) < 0.5) * 1.0
    assert fit_logistic(X, y, l2=1e-3, solver="newton_cholesky").copied_bytes > 0


def test_labels_of_wide_x_without_a_shared_column():
    X = sp.csr_array((np.ones(60), (np.repeat(np.arange(6), 10), np.arange(60) * 7)), shape=(6, 200_000))
    assert all(result.converged for result in fit_one_vs_rest(X, np.arange(6) % 3, l2=0.1))


def test_a_callback_gets_copies_of_coefficients():
    X = sp.random(60, 400, density=0.05, format="csr", random_state=0)
    c = np.random.default_rng(0).integers(0, 3, 60)
    plain = fit_one_vs_rest(X, c, l2=0.05)
    spoilt = fit_one_vs_rest(X, c, l2=0.05, callback=lambda told: told.coefficients()[0].fill(7.0))
    assert [one == other for one, other in zip(plain, spoilt, strict=True)] == [True] * 3


@pytest.mark.parametrize("at", range(1, 34, 4))
def test_ctrl_c_in_any_step_of_a_fit_of_labels_is_ctrl_c(at):
    X = sp.random(2000, 300, density=0.05, format="csr", random_state=0)
    y = np.random.default_rng(0).integers(0, 4, 2000)
    calls = []

    def strike(progress):
        calls.append(progress)
        if len(calls) >= at:
            raise KeyboardInterrupt

    options = {"multi_class": "ovr", "C": 100, "solver": "dual_coordinate_descent", "tol": 1e-8}
    with pytest.raises(KeyboardInterrupt):
        LogisticRegression(callback=strike, **options).fit(X, y)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("penalty", [{"l2": 1e-3}, {"l1": 1e-3}, {}])
def test_rows_saturated_at_the_start_do_not_end_a_fit(penalty, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 3))
    y = (X[:, 0] + rng.standard_normal(80) > 0) * 1.0
    offset = 500.0 * rng.standard_normal(80)
    start = (np.full(3, 300.0), 0.0)
    result = fit_logistic(X, y, offset=offset, start=start, fit_intercept=fit_intercept, **penalty)
    assert result.status in (Status.CONVERGED, Status.SEPARATED)
    assert is_honest(result)


@pytest.mark.parametrize("copies", [1, 20])
def test_blocks_of_equal_rows_do_not_make_steps_endless(copies):
    X = np.repeat([[1.0, 2.0, 0.0], [0.0, 2.0, 1.0]], copies, axis=0)
    result = fit_logistic(X, np.repeat([1.0, 0.0], copies), solver="stochastic_gradient")
    assert result.status is Status.SEPARATED
    assert np.abs(result.coef).max() < 1e3
