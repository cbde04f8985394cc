"""fit_softmax: the optimum that it reaches, its equivalences, and what it refuses."""

import numpy as np
import pytest
import scipy.sparse as sp
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from support.layouts import as_layout
from support.problems import softmax_problem
from support.references import softmax_gradients, softmax_objective

from fastlr import LogisticRegression, Status, fit_logistic, fit_one_vs_rest
from fastlr.fit.softmax import fit_softmax

# --- the optimum ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 10])
@pytest.mark.parametrize("l2", [0.0, 1e-3, 0.1])
def test_the_optimum_meets_its_conditions(layout, dtype, fit_intercept, K, l2):
    X, y = softmax_problem(K=K)
    result = fit_softmax(as_layout(X, layout, dtype), y, l2=l2, fit_intercept=fit_intercept, tol=1e-12)
    assert result.converged, result.message
    assert result.coef.shape == (K, X.shape[1])
    assert result.intercept.shape == (K,)
    in_coef, in_intercept = softmax_gradients(X, y, result.coef, result.intercept, l2)
    assert np.abs(in_coef).max() < 2e-6
    assert np.abs(in_intercept).max() < 1e-9 if fit_intercept else not result.intercept.any()
    # what the coefficients of a column have in common costs l2 / 2 times K times its square, and gains nothing
    common = np.sqrt(2.0 * K * result.duality_gap / l2) if l2 else 0.0
    assert np.abs(result.coef.sum(axis=0)).max() <= common + 1e-12
    assert result.objective == pytest.approx(softmax_objective(X, y, result.coef, result.intercept, l2), rel=1e-13)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_coefficients_of_scikit_learn(fit_intercept):
    X, y = softmax_problem(K=4)
    peer = SklearnLogisticRegression(C=0.5, tol=1e-12, fit_intercept=fit_intercept, solver="newton-cg", max_iter=1000)
    peer.fit(X, y)
    result = fit_softmax(X, y, l2=1 / (0.5 * len(y)), fit_intercept=fit_intercept, tol=1e-14)
    np.testing.assert_allclose(result.coef, peer.coef_, atol=1e-6)
    np.testing.assert_allclose(result.intercept - result.intercept.mean(), peer.intercept_, atol=1e-6)


def test_the_coefficients_of_mnlogit():
    X, y = softmax_problem(n=800, p=4, K=3)
    peer = sm.MNLogit(y, sm.add_constant(X)).fit(disp=0, method="newton", tol=1e-14, maxiter=100)
    result = fit_softmax(X, y, tol=1e-14)
    ours = np.column_stack([result.intercept, result.coef])
    np.testing.assert_allclose((ours[1:] - ours[0]).T, peer.params, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_two_classes_are_the_binary_fit_with_twice_the_c(fit_intercept, l2):
    X, y = softmax_problem(K=2)
    binary = fit_logistic(X, y, l2=l2, fit_intercept=fit_intercept, tol=1e-14)
    # with w the difference of the two, ||coef||^2 is ||w||^2 / 2
    softmax = fit_softmax(X, y, l2=2 * l2, fit_intercept=fit_intercept, tol=1e-14)
    np.testing.assert_allclose(softmax.coef[1] - softmax.coef[0], binary.coef, atol=1e-6)
    assert softmax.intercept[1] - softmax.intercept[0] == pytest.approx(binary.intercept, abs=1e-6)
    assert softmax.objective == pytest.approx(binary.objective, rel=1e-12)


def test_weights_equal_repetition():
    X, y = softmax_problem(K=4)
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    counts[:4] = 1
    again = np.repeat(np.arange(len(y)), counts)
    weighted = fit_softmax(X, y, l2=1e-2, sample_weight=counts, tol=1e-13)
    repeated = fit_softmax(X[again], y[again], l2=1e-2, tol=1e-13)
    np.testing.assert_allclose(weighted.coef, repeated.coef, atol=1e-6)
    assert weighted.objective == pytest.approx(repeated.objective, rel=1e-12)


def test_strengths_by_column_and_a_class_that_no_row_has():
    X, y = softmax_problem(K=3)
    l2 = np.geomspace(1e-3, 1.0, X.shape[1])
    result = fit_softmax(X, y, 5, l2=l2, fit_intercept=False, tol=1e-13)
    in_coef, _ = softmax_gradients(X, y, result.coef, result.intercept, l2)
    assert np.abs(in_coef).max() < 1e-6
    assert result.coef.shape == (5, X.shape[1])
    np.testing.assert_allclose(result.coef[3], result.coef[4], atol=1e-6)


@pytest.mark.parametrize("l2", [0.0, 1e-2])
def test_any_number_of_threads_gives_the_same_bits(layout, l2):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5000, 30))
    y = np.argmax(X[:, :6] + rng.gumbel(size=(5000, 6)), axis=1)
    X = as_layout(X, layout)
    one, two, three = (fit_softmax(X, y, l2=l2, tol=1e-8, n_threads=k) for k in (1, 2, 3))
    assert one.coef.tobytes() == two.coef.tobytes() == three.coef.tobytes()
    assert one.intercept.tobytes() == two.intercept.tobytes() == three.intercept.tobytes()


