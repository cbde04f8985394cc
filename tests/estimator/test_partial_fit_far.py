"""partial_fit on columns far from zero learns what it learns of their centred twins."""

import pickle

import numpy as np
import pytest
from support.layouts import LAYOUTS, as_layout

from fastlr import LogisticRegression

MODES = [(2, "multinomial"), (3, "multinomial"), (3, "ovr"), (3, "multilabel")]
STORED = [(1.7e9, np.float64), (1e12, np.float64), (8e6, np.float32)]


def problem(K, multi_class, far, dtype=np.float64, n=2000, seed=0):
    """(X, y, X less its offset): whole seconds and a column about zero."""
    rng = np.random.default_rng(seed)
    near = np.column_stack([np.rint(50 * rng.standard_normal(n)), rng.standard_normal(n)]).astype(dtype).astype(float)
    scores = (near / [50.0, 1.0]) @ (2.0 * rng.standard_normal((2, K)))
    y = np.argmax(scores + rng.gumbel(size=(n, K)), axis=1)
    y = (y[:, None] == np.arange(K)).astype(int) if multi_class == "multilabel" else y
    return (near + np.array([far, 0.0])).astype(dtype), y, near


def streamed(X, y, multi_class, size=500, model=None, **options):
    """A model that has seen X in parts of so many rows."""
    model = LogisticRegression(multi_class=multi_class, **options) if model is None else model
    classes = None if multi_class == "multilabel" else np.unique(y)
    for begin in range(0, len(y), size):
        model.partial_fit(X[begin : begin + size], y[begin : begin + size], classes=classes)
    return model


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("far, dtype", STORED)
@pytest.mark.parametrize("K, multi_class", MODES)
def test_it_learns_what_it_learns_of_the_centred_twin(K, multi_class, far, dtype, layout):
    X, y, near = problem(K, multi_class, far, dtype)
    model = streamed(as_layout(X, layout, dtype).tocsr() if layout in ("csr", "csc") else X, y, multi_class)
    twin = streamed(near, y, multi_class)
    assert model.log_loss(as_layout(X, layout, dtype), y) <= twin.log_loss(near, y) + 0.01
    about = model.decision_function(X) - (near @ model.coef_.T).reshape(model.decision_function(X).shape)
    np.testing.assert_allclose(about, np.broadcast_to(about[:1], about.shape), atol=1e-6)
    zero = model.coef_ @ [far, 0.0] + model.intercept_
    np.testing.assert_allclose(np.ravel(about[0]), zero, atol=1e-14 * far)


@pytest.mark.parametrize("K, multi_class", MODES)
def test_it_does_not_matter_how_rows_are_handed_over_or_who_pickles_in_between(K, multi_class):
    X, y, _ = problem(K, multi_class, 1e12)
    whole, parts = (streamed(X, y, multi_class, size) for size in (2000, 256))
    first = streamed(X[:512], y[:512], multi_class, 256)
    model = streamed(X[512:], y[512:], multi_class, 1488, pickle.loads(pickle.dumps(first)))
    for other in (parts, model):
        np.testing.assert_array_equal(other.coef_, whole.coef_)
        np.testing.assert_array_equal(other.predict_proba(X), whole.predict_proba(X))


@pytest.mark.parametrize("K, multi_class", MODES)
def test_it_goes_on_from_a_fit(K, multi_class):
    X, y, near = problem(K, multi_class, 1.7e9)
    options = {"multi_class": multi_class, "C": 1.0}
    model, twin = LogisticRegression(**options).fit(X, y), LogisticRegression(**options).fit(near, y)
    before = model.log_loss(X, y)
    streamed(X, y, multi_class, model=model)
    streamed(near, y, multi_class, model=twin)
    assert before <= model.log_loss(X, y) <= before + 0.02
    assert model.log_loss(X, y) == pytest.approx(twin.log_loss(near, y), abs=0.005)


def test_coefficients_set_between_calls_count():
    X, y, near = problem(2, "multinomial", 2.0**40)
    model = streamed(X, y, "multinomial")
    model.coef_, model.intercept_ = np.array([[0.25, 0.0]]), np.array([-(2.0**38)])
    model.partial_fit(X[:1], y[:1])
    assert model.decision_function(X) == pytest.approx(0.25 * near[:, 0], abs=2.0)


def test_rows_one_by_one_and_rows_without_weight():
    X, y, near = problem(2, "multinomial", 1.7e9, n=300)
    model, twin = LogisticRegression(), LogisticRegression()
    X[0, 0], near[0, 0] = 0.0, 0.0
    for each, rows in ((model, X), (twin, near)):
        each.partial_fit(rows[:1], y[:1], classes=[0, 1], sample_weight=[0.0])
        for i in range(1, 300):
            each.partial_fit(rows[i : i + 1], y[i : i + 1])
    X[0, 0] = 1.7e9
    assert model.log_loss(X, y) <= twin.log_loss(near, y) + 0.05


def test_without_an_intercept_nothing_is_centred():
    X, y, near = problem(2, "multinomial", 1.7e9)
    model = streamed(X, y, "multinomial", fit_intercept=False)
    assert model.intercept_ == 0.0
    plain = streamed(near, y, "multinomial")
    assert "_anchor" not in vars(model)
    assert "_anchor" not in vars(plain)


def test_a_failed_call_leaves_the_centre_as_it_was():
    X, y, _ = problem(2, "multinomial", 1.7e9)
    model = streamed(X, y, "multinomial")
    expected = model.predict_proba(X)
    with pytest.raises(ValueError, match="label 7"):
        model.partial_fit(X[:3], [0, 1, 7])
    assert np.array_equal(model.predict_proba(X), expected)
