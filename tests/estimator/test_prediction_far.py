"""Predictions of columns far from zero are as exact as those of their centred twins, in every layout and answer."""

import pickle

import numpy as np
import pytest
from support.layouts import LAYOUTS, as_layout

from fastlr import LogisticRegression
from fastlr.matrix import centred_rows

STORED = [(1.7e9, np.float64), (1e12, np.float64), (1e15, np.float64), (8e6, np.float32)]
MODES = [(2, "multinomial"), (3, "multinomial"), (3, "ovr"), (4, "multilabel")]


def far_problem(K, multi_class, far, dtype=np.float64, n=300, seed=0):
    """(X, y, X less its offsets): whole seconds, an identifier in steps of 64 and a column about zero."""
    rng = np.random.default_rng(seed)
    near = np.column_stack([np.rint(4 * rng.standard_normal(n)), 64.0 * rng.integers(0, 9, n), rng.standard_normal(n)])
    near = near.astype(dtype).astype(np.float64)
    scores = (near / [4.0, 200.0, 1.0]) @ rng.standard_normal((3, K))
    y = np.argmax(scores + rng.gumbel(size=(n, K)), axis=1)
    y = (y[:, None] == np.arange(K)).astype(int) if multi_class == "multilabel" else y
    offsets = np.array([far, -far, 0.0])
    X = (near + offsets).astype(dtype)
    assert np.array_equal(X.astype(np.float64) - offsets, near)
    return X, y, near


def answers(model, X, y):
    """All that the model says of rows."""
    multilabel = model.multi_class == "multilabel"
    labels, probabilities = model.predict_top_k(X, 1)
    return [
        model.decision_function(X),
        model.predict_proba(X),
        model.predict_log_proba(X),
        model.predict(X),
        labels,
        probabilities,
        model.predict(X) if multilabel else model.predict(X, reject=0.6).filled(),
        model.log_loss(X, y),
        model.log_loss(X, y, sample_weight=np.arange(1.0, 1.0 + X.shape[0])),
    ]


def twin_of(model, offsets):
    """A model of X less whole offsets that has the same coefficients; its intercepts are exact."""
    twin = pickle.loads(pickle.dumps(model))
    values, coef = model._anchor.values, model.coef_.astype(np.float64)
    twin.coef_, twin.intercept_ = coef, values - coef @ (model._anchor.centre - offsets)
    del twin._anchor
    return twin


@pytest.mark.filterwarnings("ignore:.*Rounding of the intercept")
@pytest.mark.parametrize("C", [1.0, np.inf])
@pytest.mark.parametrize("far, dtype", STORED)
@pytest.mark.parametrize("K, multi_class", MODES)
def test_predictions_are_those_of_the_centred_twin(K, multi_class, far, dtype, C):
    X, y, near = far_problem(K, multi_class, far, dtype)
    options = {"C": C, "multi_class": multi_class, "tol": 1e-12}
    model, fitted = LogisticRegression(**options).fit(X, y), LogisticRegression(**options).fit(near, y)
    np.testing.assert_allclose(model.coef_, fitted.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X), fitted.predict_proba(near), rtol=0, atol=1e-5)
    exact = answers(twin_of(model, [far, -far, 0.0]), near, y)
    for layout in LAYOUTS:
        for found, expected in zip(answers(model, as_layout(X, layout, dtype), y), exact, strict=True):
            single = np.asarray(found).dtype == np.float32
            np.testing.assert_allclose(found, expected, rtol=1e-6 if single else 1e-11, atol=1e-6 if single else 1e-12)


