"""Prediction: against references, at extremes, on every layout, and with scikit-learn's errors."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from mpmath import mp, mpf
from scipy.special import expit, log_expit
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.metrics import log_loss
from support.layouts import LAYOUTS, as_layout
from support.problems import make_problem

from fastlr import LogisticRegression
from fastlr.matrix import as_matrix, predictions
from fastlr.special import log_loss as mean_loss

METHODS = ("decision_function", "predict_proba", "predict_log_proba", "predict")
BIG = float(np.finfo(np.float64).max)


def model_with(coef, intercept=0.0, kind=LogisticRegression, dtype=np.float64, classes=(0, 1)):
    """A model of our class or of scikit-learn's with these coefficients."""
    p = len(coef)
    X = np.eye(max(p, 2), p, dtype=dtype)
    model = kind().fit(X, np.resize(classes, len(X)))
    model.coef_ = np.asarray(coef, dtype=dtype)[None, :]
    model.intercept_ = np.array([intercept], dtype=dtype)
    return model


@pytest.fixture(scope="module")
def fitted():
    X, y = make_problem(n=700, p=21, density=0.6)
    return X, y, LogisticRegression(C=0.1).fit(X, y)


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("n, p", [(1, 1), (3, 5), (64, 4), (65, 7), (257, 20), (700, 21)])
def test_every_layout_gives_what_numpy_gives(layout, dtype, index, n, p):
    X, _ = make_problem(n=n, p=p, density=0.6, seed=n)
    coef = np.random.default_rng(p).standard_normal(p)
    coef[::3] = 0.0
    stored = as_layout(X, layout, dtype, index)
    model = model_with(coef, 0.3, dtype=dtype)
    eta = X.astype(dtype).astype(float) @ model.coef_[0].astype(float) + float(model.intercept_[0])
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    expected = {
        "decision_function": eta,
        "predict_proba": expit(np.stack([-eta, eta], axis=1)),
        "predict_log_proba": log_expit(np.stack([-eta, eta], axis=1)),
    }
    for method, values in expected.items():
        found = getattr(model, method)(stored)
        assert found.dtype == dtype
        assert found.shape == values.shape
        np.testing.assert_allclose(found, values, rtol=tolerance, atol=tolerance, err_msg=method)
    assert np.array_equal(model.predict(stored), (eta > 0).astype(int))
    y = (np.arange(n) % 3 == 0).astype(int)
    np.testing.assert_allclose(model.log_loss(stored, y), mean_loss(y, eta), rtol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_same_bits_for_any_number_of_threads(layout, dtype):
    X, y = make_problem(n=40_001, p=7, seed=3)
    weight = np.random.default_rng(1).random(len(y))
    weight /= weight.sum()
    coef = np.random.default_rng(2).standard_normal(7)
    codes = y.astype(np.uint8)
    found = []
    for n_threads in (1, 2, 3):
        matrix = as_matrix(as_layout(X, layout, dtype), n_threads)
        assert matrix.n_threads == n_threads
        functions = (predictions.linear_predictor, predictions.probabilities, predictions.log_probabilities)
        arrays = [function(matrix, coef, 0.1, dtype)[0] for function in functions]
        arrays.append(predictions.labels(matrix, coef, 0.1)[0])
        arrays.append(np.array([predictions.mean_loss(matrix, coef, 0.1, codes, w)[0] for w in (None, weight)]))
        found.append([array.tobytes() for array in arrays])
    assert found[0] == found[1] == found[2]


def test_a_view_into_a_larger_array_is_read_in_place():
    X, _ = make_problem(n=400, p=30)
    model = model_with(np.linspace(-1, 1, 13))
    for view in (X[::3, 5:18], X[50:350, 5:18], np.asfortranarray(X)[7:, 5:18], X[::-1, 5:18]):
        np.testing.assert_allclose(model.predict_proba(view), model.predict_proba(view.copy()), rtol=1e-13)


@pytest.mark.parametrize("given", [np.int64, np.float16, np.bool_, ">f8", object, np.longdouble])
def test_other_types_are_converted(given):
    X = np.arange(12).reshape(4, 3) % 5
    model = model_with([0.5, -1.0, 0.25])
    stored = X.astype(given)
    np.testing.assert_allclose(model.predict_proba(stored), model.predict_proba(stored.astype(float)), rtol=1e-12)


@pytest.mark.parametrize("X_type", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("coef_type", [np.float32, np.float64])
def test_results_have_the_types_of_scikit_learn(X_type, coef_type):
    X = np.arange(6).reshape(2, 3).astype(X_type)
    ours, theirs = (
        model_with([0.5, -1.0, 0.25], kind=kind, dtype=coef_type) for kind in (LogisticRegression, Reference)
    )
    for method in METHODS:
        assert getattr(ours, method)(X).dtype == getattr(theirs, method)(X).dtype, method


def test_labels_of_any_type(fitted):
    X, y, _ = fitted
    for classes in (["no", "yes"], np.array([3.0, -1.0]), [True, False]):
        named = np.asarray(classes)[y.astype(int)]
        ours, theirs = LogisticRegression().fit(X, named), Reference(tol=1e-8).fit(X, named)
        assert np.array_equal(ours.predict(X), theirs.predict(X))
        assert ours.predict(X).dtype == theirs.predict(X).dtype
        expected = log_loss(named, ours.predict_proba(X), labels=ours.classes_)
        np.testing.assert_allclose(ours.log_loss(X, named), expected, rtol=1e-12)
        np.testing.assert_allclose(ours.log_loss(X, list(named)), expected, rtol=1e-12)


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_outputs_are_exact_at_any_linear_predictor(layout):
    eta = np.array([0.0, 1e-300, 1.0, 20.0, 36.7, 40.0, 700.0, 745.0, 800.0, 1e10, 1e308])
    eta = np.concatenate([-eta, eta])
    X = as_layout(np.stack([eta, np.zeros_like(eta)], axis=1), layout)
    model = model_with([1.0, 1.0])
    probability, logarithm = model.predict_proba(X), model.predict_log_proba(X)
    with mp.workdps(60):
        for row, value in enumerate(eta):
            for column, sign in enumerate((-1, 1)):
                exact = -mp.log1p(mp.exp(-sign * mpf(value))) if sign * value > -1e6 else sign * mpf(value)
                np.testing.assert_allclose(logarithm[row, column], float(exact), rtol=1e-15, atol=0)
                limit = float(mp.exp(exact)) if exact > -760 else 0.0
                np.testing.assert_allclose(probability[row, column], limit, rtol=1e-15, atol=5e-324)
    assert np.array_equal(model.predict(X), (eta > 0).astype(int))
    assert np.array_equal(model.decision_function(X), eta)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_products_that_overflow_give_limits_where_x_is_finite(layout):
    X = as_layout(np.array([[BIG, 1.0], [-BIG, 1.0], [1.0, 1.0]]), layout)
    model = model_with([10.0, 1.0])
    assert np.array_equal(model.decision_function(X), [np.inf, -np.inf, 11.0])
    assert np.array_equal(model.predict_proba(X)[:2], [[0.0, 1.0], [1.0, 0.0]])
    assert np.array_equal(model.predict_log_proba(X)[:2], [[-np.inf, 0.0], [0.0, -np.inf]])
    assert np.array_equal(model.predict(X), [1, 0, 1])
    assert model.log_loss(X[:2], [1, 0]) == 0.0
    assert model.log_loss(X[:2], [0, 1]) == np.inf


def test_losses_near_the_largest_double_have_a_finite_mean():
    X = np.full((5, 1), 1e308)
    assert model_with([1.0]).log_loss(X, [0, 0, 0, 0, 0]) == pytest.approx(1e308)


# --- log loss -------------------------------------------------------------------------------------------------------


def test_log_loss_agrees_with_scikit_learn(fitted):
    X, y, model = fitted
    weight = np.random.default_rng(5).random(len(y))
    weight[::7] = 0.0
    for sample_weight in (None, weight, 1e300 * weight, weight.tolist()):
        expected = log_loss(y, model.predict_proba(X), sample_weight=None if sample_weight is None else weight)
        np.testing.assert_allclose(model.log_loss(X, y, sample_weight), expected, rtol=1e-12)


def test_log_loss_of_an_unpenalised_fit_is_its_objective():
    X, y = make_problem(n=500, p=4)
    model = LogisticRegression(C=np.inf).fit(X, y)
    assert model.log_loss(X, y) == pytest.approx(model.result_.objective, rel=1e-13)


@pytest.mark.parametrize(
    "y, message",
    [
        ([0, 1, 2], "label 2"),
        (["a", "b", "a"], "label"),
        ([0.0, 1.0, np.nan], "label nan"),
        ([0, 1], "2 labels"),
        ([[0, 1], [1, 0], [0, 0]], "1d array"),
    ],
)
def test_log_loss_checks_the_labels(y, message):
    with pytest.raises(ValueError, match=message):
        model_with([1.0, 2.0]).log_loss(np.eye(3, 2), y)


@pytest.mark.parametrize(
    "weight, message",
    [([1.0, 2.0], "sample_weight"), ([0, 0, 0], "zero"), ([1, -1, 1], "found -1.0 at 1"), ([1, np.nan, 1], "nan at 1")],
)
def test_log_loss_checks_the_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        model_with([1.0, 2.0]).log_loss(np.eye(3, 2), [0, 1, 0], sample_weight=weight)


# --- input ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nan_and_infinity_are_refused_with_their_place(layout, bad, column, dtype):
    """Also where they meet a coefficient of zero (columns 0 and 3), and whatever the method."""
    X = np.ones((300, 4))
    X[217, column] = bad
    stored = as_layout(X, layout, dtype)
    model = model_with([0.0, -1.0, 0.25, 0.0])
    place = rf"Input X contains {'NaN' if np.isnan(bad) else 'infinity'}, at row 217, column {column}:"
    for method in METHODS:
        with pytest.raises(ValueError, match=place):
            getattr(model, method)(stored)
    with pytest.raises(ValueError, match=place):
        model.log_loss(stored, np.zeros(300, dtype=int), sample_weight=np.arange(300) % 217)


@pytest.mark.parametrize(
    "X",
    [
        np.ones((3, 2)),
        np.ones((0, 3)),
        np.ones((3, 0)),
        np.ones(3),
        np.ones((2, 3, 1)),
        np.ones((2, 3), dtype=complex),
        [[1.0, 2.0]],
        sp.csr_array(np.ones((3, 2))),
        sp.coo_array(np.ones((3, 4))),
    ],
    ids=lambda X: f"{type(X).__name__}{getattr(X, 'shape', '')}{getattr(X, 'dtype', '')}",
)
@pytest.mark.parametrize("method", METHODS)
def test_errors_are_those_of_scikit_learn(X, method):
    ours, theirs = (model_with([0.5, -1.0, 0.25], kind=kind) for kind in (LogisticRegression, Reference))
    with pytest.raises((ValueError, TypeError)) as expected:
        getattr(theirs, method)(X)
    with pytest.raises(type(expected.value)) as found:
        getattr(ours, method)(X)
    assert str(found.value).replace(" 'csc',", "") == str(expected.value)


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_among_objects_are_refused(method):
    for X in (
        [[1.0, 2.0, None]],
        np.array([[1.0, np.nan, 2.0]], dtype=object),
        np.array([[1, np.inf, 2]], dtype=">f8"),
    ):
        with pytest.raises(ValueError, match=r"Input X contains (NaN|None|infinity)"):
            getattr(model_with([0.5, 0.0, 0.25]), method)(X)


@pytest.mark.parametrize("method", METHODS)
def test_feature_names_are_checked_as_in_scikit_learn(method):
    table = pd.DataFrame(np.eye(4, 3), columns=["a", "b", "c"])
    ours, theirs = LogisticRegression().fit(table, [0, 1, 0, 1]), Reference().fit(table, [0, 1, 0, 1])
    for model in (ours, theirs):
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            getattr(model, method)(table.to_numpy())
        with pytest.raises(ValueError, match="feature names should match"):
            getattr(model, method)(table[["c", "b", "a"]])
    np.testing.assert_allclose(ours.decision_function(table), theirs.decision_function(table), atol=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_sparse_formats_that_scikit_learn_converts_are_converted(method):
    X, _ = make_problem(n=50, p=6)
    model = model_with(np.linspace(-1, 1, 6))
    expected = getattr(model, method)(X)
    unsorted = sp.csr_array(X)
    for i in range(50):
        row = slice(unsorted.indptr[i], unsorted.indptr[i + 1])
        unsorted.indices[row], unsorted.data[row] = unsorted.indices[row][::-1].copy(), unsorted.data[row][::-1].copy()
    unsorted.has_sorted_indices = False
    for stored in (sp.coo_array(X), sp.lil_array(X), sp.csc_matrix(X), unsorted):
        np.testing.assert_allclose(getattr(model, method)(stored), expected, rtol=1e-12, atol=1e-15)


def test_coefficients_that_do_not_fit_x_are_refused():
    model = model_with([1.0, 2.0, 3.0])
    model.coef_ = model.coef_[:, :2]
    with pytest.raises(ValueError, match=r"X has 3 features, but coef_ has shape \(1, 2\)"):
        model.predict(np.eye(3))


@pytest.mark.parametrize("intercept", [0.5, np.float32(0.5), np.array(0.5), 1])
@pytest.mark.parametrize("K", [2, 3, 5])
def test_an_intercept_set_by_hand_may_be_one_number(intercept, K):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), np.arange(60) % K
    model = LogisticRegression().fit(X, y)
    model.intercept_ = np.full(1 if K == 2 else K, float(intercept))
    asks = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    expected = [getattr(model, ask)(X) for ask in asks]
    loss, start = model.log_loss(X, y), model.coef_
    model.intercept_ = intercept
    for ask, answer in zip(asks, expected, strict=True):
        np.testing.assert_array_equal(getattr(model, ask)(X), answer)
    assert model.log_loss(X, y) == loss
    assert len(model.predict_top_k(X, 1)[0]) == len(model.predict(X, reject=0.1)) == 60
    assert model.set_params(warm_start=True).fit(X, y).converged_
    model.coef_, model.intercept_ = start, intercept
    assert model.partial_fit(X, y).intercept_.shape == ((1,) if K == 2 else (K,))
