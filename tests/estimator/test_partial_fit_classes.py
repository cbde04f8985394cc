"""Learning more than two classes, or several labels, from mini-batches."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from support.problems import class_problem, label_problem

from fastlr import LogisticRegression

N, P, K = 240, 5, 4
NAMES = np.array(["d", "b", "a", "c"])


@pytest.fixture
def problem():
    return class_problem(N, P, K)


@pytest.fixture
def labels(problem):
    return label_problem(problem[0], 3)


@pytest.mark.parametrize("mode", ["multinomial", "ovr", "multilabel"])
def test_streaming_approaches_the_optimum_of_all_rows_seen(mode, problem, labels):
    X, y = problem
    target = labels if mode == "multilabel" else y
    classes = None if mode == "multilabel" else np.arange(K)
    exact = LogisticRegression(multi_class=mode, C=0.2, tol=1e-14).fit(X, target)
    distances = []
    for sweeps in (1, 10, 100):
        model = LogisticRegression(multi_class=mode, C=0.2 / sweeps)
        for _ in range(sweeps):
            for begin in range(0, N, 60):
                model.partial_fit(X[begin : begin + 60], target[begin : begin + 60], classes=classes)
        assert model.coef_.shape == exact.coef_.shape
        assert model.n_iter_.tolist() == [4 * sweeps]
        distances.append(np.abs(model.coef_ - exact.coef_).max() / np.abs(exact.coef_).max())
    assert distances[2] < 0.15
    assert distances[2] < 0.3 * distances[0]


def test_a_first_step_is_that_of_the_paper(problem):
    X, y = problem
    X, y = X[:100], y[:100]
    model = LogisticRegression(C=0.5).partial_fit(X, y, classes=np.arange(K))
    gradient = X.T @ (1.0 / K - np.eye(K)[y]) / 100
    scale = np.sqrt(np.sum(X**2, axis=0) / 400 + 1 / 50)
    np.testing.assert_allclose(model.coef_, (-0.1 * np.sign(gradient) / scale[:, None]).T, rtol=1e-10)
    np.testing.assert_allclose(model.intercept_, 0.2 * np.sign(np.bincount(y) / 100 - 1 / K), rtol=1e-10)


def test_a_stream_of_separate_problems_is_a_stream_for_each(problem, labels):
    X, y = problem
    model = LogisticRegression(multi_class="ovr", l1_ratio=0.5).partial_fit(X, y, classes=np.arange(K))
    for k in range(K):
        alone = LogisticRegression(l1_ratio=0.5).partial_fit(X, y == k, classes=[False, True])
        np.testing.assert_array_equal(model.coef_[k], alone.coef_[0])
    model = LogisticRegression(multi_class="multilabel").partial_fit(X, sp.csr_array(labels))
    assert model.sparse_labels_
    for k in range(3):
        alone = LogisticRegression().partial_fit(X, labels[:, k], classes=[0, 1])
        np.testing.assert_array_equal(model.coef_[k], alone.coef_[0])


def test_a_stream_weighs_classes_and_goes_on_from_a_fit(problem):
    X, y = problem
    names = NAMES[y]
    weighted = LogisticRegression(class_weight={"d": 2.0}).partial_fit(X, names, classes=NAMES)
    rows = LogisticRegression().partial_fit(X, names, NAMES, np.where(names == "d", 2.0, 1.0))
    np.testing.assert_allclose(weighted.coef_, rows.coef_, rtol=1e-12)
    model = LogisticRegression().fit(X, names)
    start = model.coef_.copy()
    model.partial_fit(X[:50], names[:50])
    assert 0 < np.abs(model.coef_ - start).max() < 1.0
    assert not hasattr(model, "result_")
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.partial_fit(X, names).coef_, model.partial_fit(X, names).coef_)


def test_grouped_columns_leave_and_enter_together():
    X, y = class_problem(2000, 8, K)
    X[:, 5:] = np.random.default_rng(1).standard_normal((2000, 3))  # noise
    model = LogisticRegression(C=2e-4, l1_ratio=1.0, group_penalty=True)
    for _ in range(20):
        model.partial_fit(X, y, classes=np.arange(K))
    used = np.any(model.coef_ != 0.0, axis=0)
    assert np.all(model.coef_[:, used] != 0.0)
    assert used[:5].any()
    assert not used[5:].all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bounds": (0, None)}, "bounds: expected None"),
        ({"class_weight": "balanced"}, "class_weight='balanced'"),
    ],
)
def test_what_a_stream_of_many_classes_cannot_use(parameters, message, problem):
    X, y = problem
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).partial_fit(X, y, classes=np.arange(K))


@pytest.mark.parametrize(
    "again", [np.arange(4.0), np.arange(4, dtype=np.uint8), np.arange(4).astype(object), [3, 2, 1, 0]]
)
def test_labels_stay_what_they_were_in_the_first_call(again, problem):
    X, y = problem
    model = LogisticRegression().partial_fit(X, y, classes=np.arange(K)).partial_fit(X, y, classes=again)
    assert model.classes_.dtype == model.predict(X).dtype == np.int64
    two = LogisticRegression().partial_fit(X, y % 2, [0, 1])
    for other in ([False, True], [0.0, 1.0], np.array([0, 1], np.float16)):
        assert two.partial_fit(X, y % 2, other).predict(X).dtype == np.int64
    truth = LogisticRegression().partial_fit(X, y > 1, [False, True]).partial_fit(X, y > 1, [0, 1])
    assert truth.predict(X).dtype == np.bool_


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([0, "1", 2, 3], TypeError, "classes holds both numbers and strings"),
        ((np.int8(0), "1"), TypeError, "classes holds both numbers and strings"),
        ([0, None], ValueError, "classes holds missing labels"),
        ([0.0, np.nan], ValueError, "classes holds missing labels"),
        ([0.0, 0.5], ValueError, "classes holds 0.5: numbers that are labels are whole"),
        ([[0, 1], [2, 3]], ValueError, r"classes has shape \(2, 2\)"),
        (5, ValueError, r"classes has shape \(\)"),
        ({0, 1, 2, 3}, TypeError, "classes is a set, which has no order"),
        ([0, 1, (2,), 3], (TypeError, ValueError), "classes"),
        (["0", "1", "2", "3"], ValueError, "y holds the label 2: expected those of earlier calls"),
    ],
)
def test_classes_that_are_none(classes, error, message, problem):
    with pytest.raises(error, match=message):
        LogisticRegression().partial_fit(*problem, classes=classes)


def test_text_that_looks_like_numbers_is_text(problem):
    X, y = problem
    model = LogisticRegression().partial_fit(X, y, np.arange(K))
    for call in (lambda y: model.partial_fit(X, y), lambda y: model.log_loss(X, y)):
        with pytest.raises(ValueError, match="y holds the label '"):
            call(y.astype(str))
        with pytest.raises(TypeError, match="y holds both numbers and strings"):
            call(["1", *y[1:].tolist()])
    with pytest.raises(ValueError, match=r"classes=\['0', '1', '2', '3'\]: expected those of earlier calls"):
        model.partial_fit(X, y, classes=["0", "1", "2", "3"])


def test_another_mode_begins_another_stream(problem):
    X, y = problem
    model = LogisticRegression().partial_fit(X, y, classes=np.arange(K))
    model.set_params(multi_class="ovr").partial_fit(X, y)
    assert model.n_iter_.tolist() == [2]
    assert model.t_ == N


def test_what_an_indicator_was_called_goes_with_it(problem, labels):
    X, y = problem
    frame = pd.DataFrame(labels, columns=["red", "green", "blue"])
    for begin in ("fit", "partial_fit"):
        model = getattr(LogisticRegression(multi_class="multilabel"), begin)(X, frame)
        assert model.label_names_.tolist() == ["red", "green", "blue"]
        model.set_params(multi_class="ovr").partial_fit(X, y % 3)
        assert not {"label_names_", "sparse_labels_"} & set(vars(model))


def test_labels_that_a_stream_does_not_know(problem, labels):
    X, y = problem
    model = LogisticRegression().partial_fit(X, y, classes=np.arange(K))
    with pytest.raises(ValueError, match=r"classes=\[0, 1\]: expected those of earlier calls, \[0, 1, 2, 3\]"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="y holds the label 4"):
        model.partial_fit(X, y + 1)
    stream = LogisticRegression(multi_class="multilabel").partial_fit(X, labels)
    with pytest.raises(ValueError, match="expected those of earlier calls"):
        stream.partial_fit(X, labels[:, :2])
    with pytest.raises(ValueError, match=r"y has shape \(240,\): multi_class='multilabel' expects an indicator"):
        stream.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"classes=\[1, 2, 3\]: expected None or the numbers of 3 labels"):
        LogisticRegression(multi_class="multilabel").partial_fit(X, labels, classes=[1, 2, 3])
    with pytest.raises(ValueError, match="class_weight: partial_fit expects None"):
        stream.set_params(class_weight=[{}] * 3).partial_fit(X, labels)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([0.0, np.inf], "^classes holds inf: numbers that are labels are whole"),
        ([0, 1, None], "^classes holds missing labels"),
        ([[0], [1, 2]], "^classes makes no array"),
    ],
)
@pytest.mark.parametrize("multi_class", ["multinomial", "multilabel"])
def test_classes_that_cannot_be_used_are_named(multi_class, classes, message):
    X = np.arange(12.0).reshape(6, 2)
    y = np.eye(3, dtype=int)[np.arange(6) % 3] if multi_class == "multilabel" else np.arange(6) % 3
    model = LogisticRegression(multi_class=multi_class)
    with pytest.raises((TypeError, ValueError), match=message):
        model.partial_fit(X, y, classes=classes)
    assert not hasattr(model, "classes_")


def test_an_indicator_of_another_number_of_labels_is_told_by_y():
    X = np.arange(12.0).reshape(6, 2)
    Y = np.eye(3, dtype=int)[np.arange(6) % 3]
    model = LogisticRegression(multi_class="multilabel")
    with pytest.raises(ValueError, match=r"^y has 1 column: multi_class='multilabel' expects two labels or more"):
        model.partial_fit(X, Y[:, :1])
    model.partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"^y has 2 columns: expected those of earlier calls, 3 labels"):
        model.partial_fit(X, Y[:, :2])