@pytest.mark.parametrize("K, multi_class", MODES)
def test_blocks_of_rows_make_no_difference(monkeypatch, K, multi_class):
    X, y, _ = far_problem(K, multi_class, 1e12, n=900)
    model = LogisticRegression(multi_class=multi_class).fit(X, y)
    at_once = {layout: answers(model, as_layout(X, layout), y) for layout in LAYOUTS}
    monkeypatch.setattr(centred_rows, "ENTRIES", 300)
    for layout in LAYOUTS:
        for found, expected in zip(answers(model, as_layout(X, layout), y), at_once[layout], strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_more_positive_labels_than_there_is_room_for(monkeypatch):
    X, y, _ = far_problem(2, "multilabel", 1e12)
    y = np.hstack([y] * 20)
    model = LogisticRegression(multi_class="multilabel").fit(X, y)
    model.intercept_ += 30.0
    model.sparse_labels_ = True
    monkeypatch.setattr(centred_rows, "ENTRIES", 300)
    assert np.array_equal(model.predict(X).toarray(), np.ones((300, 40)))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("K, multi_class", MODES)
def test_coefficients_set_by_hand_count_as_they_are(K, multi_class, layout):
    X, y, near = far_problem(K, multi_class, 2.0**40)
    model = LogisticRegression(multi_class=multi_class).fit(X, y)
    model.coef_ = np.rint(64 * model.coef_) / 64  # so that products with offsets are exact
    model.intercept_ = np.rint(-8 * model.coef_ @ X[0]) / 8
    eta = near @ model.coef_.T + (model.coef_ @ [2.0**40, -(2.0**40), 0.0] + model.intercept_)
    found = model.decision_function(as_layout(X, layout))
    np.testing.assert_allclose(found.reshape(eta.shape), eta, rtol=1e-13, atol=1e-11)
    moved = pickle.loads(pickle.dumps(model))
    moved.intercept_ = model.intercept_ + 0.5
    np.testing.assert_allclose(moved.decision_function(X), model.decision_function(X) + 0.5, rtol=1e-13, atol=1e-11)
    moved.coef_, moved.intercept_ = 0.0 * model.coef_, np.ones(len(model.coef_))
    assert np.array_equal(moved.decision_function(X), np.ones_like(found))


def test_models_of_other_shapes_and_those_of_older_pickles_predict_without_a_centre():
    X, y, near = far_problem(2, "multinomial", 1.7e9)
    model = LogisticRegression().fit(X, y)
    older = pickle.loads(pickle.dumps(model))
    del older._anchor
    np.testing.assert_allclose(older.predict_proba(X), model.predict_proba(X), atol=1e-6)
    older = pickle.loads(pickle.dumps(model))
    older.coef_, older.intercept_, older.n_features_in_ = np.ones((1, 2)), np.zeros(1), 2
    assert np.array_equal(older.decision_function(near[:, :2]), near[:, 0] + near[:, 1])
    model.fit(near, y)
    assert "_anchor" not in vars(model)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("K, multi_class", MODES)
def test_entries_that_are_not_finite_are_named(K, multi_class, layout, bad):
    X, y, _ = far_problem(K, multi_class, 1e12)
    model = LogisticRegression(multi_class=multi_class).fit(X, y)
    X[200, 1] = bad
    with pytest.raises(ValueError, match=r"row 200.*column 1"):
        model.predict_proba(as_layout(X, layout))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_far_from_the_centre_and_implicit_zeros(layout):
    X, y, _ = far_problem(2, "multinomial", 1.7e9)
    model = LogisticRegression().fit(X, y)
    others = np.array([[0.0, 0.0, 0.0], [1.7e9, 0.0, 1.0], [3.4e9, -1.7e9, 0.0]])
    expected = others @ model.coef_[0] + model.intercept_
    np.testing.assert_allclose(model.decision_function(as_layout(others, layout)), expected, rtol=1e-13, atol=1e-6)


def test_a_result_tells_its_centre():
    X, y, near = far_problem(2, "multinomial", 1.7e9)
    result = LogisticRegression().fit(X, y).result_
    assert result.centre[2] == 0.0
    assert result.centre[0] in X[:, 0]
    eta = (X - result.centre) @ result.coef + result.centred_intercept
    np.testing.assert_allclose(eta, X @ result.coef + result.intercept, atol=1e-6)
    assert LogisticRegression().fit(near, y).result_.centre is None
    assert pickle.loads(pickle.dumps(result)) == result