def test_a_start_at_the_optimum_ends_at_once():
    X, y = softmax_problem(K=4)
    cold = fit_softmax(X, y, l2=1e-2, tol=1e-10)
    for start in (cold, (cold.coef, cold.intercept)):
        warm = fit_softmax(X, y, l2=1e-2, tol=1e-8, start=start)
        assert warm.n_iter == 0
        assert warm.converged
    assert fit_softmax(X, y, l2=1e-2, max_iter=0).status is Status.MAX_ITER


def test_wide_sparse_x():
    rng = np.random.default_rng(0)
    X = sp.random_array((300, 5000), density=0.01, format="csr", rng=rng)
    y = rng.integers(0, 20, 300)
    y[:20] = np.arange(20)
    result = fit_softmax(X, y, l2=1e-3, tol=1e-8)
    in_coef, in_intercept = softmax_gradients(X.toarray(), y, result.coef, result.intercept, 1e-3)
    assert result.converged
    assert np.sum(in_coef**2) / (2 * 1e-3) <= 1e-4
    assert np.abs(in_intercept).max() < 1e-9
    assert result.copied_bytes == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": np.full(400, 0.5)}, ValueError, "y holds 0.5: expected class numbers"),
        ({"y": np.full(400, -1)}, ValueError, "y holds -1.0: expected class numbers"),
        ({"y": np.zeros(400)}, ValueError, "tell of 1 class"),
        ({"y": np.zeros(3)}, ValueError, "y has shape"),
        ({"y": ["a"] * 400}, TypeError, "y has dtype <U1, expected class numbers .*LogisticRegression takes labels"),
        ({"y": np.full(400, np.nan)}, ValueError, "y contains NaN"),
        ({"n_classes": 2}, ValueError, "y holds the class number 2: expected less than n_classes=2"),
        ({"n_classes": 2.5}, TypeError, "n_classes=2.5"),
        ({"l2": -1.0}, ValueError, "l2"),
        ({"l2": np.ones(3)}, ValueError, "l2 has shape"),
        ({"start": (np.zeros(8), 0.0)}, ValueError, r"start has shapes \(8,\) and \(\)"),
        ({"start": 3}, TypeError, "start=3"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept=1"),
    ],
)
def test_input_that_cannot_be_used(arguments, error, message):
    X, y = softmax_problem(K=3)
    with pytest.raises(error, match=message):
        fit_softmax(**({"X": X, "y": y} | arguments))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_entry_that_is_not_finite_is_named(layout, bad):
    X, y = softmax_problem(K=3)
    X[7, 2] = bad
    with pytest.raises(ValueError, match="at row 7, column 2"):
        fit_softmax(as_layout(X, layout), y, l2=1e-2)


# --- no optimum -------------------------------------------------------------------------------------------------------


def two_apart(rng, n=300):
    """Class 0 far to the left of classes 1 and 2, which overlap."""
    y = np.arange(n) % 3
    X = rng.standard_normal((n, 2))
    X[:, 0] += np.where(y == 0, -20.0, 0.0)
    X[:, 1] += y
    return X, y


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_class_apart_from_all_others_is_found_without_a_penalty(fit_intercept):
    X, y = two_apart(np.random.default_rng(0))
    X[:, 0] += 0.0 if fit_intercept else 10.0
    result = fit_softmax(X, y, fit_intercept=fit_intercept)
    assert result.status is Status.SEPARATED
    assert "Class number 0" in result.message
    assert fit_softmax(X, y, l2=1e-3, fit_intercept=fit_intercept).status is Status.CONVERGED
    assert fit_softmax(X[y > 0], y[y > 0] - 1, fit_intercept=fit_intercept).status is Status.CONVERGED


