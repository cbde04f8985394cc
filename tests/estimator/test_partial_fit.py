"""Learning from mini-batches."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.problems import make_problem, scaled_problem
from support.references import smooth_gradient

from fastlr import LogisticRegression
from fastlr.estimator import adagrad_state, partial_fit


def streamed(X, y, sweeps, size=250, **options):
    model = LogisticRegression(**options)
    for _ in range(sweeps):
        for begin in range(0, len(y), size):
            model.partial_fit(X[begin : begin + size], y[begin : begin + size], classes=[0.0, 1.0])
    return model


def suboptimality(model, optimum, X, y, C, l1_ratio):
    def value(fitted):
        size = (1 - l1_ratio) / 2 * np.sum(fitted.coef_**2) + l1_ratio * np.sum(np.abs(fitted.coef_))
        return fitted.log_loss(X, y) + size / (C * len(y))

    return value(model) - value(optimum)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_streaming_approaches_the_optimum_of_all_rows_seen(l1_ratio, fit_intercept):
    X, y = scaled_problem(1000, 8)
    C, options = 0.02, {"l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    optimum = LogisticRegression(C=C, tol=1e-12, **options).fit(X, y)
    gaps = [
        suboptimality(streamed(X, y, sweeps, C=C / sweeps, **options), optimum, X, y, C, l1_ratio)
        for sweeps in (1, 10, 100)
    ]
    assert 0.0 <= gaps[2] < 2e-3
    assert gaps[2] < 0.3 * gaps[0]


def test_repeated_rows_count_as_often_as_they_are_seen():
    X, y = scaled_problem(100, 8)
    twice = LogisticRegression().partial_fit(X, y, classes=[0, 1]).partial_fit(X, y)
    assert twice.t_ == 200.0
    assert twice.n_iter_.tolist() == [2]


def test_bounds_hold_and_coefficients_reach_them():
    X, y = scaled_problem(1000, 8)
    free = LogisticRegression().fit(X, y)
    assert free.coef_.min() < 0.0
    model = streamed(X, y, 20, bounds=(0, None))
    assert model.coef_.min() == 0.0
    assert model.coef_.max() > 0.0


def test_a_step_is_that_of_the_paper():
    X, y = scaled_problem(60, 8)
    model = LogisticRegression(C=0.5)
    coef, intercept, squares, slopes, seen = np.zeros(8), 0.0, np.zeros(8), 0.0, 0
    for part in (slice(0, 40), slice(40, 60)):
        seen += part.stop - part.start
        l2 = 1 / (0.5 * seen)
        gradient, slope = smooth_gradient(X[part], y[part], coef, intercept, l2)
        squares, slopes = squares + gradient**2, slopes + slope**2
        curvature = np.sum(X[:seen] ** 2, axis=0) / (4 * seen) + l2
        coef = coef - adagrad_state.LENGTH * gradient / np.sqrt(curvature * squares)
        intercept -= 2 * adagrad_state.LENGTH * slope / np.sqrt(slopes)
        model.partial_fit(X[part], y[part], classes=[0, 1])
    np.testing.assert_allclose(model.coef_[0], coef, rtol=1e-11)
    np.testing.assert_allclose(model.intercept_, intercept, rtol=1e-11)


def test_long_input_is_taken_in_mini_batches():
    X, y = scaled_problem(300, 8)
    whole = LogisticRegression().partial_fit(X, y, classes=[0, 1])
    parts = LogisticRegression()
    for begin in range(0, 300, partial_fit.BATCH):
        part = slice(begin, begin + partial_fit.BATCH)
        parts.partial_fit(X[part], y[part], classes=[0, 1])
    assert whole.n_iter_.tolist() == [3]
    np.testing.assert_array_equal(whole.coef_, parts.coef_)


def test_layouts_and_storage_agree(layout):
    X, y = scaled_problem(300, 8)
    X = X.astype(np.float32)
    expected = LogisticRegression().partial_fit(X.astype(np.float64), y, classes=[0, 1])
    model = LogisticRegression().partial_fit(as_layout(X, layout, np.float32), y, classes=[0, 1])
    assert model.coef_.dtype == np.float64
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)


def test_weights_are_copies_of_rows_and_weights_of_classes_multiply_them():
    X, y = scaled_problem(50, 8)
    counts = np.where(y == 1.0, 2, 1)
    rows = np.repeat(np.arange(50), counts)
    repeated = LogisticRegression().partial_fit(X[rows], y[rows], classes=[0, 1])
    for model in (
        LogisticRegression().partial_fit(X, y, classes=[0, 1], sample_weight=counts),
        LogisticRegression(class_weight={0: 1, 1: 2}).partial_fit(X, y, classes=[0, 1]),
    ):
        assert model.t_ == counts.sum()
        np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-10)


def test_rows_without_weight_teach_nothing():
    X, y = scaled_problem(300, 8)
    weight = np.ones(300)
    weight[:128] = 0.0
    model = LogisticRegression().partial_fit(X, y, classes=[0, 1], sample_weight=weight)
    rest = LogisticRegression().partial_fit(X[128:], y[128:], classes=[0, 1])
    np.testing.assert_array_equal(model.coef_, rest.coef_)
    none = LogisticRegression().partial_fit(X, y, classes=[0, 1], sample_weight=np.zeros(300))
    assert (none.t_, none.n_iter_.tolist(), none.coef_.any()) == (0.0, [0], False)


def test_a_batch_may_hold_one_class_and_columns_may_appear_later():
    X, y = scaled_problem(200, 8)
    X = np.array(X)
    X[:100, 3] = 0.0
    order = np.argsort(y, kind="stable")
    model = LogisticRegression(C=np.inf)
    for part in np.array_split(order, 5):
        model.partial_fit(sp.csr_array(X[part]), y[part], classes=[0, 1])
    assert np.all(model.coef_ != 0.0)
    assert np.isfinite(model.coef_).all()


def test_the_scale_of_columns_does_not_matter():
    X, y = scaled_problem(500, 8)
    scale = 2.0 ** np.arange(-20, 20, 5)
    own, scaled = streamed(X, y, 1, C=np.inf), streamed(X * scale, y, 1, C=np.inf)
    np.testing.assert_allclose(scaled.coef_ * scale, own.coef_, rtol=1e-10)


def test_labels_are_those_of_the_first_call():
    X, y = scaled_problem(100, 8)
    names = np.where(y == 1.0, "yes", "no")
    model = LogisticRegression().partial_fit(X[:50], names[:50], classes=["yes", "no"])
    assert model.classes_.tolist() == ["no", "yes"]
    before = model.coef_.copy()
    with pytest.raises(ValueError, match=r"expected those of earlier calls, \['no', 'yes'\]"):
        model.partial_fit(X, names, classes=["no", "perhaps"])
    with pytest.raises(ValueError, match="y holds the label 'perhaps'"):
        model.partial_fit(X[:2], np.array(["no", "perhaps"]))
    with pytest.raises(ValueError, match="8 features"):
        model.partial_fit(X[:, :5], names)
    np.testing.assert_array_equal(model.coef_, before)
    model.partial_fit(X[50:], names[50:])
    assert set(model.predict(X)) <= {"no", "yes"}


@pytest.mark.parametrize(
    "options, arguments, message",
    [
        ({}, {}, "classes=None: expected all labels in the first call"),
        ({}, {"classes": [0]}, "holds 1 distinct labels, expected two or more"),
        (
            {},
            {"classes": [0, 1], "sample_weight": -np.ones(100)},
            "sample_weight: expected finite numbers >= 0, found -1.0 at 0",
        ),
        (
            {},
            {"classes": [0, 1], "sample_weight": np.ones(3)},
            r"sample_weight: expected shape \(100,\), .*, found \(3,\)",
        ),
        ({"standardize": True}, {"classes": [0, 1]}, "standardize=True"),
        ({"class_weight": "balanced"}, {"classes": [0, 1]}, "class_weight='balanced'"),
        ({"C": -1.0}, {"classes": [0, 1]}, "'C' parameter"),
    ],
)
def test_what_cannot_be_used_is_named(options, arguments, message):
    X, y = scaled_problem(100, 8)
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**options).partial_fit(X, y, **arguments)


def test_nan_is_an_error():
    X, y = scaled_problem(100, 8)
    X[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        LogisticRegression().partial_fit(X, y, classes=[0, 1])


def test_a_stream_survives_pickling():
    X, y = scaled_problem(400, 8)
    model = LogisticRegression().partial_fit(X[:200], y[:200], classes=[0, 1])
    copy = pickle.loads(pickle.dumps(model))
    assert len(pickle.dumps(model)) < X[:200].nbytes
    for one in (model, copy):
        one.partial_fit(X[200:], y[200:])
    np.testing.assert_array_equal(copy.coef_, model.coef_)


def test_a_stream_goes_on_from_a_fit_and_a_fit_ends_it():
    X, y = scaled_problem(1000, 8)
    model = LogisticRegression().fit(X, y)
    start = model.coef_.copy()
    model.partial_fit(X[:100], y[:100])
    curvature = np.sum(X[:100] ** 2, axis=0) / 400 + 1 / 100
    np.testing.assert_allclose(np.abs(model.coef_ - start)[0], adagrad_state.LENGTH / np.sqrt(curvature), rtol=1e-10)
    assert model.t_ == 100.0
    assert not hasattr(model, "result_")
    fitted = model.fit(X, y)
    assert not hasattr(fitted, "t_")
    np.testing.assert_array_equal(fitted.coef_, start)
    again = LogisticRegression().fit(X, y).partial_fit(X[:100], y[:100])
    np.testing.assert_array_equal(fitted.partial_fit(X[:100], y[:100]).coef_, again.coef_)


def test_sparse_coefficients_are_taken_up():
    X, y = scaled_problem(400, 8)
    one, other = (LogisticRegression().partial_fit(X[:200], y[:200], classes=[0, 1]) for _ in range(2))
    one.sparsify().partial_fit(X[200:], y[200:])
    np.testing.assert_array_equal(one.coef_, other.partial_fit(X[200:], y[200:]).coef_)


def test_penalty_factors_and_bounds_act_column_by_column():
    X, y = make_problem(p=4)
    model = LogisticRegression(C=1e-4, l1_ratio=1.0, penalty_factor={0: 0.0, 1: 0.0}, bounds={1: (None, 0.0)})
    for _ in range(5):
        model.partial_fit(X, y, classes=[0.0, 1.0])
    assert model.coef_[0, 0] != 0.0
    assert model.coef_[0, 1] <= 0.0
    assert not model.coef_[0, 2:].any()
