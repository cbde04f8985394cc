"""Predictions of K classes: rejection, log-loss, and the errors of arguments that cannot be used."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.special import expit
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from support.fitted_classes import KINDS, log_probabilities, model_of, of_predictors, probabilities, random_model
from support.layouts import LAYOUTS, as_layout
from support.problems import class_problem, make_problem

from fastlr import LogisticRegression

METHODS = ("decision_function", "predict_proba", "predict_log_proba", "predict")
COEF = np.array([[0.0, -1.0, 0.25, 0.0], [0.5, 2.0, 0.0, 0.0], [0.0, 1.0, -1.0, 0.0]])


def reference_of(coef):
    """scikit-learn's estimator with these coefficients."""
    model = Reference()
    model.coef_, model.intercept_ = coef, np.zeros(len(coef))
    model.classes_, model.n_features_in_ = np.arange(len(coef)), coef.shape[1]
    return model


# --- rejection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
@pytest.mark.parametrize("reject", [0, 0.3, 0.6, 0.999, 1.0, np.float32(0.5)])
def test_rows_of_low_probability_are_masked(layout, kind, reject):
    X, coef, intercept = random_model()
    classes = np.array(["a", "b", "c", "d"])
    model = model_of(coef, intercept, kind, classes)
    eta = X @ coef.T + intercept
    largest = probabilities(eta, kind).max(axis=1) if kind == "multinomial" else expit(eta.max(axis=1))
    found = model.predict(as_layout(X, layout), reject=reject)
    assert type(found) is np.ma.MaskedArray
    assert np.array_equal(np.ma.getmaskarray(found), largest < reject)
    assert np.array_equal(np.asarray(found), np.where(largest < reject, "rejected", model.predict(X)))


def test_rows_that_no_class_of_one_vs_rest_claims_are_masked():
    model, X = of_predictors([[-5.0, -20.0, -30.0], [3.0, -20.0, -30.0]], "ovr")
    assert model.predict_proba(X).max(axis=1).min() > 0.95
    assert model.predict(X, reject=0.5).tolist() == [None, 0]


@pytest.mark.parametrize("offset", [None, np.linspace(-1, 1, 200)])
def test_rejection_of_two_classes(offset):
    X, coef, intercept = random_model(K=1)
    model = model_of(coef, intercept, classes=["no", "yes"])
    found = model.predict(X, reject=0.8, offset=offset)
    assert np.array_equal(found.mask, model.predict_proba(X, offset=offset).max(axis=1) < 0.8)
    assert 0 < found.mask.sum() < 200
    assert np.array_equal(found.data, np.where(found.mask, "rejected", model.predict(X, offset=offset)))
    assert not np.ma.getmaskarray(model.predict(X, reject=0.5, offset=offset)).any()


def test_rejection_by_the_estimator_after_a_fit():
    X, y = make_problem(n=300, p=4)
    model = LogisticRegression().fit(X, y)
    found = model.predict(X, reject=0.9)
    assert np.array_equal(found.mask, model.predict_proba(X).max(axis=1) < 0.9)
    labels, probability = model.predict_top_k(X, 1)
    assert np.array_equal(labels[~found.mask, 0], found.compressed())
    assert np.array_equal(probability[:, 0] < 0.9, found.mask)


LABELS = {
    "whole numbers": ([0, 1, 2], np.int64, -1),
    "minus one and one": ([-1, 1], np.int64, -2),
    "booleans": ([False, True], np.int64, -1),
    "unsigned": (np.array([0, 1, 255], np.uint8), np.int64, -1),
    "large unsigned": (np.array([0, 1, 2**64 - 1], np.uint64), object, -1),
    "short": (np.array([3, 4, 5], np.int8), np.int8, -1),
    "short and full": (np.array([-128, 127], np.int8), np.int64, -129),
    "long and full": (np.array([-(2**63), 0, 1]), object, -(2**63) - 1),
    "floats": ([0.0, 1.0, 2.0], np.float64, -1.0),
    "huge floats": ([-1e300, 0.0, 1.0], np.float64, -np.inf),
    "strings": (["no", "yes"], np.dtype("U8"), "rejected"),
    "objects": (np.array(["a", "b", "c"], dtype=object), object, "rejected"),
    "rejected": (["accepted", "rejected"], np.dtype("U9"), "rejected_"),
    "dates": (np.array(["2024-01-01", "2025-01-01"], "M8[D]"), np.dtype("M8[D]"), np.datetime64("2023-12-31")),
}