def test_classes_that_are_all_apart_are_found_whatever_rows_without_weight_do():
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    X = 10.0 * np.eye(3)[y] + rng.uniform(-1.0, 1.0, (90, 3))
    X[:3] = X[1:4]
    weight = np.where(np.arange(90) < 3, 0.0, 1.0)
    assert "Every class" in fit_softmax(X, y, sample_weight=weight).message
    assert "Every class" not in fit_softmax(X, y).message


# --- class numbers and solvers by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda y: y + 1, "3 class numbers from 1 to 3 and not 0"),
        (lambda y: 2 * y, "3 class numbers from 0 to 4 and not 1"),
        (lambda y: y + 10**6, "3 class numbers from 1000000 to 1000002 and not 0"),
        (lambda y: np.where(y == 1, 0, y), "2 class numbers from 0 to 2 and not 1"),
    ],
)
@pytest.mark.parametrize("dtype", [int, float, object])
def test_class_numbers_with_gaps_are_refused_unless_n_classes_tells_of_them(change, found, dtype):
    X, y = softmax_problem(60, 3)
    y = change(y).astype(dtype)
    with pytest.raises(ValueError, match=f"^y holds {found}: expected class numbers 0, .*numpy.unique.*n_classes="):
        fit_softmax(X, y, l2=0.1)
    if y.max() < 10:
        K = int(y.max()) + 1
        result = fit_softmax(X, y, K, l2=0.1)
        assert result.coef.shape == (K, 3)
        missing = np.setdiff1d(np.arange(K), y.astype(int))
        assert (result.intercept[missing] < np.delete(result.intercept, missing).min() - 5.0).all()


@pytest.mark.parametrize("largest", [2**31, 1e300])
def test_numbers_that_are_no_class_numbers_are_refused(largest):
    X, y = softmax_problem(60, 3)
    for fit in (fit_softmax, fit_one_vs_rest):
        with pytest.raises(ValueError, match=r"[yY].* holds \d+: expected class numbers"):
            fit(X, np.where(y == 2, largest, y), l2=0.1)
    with pytest.raises(ValueError, match=r"^Y tells of 2000001 classes in 60 rows: expected each class in some row"):
        fit_one_vs_rest(X, np.where(y == 2, 2_000_000, y), l2=0.1)


def test_a_solver_asked_for_by_name_is_the_one_that_runs():
    X, y = softmax_problem(3000, 40, 10)
    auto, named = (fit_softmax(X, y, l2=1e-2, solver=name) for name in ("auto", "newton_cg"))
    assert auto.solver == "lbfgs"  # as long as it is fast
    assert auto.message.endswith(
        "Chosen automatically: lbfgs, because X has many entries a column and the gaps kept falling fast."
    )
    assert named.solver == "newton_cg"
    assert "Chosen automatically" not in named.message
    assert "lbfgs" not in named.message
    assert abs(auto.objective - named.objective) <= auto.duality_gap + named.duality_gap
    sparse = fit_softmax(X, y, l1=1e-2, solver="coordinate_descent")
    assert sparse.solver == "coordinate_descent"
    assert "Chosen automatically" not in sparse.message
    assert np.array_equal(sparse.coef, fit_softmax(X, y, l1=1e-2).coef)


@pytest.mark.parametrize("C", [1e-3, 1e-2])
def test_the_estimator_runs_the_solver_of_a_softmax_that_is_named(C):
    X, y = softmax_problem(3000, 40, 10)
    model = LogisticRegression(C=C, solver="newton_cg").fit(X, y)
    assert model.solver_ == "newton_cg"
    assert "lbfgs" not in model.result_.message
    model.set_params(l1_ratio=1.0, solver="coordinate_descent").fit(X, y)
    assert model.solver_ == "coordinate_descent"
    for name, l1_ratio in (("coordinate_descent", 0.0), ("newton_cg", 1.0), ("newton_cholesky", 0.0)):
        with pytest.raises(ValueError, match=f"solver='{name}' does not fit the softmax"):
            model.set_params(solver=name, l1_ratio=l1_ratio).fit(X, y)


@pytest.mark.parametrize("name", ["lbfgs", "newton_small", "coordinate_descent", "AUTO", None, 3, ["auto"]])
def test_other_solvers_of_a_softmax_are_refused(name):
    X, y = softmax_problem(60, 3)
    with pytest.raises(ValueError, match=r"^solver=.*: expected 'auto' or 'newton_cg', the solver of a softmax"):
        fit_softmax(X, y, l2=0.1, solver=name)
