"""Predictions of K classes: against plain NumPy and scikit-learn on every layout, ties, extremes, memory."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from mpmath import mp, mpf
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.metrics import log_loss
from sklearn.multiclass import OneVsRestClassifier
from support.fitted_classes import KINDS, log_probabilities, model_of, of_predictors, probabilities
from support.layouts import LAYOUTS, as_layout
from support.problems import make_problem

from fastlr.matrix import as_matrix, class_predictions

METHODS = ("decision_function", "predict_proba", "predict_log_proba", "predict")


def coefficients(K, p, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    coef = rng.standard_normal((K, p))
    coef[:, ::3] = 0.0
    return coef.astype(dtype), rng.standard_normal(K).astype(dtype)


def rows(n, p, seed=0):
    """A dense array with zeros and, where there are more than two rows, rows of zeros alone at either end."""
    X, _ = make_problem(n=n, p=p, density=0.6, seed=seed)
    if n > 2:
        X[[0, -1]] = 0.0
    return X


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "n, p, K", [(1, 1, 3), (15, 4, 10), (64, 5, 3), (65, 7, 10), (130, 9, 33), (257, 20, 12), (70, 6, 1000)]
)
def test_every_layout_gives_what_numpy_gives(layout, dtype, n, p, K):
    X = rows(n, p, seed=K)
    coef, intercept = coefficients(K, p, dtype)
    stored = as_layout(X, layout, dtype)
    eta = X.astype(dtype).astype(float) @ coef.T.astype(float) + intercept.astype(float)
    tolerance = {"rtol": 1e-12, "atol": 1e-14} if dtype == np.float64 else {"rtol": 1e-6, "atol": 1e-6}
    for kind in KINDS:
        model = model_of(coef, intercept, kind)
        answers = {
            "decision_function": eta,
            "predict_proba": probabilities(eta, kind),
            "predict_log_proba": log_probabilities(eta, kind),
        }
        for method, expected in answers.items():
            found = getattr(model, method)(stored)
            assert found.dtype == dtype
            assert found.shape == (n, K)
            np.testing.assert_allclose(found, expected, **tolerance, err_msg=f"{kind} {method}")
        expected = (eta > 0).astype(int) if kind == "multilabel" else np.argmax(eta, axis=1)
        assert np.array_equal(model.predict(stored), expected)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("kind", KINDS)
def test_top_k_gives_the_first_of_a_stable_sort(layout, index, kind):
    n, p, K = 100, 6, 40
    X = np.round(rows(n, p))  # whole numbers: ties
    coef, intercept = (np.round(part) for part in coefficients(K, p))
    model, stored = model_of(coef, intercept, kind), as_layout(X, layout, index=index)
    order = np.argsort(-(X @ coef.T + intercept), axis=1, kind="stable")
    everything = model.predict_proba(stored)
    for k in (1, 2, 5, 17, K):
        labels, probability = model.predict_top_k(stored, k)
        assert np.array_equal(labels, order[:, :k])
        assert np.array_equal(probability, np.take_along_axis(everything, order[:, :k], axis=1))


def test_top_k_of_two_classes():
    model = model_of([[1.0, -2.0]], [0.0], classes=["no", "yes"])
    X = np.array([[3.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    labels, probability = model.predict_top_k(X, 2)
    assert labels.tolist() == [["yes", "no"], ["no", "yes"], ["no", "yes"]]
    assert np.array_equal(probability, -np.sort(-model.predict_proba(X), axis=1))
    assert np.array_equal(model.predict_top_k(X, 1)[1], probability[:, :1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_first_of_two_classes_is_the_label_however_close_they_are(dtype):
    """Probabilities of eta = 1e-20 are equal, and 1e-50 is zero in single precision."""
    model = model_of(np.array([[1.0]], dtype), np.array([0.0]), classes=["no", "yes"])
    X = np.array([[1e-20], [-1e-20], [1e-30], [3.0], [-3.0]], dtype)
    X = np.concatenate([X, X * dtype(1e-12)])
    first, largest = model.predict_top_k(X, 1)
    assert largest.dtype == dtype
    assert np.array_equal(model.predict(X, reject=0.0).data, model.predict(X))
    assert np.array_equal(first[:, 0], model.predict(X))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_for_any_number_of_threads(layout, dtype, kind):
    n, p, K = 1501, 7, 13
    coef, intercept = coefficients(K, p)
    matrix = as_matrix(as_layout(rows(n, p), layout, dtype), 3)
    link = {"multinomial": class_predictions.SOFTMAX, "ovr": class_predictions.ONE_VS_REST}.get(
        kind, class_predictions.SIGMOID
    )
    label, start = np.arange(n) % K, np.arange(n + 1)
    found = []
    for n_threads in (1, 2, 3):
        on = matrix, coef, intercept, n_threads
        answers = [
            class_predictions.linear_predictors(*on, dtype)[0],
            class_predictions.probabilities(*on, dtype, link)[0],
            class_predictions.log_probabilities(*on, dtype, link)[0],
            class_predictions.labels(*on)[0],
            class_predictions.indicator(*on)[0],
            *class_predictions.top(*on, dtype, link, 4)[0],
            *class_predictions.positives(*on)[0],
            np.array(class_predictions.mean_loss(*on, link, label, start)[0]),
        ]
        found.append([answer.tobytes() for answer in answers])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("layout", ["C", "F", "csr"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_row_has_the_same_answer_whatever_rows_are_with_it(layout, dtype):
    coef, intercept = coefficients(40, 9)
    X = rows(200, 9)
    model = model_of(coef, intercept)
    expected = model.predict_proba(as_layout(X, layout, dtype))
    for part in (slice(5, 6), slice(0, 63), slice(10, 74), slice(3, 70)):
        assert np.array_equal(model.predict_proba(as_layout(X[part], layout, dtype)), expected[part])


def test_n_threads_and_n_jobs_are_obeyed():
    coef, intercept = coefficients(30, 40)
    X = rows(500, 40)
    expected = model_of(coef, intercept, n_threads=1).predict_proba(X)
    assert np.array_equal(model_of(coef, intercept, n_threads=2).predict_proba(X), expected)
    model = model_of(coef, intercept)
    model.n_jobs = 2
    assert np.array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_agrees_with_scikit_learn(layout, dtype):
    X, _ = make_problem(n=400, p=8, seed=5)
    y = np.array(["a", "b", "c", "d"])[np.random.default_rng(0).integers(0, 4, 400)]
    stored = as_layout(X, layout, dtype)
    theirs = Reference().fit(stored, y)
    ours = model_of(theirs.coef_, theirs.intercept_, classes=theirs.classes_)
    for method in METHODS:
        expected, found = getattr(theirs, method)(stored), getattr(ours, method)(stored)
        assert found.dtype == expected.dtype, method
        if method == "predict":
            assert np.array_equal(found, expected)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == np.float64 else 1e-4, atol=1e-6)
    assert ours.score(stored, y) == theirs.score(stored, y)
    np.testing.assert_allclose(ours.log_loss(stored, y), log_loss(y, theirs.predict_proba(stored)), rtol=1e-5)


def test_one_vs_rest_agrees_with_scikit_learn():
    X, _ = make_problem(n=300, p=6, seed=7)
    y = np.random.default_rng(3).integers(0, 5, 300)
    theirs = OneVsRestClassifier(Reference()).fit(X, y)
    coef = np.vstack([part.coef_ for part in theirs.estimators_])
    ours = model_of(coef, np.concatenate([part.intercept_ for part in theirs.estimators_]), "ovr")
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-10, atol=1e-12)
    assert np.array_equal(ours.predict(X), theirs.predict(X))


def test_many_labels_agree_with_scikit_learn():
    X, _ = make_problem(n=300, p=6, seed=7)
    y = np.random.default_rng(3).integers(0, 2, (300, 4))
    theirs = OneVsRestClassifier(Reference()).fit(X, y)
    coef = np.vstack([part.coef_ for part in theirs.estimators_])
    ours = model_of(coef, np.concatenate([part.intercept_ for part in theirs.estimators_]), "multilabel")
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-12)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.predict(X).dtype == np.int64
    assert ours.score(X, y) == theirs.score(X, y)


@pytest.mark.parametrize("coef_order", ["C", "F"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_coefficients_in_any_form(layout, coef_order):
    coef, intercept = coefficients(5, 9)
    coef, intercept = np.round(4 * coef), np.round(intercept)
    stored = as_layout(rows(50, 9), layout)
    expected = model_of(coef, intercept).decision_function(stored)
    for form in (np.asarray(coef, order=coef_order), coef.astype(int), coef.astype(">f8"), coef.astype(np.float32)):
        assert np.array_equal(model_of(form, intercept).decision_function(stored), expected)
    sparse = model_of(coef, intercept)
    sparse.coef_ = sp.csr_array(coef)
    assert np.array_equal(sparse.decision_function(stored), expected)


@pytest.mark.parametrize("values", ["equal", "different"])
def test_few_sparse_entries_among_many_columns(values):
    """Where most columns are empty, coefficients of the others alone are laid out; where all values are equal, one is
    stored."""
    rng = np.random.default_rng(0)
    X = sp.random_array((40, 3000), density=0.002, format="csr", rng=rng)
    if values == "equal":
        X.data[:] = 2.0
    coef, intercept = coefficients(7, 3000)
    expected = X.toarray() @ coef.T + intercept
    for stored in (X, X.tocsc(), sp.csr_array((40, 3000)) + X):
        np.testing.assert_allclose(model_of(coef, intercept).decision_function(stored), expected, rtol=1e-12)
    empty = sp.csr_array((5, 3000))
    assert np.array_equal(model_of(coef, intercept).decision_function(empty), np.tile(intercept, (5, 1)))


def test_unsorted_indices_and_other_formats():
    X = rows(80, 6)
    coef, intercept = coefficients(4, 6)
    model = model_of(coef, intercept)
    expected = model.predict_proba(X)
    unsorted = sp.csr_array(X)
    for i in range(80):
        row = slice(unsorted.indptr[i], unsorted.indptr[i + 1])
        unsorted.indices[row], unsorted.data[row] = unsorted.indices[row][::-1].copy(), unsorted.data[row][::-1].copy()
    unsorted.has_sorted_indices = False
    for stored in (unsorted, unsorted.tocsc(), sp.coo_array(X), sp.csc_matrix(X), X.tolist(), X[::-1][::-1]):
        np.testing.assert_allclose(model.predict_proba(stored), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("offset", [0.0, -3.0, 30.0])
def test_sparse_labels_are_the_dense_ones(layout, offset):
    """A shift of the margins makes rows with no label, with some, and with more than there is room for at first."""
    coef, _ = coefficients(40, 6)
    stored = as_layout(rows(150, 6), layout)
    model = model_of(coef, np.full(40, offset), "multilabel")
    dense = model.predict(stored)
    model.sparse_labels_ = True
    found = model.predict(stored)
    assert found.format == "csr"
    assert found.dtype == np.int64
    assert found.has_sorted_indices
    assert np.array_equal(found.toarray(), dense)
    assert found.nnz == dense.sum()


# --- ties, sums, extremes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [3, 31, 32, 33, 100])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_ties_go_to_the_first_class(layout, K):
    classes = np.array([f"class {K - k:03}" for k in range(K)])  # not in alphabetical order
    tied = np.zeros((3, K))
    tied[1, K // 2 :] = 1.0
    tied[2, 0] = -1.0
    model, X = of_predictors(tied, classes=classes)
    stored = as_layout(X, layout)
    assert model.predict(stored).tolist() == [classes[0], classes[K // 2], classes[1]]
    assert model.predict_top_k(stored, 2)[0][1].tolist() == classes[[K // 2, K // 2 + 1]].tolist()


@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1000.0])
@pytest.mark.parametrize("K", [3, 10, 200])
def test_probabilities_add_up_to_one(kind, scale, K):
    model, X = of_predictors(scale * np.random.default_rng(K).standard_normal((50, K)), kind)
    total = [mp.fsum(map(mpf, row)) for row in model.predict_proba(X)]
    # half an ulp of the sum of exponentials, half an ulp of each quotient
    np.testing.assert_allclose([float(one - 1) for one in total], 0.0, atol=2.3e-16)


EXTREMES = [
    [0.0, 0.0, 0.0],
    [1e-300, 5.0, -5.0],
    [-800.0, -790.0, -795.0],
    [-39.9, -45.0, -39.8],
    [-40.1, -45.0, -40.2],
    [800.0, 1.0, -800.0],
    [800.0, 810.0, 37.0],
    [1e10, -1e10, 0.0],
    [-1e10, -1e10 - 1.0, -2e10],
    [1e308, -1e308, 0.0],
    [-700.0, 20.0, -745.0],
]


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_exact_at_any_linear_predictor(kind):
    model, X = of_predictors(EXTREMES, kind)
    probability, logarithm = model.predict_proba(X), model.predict_log_proba(X)
    with mp.workdps(700):
        for i, eta in enumerate(EXTREMES):
            if max(map(abs, eta)) > 1e9:
                continue
            share = [mp.exp(mpf(x)) / (1 if kind == "multinomial" else 1 + mp.exp(mpf(x))) for x in eta]
            total = mp.mpf(1) if kind == "multilabel" else mp.fsum(share)
            exact = [part / total for part in share]
            np.testing.assert_allclose(probability[i], [float(p) for p in exact], rtol=3e-15, atol=5e-324)
            np.testing.assert_allclose(logarithm[i], [float(mp.log(p)) for p in exact], rtol=3e-15, atol=0)


@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
def test_log_probabilities_are_finite_where_probabilities_underflow(kind):
    model, X = of_predictors([[1e10, -1e10, 0.0], [-1e10, -1e10 - 1.0, -2e10], [1e308, 0.0, -1e307]], kind)
    found = model.predict_log_proba(X)
    assert np.isfinite(found).all()
    expected = log_probabilities(np.array([[1e10, -1e10, 0.0], [-1e10, -1e10 - 1.0, -2e10]]), kind)
    np.testing.assert_allclose(found[:2], expected, rtol=1e-14, atol=1e-5)
    assert np.array_equal(model.predict_proba(X)[2], [1.0, 0.0, 0.0] if kind == "multinomial" else [2 / 3, 1 / 3, 0.0])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_products_that_overflow_give_limits_where_x_is_finite(layout):
    big = float(np.finfo(np.float64).max)
    X = as_layout(np.array([[big, 0.0], [-big, 0.0], [0.0, big]]), layout)
    coef = [[10.0, -10.0], [0.0, -10.0], [0.0, -10.0]]
    inf = np.inf
    eta = np.array([[inf, 0.0, 0.0], [-inf, 0.0, 0.0], [-inf, -inf, -inf]])
    model = model_of(coef)
    assert np.array_equal(model.decision_function(X), eta)
    assert np.array_equal(model.predict(X), [0, 1, 0])
    assert np.array_equal(model.predict_proba(X)[:2], [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    assert np.array_equal(model.predict_log_proba(X)[0], [0.0, -inf, -inf])
    assert np.isnan(model.predict_proba(X)[2]).all()
    one_vs_rest = model_of(coef, multi_class="ovr")
    third = 1.0 / 3.0
    assert np.array_equal(one_vs_rest.predict_proba(X), [[0.5, 0.25, 0.25], [0.0, 0.5, 0.5], [third, third, third]])
    np.testing.assert_allclose(one_vs_rest.predict_log_proba(X)[2], -np.log(3.0), rtol=1e-15)
    assert np.array_equal(model_of(coef, multi_class="multilabel").predict(X), [[1, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert model.log_loss(X[:2], [0, 1]) == pytest.approx(np.log(2.0) / 2.0)
    assert model.log_loss(X[:2], [1, 1]) == inf
    assert model.log_loss(X[:2], [1, 1], sample_weight=[0.0, 1.0]) == pytest.approx(np.log(2.0))
    assert one_vs_rest.log_loss(X[:2], [0, 0]) == inf
    assert one_vs_rest.log_loss(X[1:], [1, 0]) == pytest.approx((np.log(2.0) + np.log(3.0)) / 2.0)


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["csr", "csc"])
@pytest.mark.parametrize("call", ["predict", "top", "reject", "log_loss"])
def test_no_matrix_of_rows_times_classes_is_made(layout, call):
    n, p, K = 20_000, 300, 5_000
    X = sp.random_array((n, p), density=0.002, format=layout, rng=0)
    model = model_of(*coefficients(K, p))
    calls = {
        "predict": lambda: model.predict(X),
        "top": lambda: model.predict_top_k(X, 3),
        "reject": lambda: model.predict(X, reject=0.5),
        "log_loss": lambda: model.log_loss(X, np.zeros(n, dtype=int)),
    }
    tracemalloc.start()
    try:
        calls[call]()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < n * K * 8 / 20


def test_sparse_labels_need_no_dense_matrix():
    n, p, K = 20_000, 300, 2_000
    X = sp.random_array((n, p), density=0.002, format="csr", rng=0)
    coef, _ = coefficients(K, p)
    model = model_of(coef, np.full(K, -3.0), "multilabel")
    model.sparse_labels_ = True
    tracemalloc.start()
    try:
        labels = model.predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert labels.shape == (n, K)
    assert peak < n * K / 4


# --- anything ---------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_problem_gives_what_numpy_gives(data):
    n, p, K = (data.draw(st.integers(low, high)) for low, high in ((1, 70), (1, 6), (2, 40)))
    numbers = st.floats(-30, 30, width=32)
    X = data.draw(arrays(np.float64, (n, p), elements=numbers))
    coef = data.draw(arrays(np.float64, (K, p), elements=numbers))
    layout, kind = data.draw(st.sampled_from(LAYOUTS)), data.draw(st.sampled_from(KINDS))
    model, stored = model_of(coef, multi_class=kind), as_layout(X, layout)
    eta = model.decision_function(stored)
    np.testing.assert_allclose(eta, X @ coef.T, rtol=1e-10, atol=1e-9)
    probability = model.predict_proba(stored)
    np.testing.assert_allclose(probability, probabilities(eta, kind), rtol=1e-9, atol=1e-300)
    logarithm = model.predict_log_proba(stored)
    np.testing.assert_allclose(logarithm, log_probabilities(eta, kind), rtol=1e-9, atol=1e-12)
    k = data.draw(st.integers(1, K))
    labels, largest = model.predict_top_k(stored, k)
    order = np.argsort(-eta, axis=1, kind="stable")[:, :k]
    assert np.array_equal(labels, order)
    assert np.array_equal(largest, np.take_along_axis(probability, order, axis=1))
    if kind != "multilabel":
        assert np.array_equal(model.predict(stored), order[:, 0])