@pytest.mark.parametrize("kind", LABELS)
def test_no_way_around_the_mask_brings_a_rejected_label_back(kind):
    classes, dtype, filler = LABELS[kind]
    classes = np.asarray(classes)
    coef = np.vander(np.linspace(-1.0, 1.0, 1 if len(classes) == 2 else len(classes)), 3)
    model, X = model_of(coef, classes=classes), np.random.default_rng(0).standard_normal((50, 3))
    plain, found = model.predict(X), model.predict(X, reject=0.6)
    assert 0 < found.mask.sum() < 50
    assert found.dtype == dtype
    assert found.compressed().tolist() == plain[~found.mask].tolist()
    for bare in (
        np.asarray(found),
        found.data,
        found.filled(),
        np.array(found[::-1])[::-1],
        np.array(list(found.data)),
    ):
        assert bare[found.mask].tolist() == [filler] * found.mask.sum()
    assert filler not in classes.tolist()


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2], ["no", "yes"], ["a", "b", "c"], [False, True], [-1.0, 1.0]])
def test_metrics_without_a_mask_count_rejected_rows_as_wrong(labels):
    X, codes = class_problem(300, 4, len(labels))
    y = np.array(labels)[codes]
    found = LogisticRegression().fit(X, y).predict(X, reject=0.7)
    right = np.sum((found == y).filled(False))
    assert 0 < right < np.sum(LogisticRegression().fit(X, y).predict(X) == y)
    for bare in (np.asarray(found), found.filled()):
        assert accuracy_score(y, bare) == right / 300
    assert confusion_matrix(y, found).sum() == 300
    assert np.trace(confusion_matrix(y, found, labels=labels)) == right


def test_a_row_without_probabilities_is_rejected():
    """Two linear predictors have overflowed: the softmax has no limit."""
    model = model_of(np.array([[10.0], [10.0], [0.0]]))
    X = np.array([[1e308], [1e-3]])
    assert np.ma.getmaskarray(model.predict(X, reject=0.0)).tolist() == [True, False]


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize(
    "reject, error",
    [(-0.1, ValueError), (1.1, ValueError), (np.nan, ValueError), ("0.5", TypeError), (True, TypeError)],
)
def test_reject_is_checked(K, reject, error):
    model = model_of(COEF[:K], classes=np.arange(max(K, 2)))
    with pytest.raises(error, match=r"reject=.*expected a number in \[0, 1\]"):
        model.predict(np.eye(4), reject=reject)


def test_labels_that_do_not_exclude_each_other_are_not_rejected():
    with pytest.raises(ValueError, match=r"reject=0\.5: expected None"):
        model_of(COEF, multi_class="multilabel").predict(np.eye(4), reject=0.5)


# --- top k ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize(
    "k, error", [(0, ValueError), (4, ValueError), (-1, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_k_is_checked(K, k, error):
    model = model_of(COEF[:K], classes=np.arange(max(K, 2)))
    with pytest.raises(error, match=rf"k={k!r}: expected an integer from 1 to {max(K, 2)}"):
        model.predict_top_k(np.eye(4), k)


@pytest.mark.parametrize("k", [np.int64(2), 2])
def test_top_labels_of_many_labels_are_numbers(k):
    model = model_of(COEF, multi_class="multilabel", classes=["x", "y", "z"])
    labels, probability = model.predict_top_k(np.eye(4), k)
    assert labels.dtype == np.int64
    assert labels.tolist() == [[1, 0], [1, 2], [0, 1], [0, 1]]
    assert np.array_equal(probability, np.take_along_axis(model.predict_proba(np.eye(4)), labels, axis=1))


# --- log loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
@pytest.mark.parametrize("K, n", [(3, 17), (10, 200), (70, 65), (5000, 40)])
def test_log_loss_is_the_mean_over_rows(layout, kind, K, n):
    X, coef, intercept = random_model(n=n, K=K)
    y = np.random.default_rng(1).integers(0, K, n)
    model = model_of(coef, intercept, kind)
    loss = -log_probabilities(X @ coef.T + intercept, kind)[np.arange(n), y]
    weight = np.random.default_rng(5).random(n)
    weight[::7] = 0.0
    stored = as_layout(X, layout)
    np.testing.assert_allclose(model.log_loss(stored, y), loss.mean(), rtol=1e-12)
    np.testing.assert_allclose(model.log_loss(stored, y, weight), np.average(loss, weights=weight), rtol=1e-12)
    np.testing.assert_allclose(model.log_loss(stored, y, 1e300 * weight), np.average(loss, weights=weight), rtol=1e-12)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_array, np.ndarray.tolist, pd.DataFrame])
@pytest.mark.parametrize("dtype", [int, bool, float])
def test_log_loss_of_many_labels_adds_up_those_of_a_row(form, dtype):
    X, coef, intercept = random_model(n=150, K=6)
    y = np.random.default_rng(2).integers(0, 2, (150, 6)).astype(dtype)
    y[3] = 0
    model = model_of(coef, intercept, "multilabel")
    p = model.predict_proba(X)
    expected = [log_loss(y[:, k], p[:, k], labels=[0, 1]) for k in range(6)]
    np.testing.assert_allclose(model.log_loss(X, form(y)), np.sum(expected), rtol=1e-12)
    weight = np.arange(150.0)
    expected = [log_loss(y[:, k], p[:, k], labels=[0, 1], sample_weight=weight) for k in range(6)]
    np.testing.assert_allclose(model.log_loss(X, form(y), weight), np.sum(expected), rtol=1e-12)


def test_log_loss_stays_finite_where_probabilities_underflow():
    eta = [[1000.0, 0.0, -1000.0]] * 2
    for kind, expected in (("multinomial", 2000.0), ("ovr", 1000.0 + np.log(1.5))):
        model, X = of_predictors(eta, kind)
        assert model.log_loss(X, [2, 2]) == pytest.approx(expected, rel=1e-14)
    model, X = of_predictors(eta, "multilabel")
    assert model.log_loss(X, [[1, 0, 0], [0, 0, 1]]) == pytest.approx(np.log(2.0) + 1000.0, rel=1e-14)
    model, X = of_predictors([[1e308, 0.0, -1e308]] * 5, "multinomial")
    assert model.log_loss(X, [1] * 5) == pytest.approx(1e308)


@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
@pytest.mark.parametrize("classes", [["x", "y", "z"], [3.0, -1.0, 7.5], [10, 20, 5], np.array(["a", 1, None], object)])
def test_labels_of_any_type(kind, classes):
    model = model_of(COEF, multi_class=kind, classes=classes)
    X = np.random.default_rng(0).standard_normal((9, 4))
    y = np.array(classes)[np.arange(9) % 3]
    expected = model_of(COEF, multi_class=kind).log_loss(X, np.arange(9) % 3)
    assert model.log_loss(X, y) == expected
    assert model.log_loss(X, list(y)) == expected
    assert model.predict(X).dtype == np.asarray(classes).dtype


@pytest.mark.parametrize("kind", ["multinomial", "ovr"])
@pytest.mark.parametrize(
    "y, message",
    [
        ([0, 1, 3], r"label 3: expected those of the fit, \[0, 1, 2\]"),
        (["a", "b", "a"], "label 'a'"),
        ([0.0, 1.0, np.nan], "label nan"),
        ([0, 1], "2 labels"),
        ([[0, 1], [1, 0], [0, 0]], "1d array"),
    ],
)
def test_log_loss_checks_the_labels(kind, y, message):
    with pytest.raises(ValueError, match=message):
        model_of(COEF, multi_class=kind).log_loss(np.eye(3, 4), y)


def test_errors_do_not_list_thousands_of_classes():
    model = model_of(np.zeros((5000, 4)))
    with pytest.raises(ValueError, match=r"label -1: expected those of the fit, \[0, .*, 9\] and 4990 more$"):
        model.log_loss(np.eye(3, 4), [0, -1, 2])


@pytest.mark.parametrize(
    "y, message",
    [
        ([0, 1, 1], r"y has shape \(3,\): expected an indicator of shape \(3, 3\)"),
        (np.zeros((2, 3)), r"y has shape \(2, 3\): expected an indicator of shape \(3, 3\)"),
        (np.zeros((3, 2)), r"y has shape \(3, 2\): expected an indicator of shape \(3, 3\)"),
        (sp.csr_array((3, 2)), r"y has shape \(3, 2\): expected an indicator of shape \(3, 3\)"),
        (2 * np.eye(3), "y holds the value 2.0: expected zeros and ones"),
        (sp.csc_array(np.diag([1, 1, -1])), "y holds the value -1: expected zeros and ones"),
        (np.full((3, 3), np.nan), "y holds the value nan"),
        (np.full((3, 3), "1"), "y holds the value '1'"),
    ],
)
def test_log_loss_checks_an_indicator(y, message):
    with pytest.raises(ValueError, match=message):
        model_of(COEF, multi_class="multilabel").log_loss(np.eye(3, 4), y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "weight, message",
    [([1.0, 2.0], "sample_weight"), ([0, 0, 0], "zero"), ([1, -1, 1], "found -1.0 at 1"), ([1, np.nan, 1], "nan at 1")],
)
def test_log_loss_checks_the_weights(kind, weight, message):
    y = np.eye(3, dtype=int) if kind == "multilabel" else [0, 1, 2]
    with pytest.raises(ValueError, match=message):
        model_of(COEF, multi_class=kind).log_loss(np.eye(3, 4), y, sample_weight=weight)


def test_scores_are_those_of_scikit_learn():
    X, coef, intercept = random_model(K=3)
    eta = X @ coef.T + intercept
    y = (eta + np.random.default_rng(0).logistic(size=eta.shape) > 0).astype(int)
    model = model_of(coef, intercept, "multilabel")
    subset = np.mean(np.all(y == (eta > 0), axis=1))
    assert model.score(X, y) == subset
    model.sparse_labels_ = True
    assert model.score(X, sp.csr_array(y)) == accuracy_score(y, eta > 0) == subset
    labels = eta.argmax(axis=1)
    labels[::3] = 0
    assert model_of(coef, intercept).score(X, labels) == np.mean(labels == eta.argmax(axis=1))


# --- X and the model ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nan_and_infinity_are_refused_with_their_place(layout, bad, column, dtype):
    """Also where they meet coefficients of zero alone (column 3), and whatever the method."""
    X = np.ones((300, 4))
    X[217, column] = bad
    stored = as_layout(X, layout, dtype)
    model = model_of(COEF)
    place = rf"Input X contains {'NaN' if np.isnan(bad) else 'infinity'}, at row 217, column {column}:"
    for method in METHODS:
        with pytest.raises(ValueError, match=place):
            getattr(model, method)(stored)
    with pytest.raises(ValueError, match=place):
        model.log_loss(stored, np.zeros(300, dtype=int), sample_weight=np.arange(300) % 217)
    for call in (lambda: model.predict_top_k(stored, 2), lambda: model.predict(stored, reject=0.5)):
        with pytest.raises(ValueError, match=place):
            call()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("X", [np.ones((3, 2)), sp.csr_array(np.ones((3, 5))), np.ones((0, 4)), np.ones(4)])
def test_x_of_the_wrong_shape_raises_the_error_of_scikit_learn(kind, X):
    ours, theirs = model_of(COEF, multi_class=kind), reference_of(COEF)
    for method in METHODS:
        with pytest.raises(ValueError) as expected:
            getattr(theirs, method)(X)
        with pytest.raises(ValueError) as found:
            getattr(ours, method)(X)
        assert str(found.value) == str(expected.value).replace("LogisticRegression", "Fitted")


def test_feature_names_are_checked_as_in_scikit_learn():
    table = pd.DataFrame(np.eye(4), columns=list("abcd"))
    model = model_of(COEF)
    model.feature_names_in_ = np.array(list("abcd"), dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(model.decision_function(table), COEF.T)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(table.to_numpy())
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table[list("dcba")])


@pytest.mark.parametrize(
    "call",
    [
        lambda model, X: model.decision_function(X, offset=np.zeros(4)),
        lambda model, X: model.predict_proba(X, offset=np.zeros(4)),
        lambda model, X: model.predict_log_proba(X, offset=np.zeros(4)),
        lambda model, X: model.predict(X, offset=np.zeros(4)),
        lambda model, X: model.predict(X, offset=np.zeros(4), reject=0.5),
        lambda model, X: model.log_loss(X, [0, 1, 2, 0], offset=np.zeros(4)),
    ],
)
def test_an_offset_belongs_to_two_classes(call):
    with pytest.raises(ValueError, match=r"^offset: expected None"):
        call(model_of(COEF), np.eye(4))


def test_unknown_kinds_are_refused():
    with pytest.raises(
        ValueError, match=r"multi_class='crammer': expected one of \['multinomial', 'ovr', 'multilabel'\]"
    ):
        model_of(COEF, multi_class="crammer").predict(np.eye(4))


def test_coefficients_that_do_not_fit_are_refused():
    model = model_of(COEF)
    model.coef_ = COEF[:, :2]
    with pytest.raises(ValueError, match=r"X has 4 features, but coef_ has shape \(3, 2\)"):
        model.predict(np.eye(4))
    model.coef_ = COEF[:2]
    with pytest.raises(ValueError, match=r"coef_ has shape \(2, 4\), intercept_ \(3,\)"):
        model.predict(np.eye(4))


def test_predictions_before_a_fit_are_refused():
    model = LogisticRegression()
    for call in (model.predict, model.predict_proba, lambda X: model.predict(X, reject=0.5)):
        with pytest.raises(NotFittedError):
            call(np.eye(4))
    with pytest.raises(NotFittedError):
        model.predict_top_k(np.eye(4), 1)


def test_one_label_among_many_is_an_indicator():
    model = model_of(COEF[:1], multi_class="multilabel")
    assert model.predict(np.eye(4)).tolist() == [[0], [0], [1], [0]]
    np.testing.assert_allclose(model.predict_proba(np.eye(4)), expit(COEF[:1].T), rtol=1e-15)
    assert model.decision_function(np.eye(4)).shape == (4, 1)
