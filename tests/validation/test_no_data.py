"""Input that is no data in memory, on another device or of unequal lengths: errors say how to get at the data."""

import io
import pathlib

import numpy as np
import pytest
from sklearn.datasets import load_iris
from support.tables import FRAME, MODEL, WAYS, N, X, Y, as_polars, every_way

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance, special


class Tensor:
    """As a tensor on another device: it has a shape and makes no array."""

    shape, ndim, dtype = X.shape, 2, X.dtype
    error = TypeError

    def __len__(self):
        return N

    def __array__(self, dtype=None, copy=None):
        raise self.error("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first")


class Tracked(Tensor):
    error = RuntimeError


class Remote:
    """As a table of a database or a cluster."""

    def toPandas(self):
        return FRAME


NO_DATA = {
    "polars, lazy": (lambda: as_polars(FRAME).lazy(), r"is a LazyFrame, .*; call \.collect\(\) first"),
    "remote": (Remote, r"is a Remote, .*; call \.toPandas\(\) first"),
    "name of a file": (
        lambda: "data.csv",
        r"='data.csv': expected data in memory.*pandas\.read_csv, polars\.read_parq",
    ),
    "path": (
        lambda: pathlib.PurePosixPath("a.npy"),
        r"=PurePosixPath\('a\.npy'\): expected data.*numpy\.load.*svmlight",
    ),
    "bytes": (lambda: b"1,2", "=b'1,2': expected data in memory"),
    "open file": (lambda: io.StringIO("1,2"), "is a StringIO, an open file: expected data in memory"),
    "dict": (lambda: {"age": X[:, 0]}, r"is a dict, a mapping: expected data in memory.*; pandas\.DataFrame"),
    "data set": (load_iris, r"is a Bunch, a mapping: .*\['data'\] may be meant"),
    "generator": (lambda: (row for row in X), "is a generator, which can be read only once"),
    "iterator": (lambda: iter(X.tolist()), "is a list_iterator, which can be read only once"),
    "set": (lambda: {1, 2}, "is a set, which has no order"),
    "masked": (lambda: np.ma.masked_greater(X[:, 0], 0), "is a masked array, .* entries masked"),
    "None": (lambda: None, "is None: expected data in memory"),
}


@every_way
@pytest.mark.parametrize("kind", NO_DATA)
def test_x_that_is_no_data_in_memory(way, kind):
    make, message = NO_DATA[kind]
    with pytest.raises((TypeError, ValueError), match=rf"^X ?{message}"):
        WAYS[way](make())


@every_way
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("kind", [Tensor, Tracked])
def test_x_on_another_device(way, kind):
    with pytest.raises(TypeError, match=r"can't convert cuda:0 .* Use Tensor\.cpu\(\)"):
        WAYS[way](kind())


@pytest.mark.parametrize("kind", [Tensor, Tracked])
def test_arguments_on_another_device(kind):
    """Whatever the argument is, the error names it and says what the library of the tensor says."""
    classes = np.arange(N) % 3
    Y3 = np.eye(3, dtype=int)[classes]
    calls = {
        "sample_weight": [
            lambda v: LogisticRegression().fit(X, Y, sample_weight=v),
            lambda v: LogisticRegression().partial_fit(X, Y, [0, 1], sample_weight=v),
            lambda v: MODEL.log_loss(FRAME, Y, sample_weight=v),
            lambda v: fit_softmax(X, classes, l2=0.1, sample_weight=v),
            lambda v: special.log_loss(Y, X[:, 0], v),
            lambda v: imbalance.balanced_weights(Y, v),
        ],
        "offset": [
            lambda v: fit_logistic(X, Y, offset=v),
            lambda v: LogisticRegression().fit(X, Y, offset=v),
            lambda v: MODEL.predict(FRAME, offset=v),
        ],
        "trials": [lambda v: fit_logistic(X, Y, trials=v), lambda v: LogisticRegression().fit(X, Y, trials=v)],
        "l1": [lambda v: fit_logistic(X, Y, l1=v), lambda v: fit_softmax(X, classes, l1=v)],
        "l2": [lambda v: fit_logistic(X, Y, l2=v), lambda v: fit_one_vs_rest(X, classes, l2=v)],
        "bounds": [lambda v: fit_logistic(X, Y, l2=0.1, bounds=(v, None))],
        "penalty_factor": [lambda v: LogisticRegression(penalty_factor=v).fit(X, Y)],
        "label_weight": [lambda v: fit_one_vs_rest(X, classes, label_weight=v)],
        "classes": [
            lambda v: LogisticRegression().partial_fit(X, Y, classes=v),
            lambda v: LogisticRegression(multi_class="multilabel").partial_fit(X, Y3, classes=v),
        ],
        "eta": [lambda v: special.expit(v), lambda v: special.log_loss(Y, v), lambda v: special.softmax(v)],
        "false_positive": [lambda v: imbalance.cost_threshold(v, 1.0)],
        "sampled_share": [lambda v: imbalance.prior_corrected(MODEL, v, 0.1)],
        "y": [
            lambda v: special.cross_entropy(v, X),
            lambda v: imbalance.balanced_weights(v),
            lambda v: LogisticRegression(multi_class="multilabel").partial_fit(X, v),
            lambda v: LogisticRegression(multi_class="multilabel").fit(X, Y3).log_loss(X, v),
        ],
    }
    for name, each in calls.items():
        for call in each:
            with pytest.raises(TypeError, match=rf"^{name}\b") as found:
                call(kind())
            assert "Tensor.cpu()" in str(found.value) + str(found.value.__cause__)


WAYS_OF_Y = {
    "fit": lambda y: LogisticRegression().fit(X, y),
    "multilabel": lambda y: LogisticRegression(multi_class="multilabel").fit(X, y),
    "trials": lambda y: LogisticRegression().fit(X, y, trials=1),
    "partial_fit": lambda y: LogisticRegression().partial_fit(X, y, classes=[0, 1]),
    "log_loss": lambda y: MODEL.log_loss(FRAME, y),
    "log_loss of three": lambda y: LogisticRegression().fit(X, np.arange(N) % 3).log_loss(X, y),
    "fit_logistic": lambda y: fit_logistic(X, y, l2=0.1),
    "fit_softmax": lambda y: fit_softmax(X, y, l2=0.1),
    "fit_one_vs_rest": lambda y: fit_one_vs_rest(X, y, l2=0.1),
}


@pytest.mark.parametrize("way", WAYS_OF_Y)
@pytest.mark.parametrize("kind", [kind for kind in NO_DATA if kind != "None"])
def test_y_that_is_no_data_in_memory(way, kind):
    make, message = NO_DATA[kind]
    with pytest.raises((TypeError, ValueError), match=rf"^[yY] ?{message}"):
        WAYS_OF_Y[way](make())


@pytest.mark.parametrize("way", WAYS_OF_Y)
@pytest.mark.parametrize("kind", [Tensor, Tracked])
def test_y_on_another_device(way, kind):
    with pytest.raises(TypeError, match=r"^[yY]\b.*can't convert cuda:0 .* Use Tensor\.cpu\(\)"):
        WAYS_OF_Y[way](kind())


@pytest.mark.parametrize("way", WAYS_OF_Y)
def test_rows_of_unequal_lengths_are_no_y(way):
    with pytest.raises((TypeError, ValueError), match=r"^[yY]\b"):
        WAYS_OF_Y[way]([[1.0]] * (N - 1) + [[1.0, 2.0]])


def test_trials_of_unequal_lengths():
    for fit in (
        lambda trials: fit_logistic(X, Y, trials=trials),
        lambda trials: LogisticRegression().fit(X, Y, trials=trials),
    ):
        with pytest.raises(TypeError, match=r"^trials holds something else than numbers"):
            fit([[1.0]] * (N - 1) + [[1.0, 2.0]])


@pytest.mark.parametrize("way", WAYS_OF_Y)
def test_the_name_of_a_column_is_no_y(way):
    with pytest.raises(TypeError, match=r"^[yY]='bought': expected data in memory") as found:
        WAYS_OF_Y[way]("bought")
    assert "frame['bought']" in str(found.value)


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax, fit_one_vs_rest])
@pytest.mark.parametrize("form", [list, np.array, lambda labels: np.array(labels, object)])
def test_labels_are_for_the_estimator(fit, form):
    with pytest.raises(TypeError, match=r"expected .*; fastlr\.LogisticRegression takes labels of any kind$"):
        fit(X, form(["good", "bad"] * (N // 2)))


def test_rows_of_x_and_y_that_differ_in_number_are_told_of_both():
    with pytest.raises(ValueError, match=r"^X and y: Found input variables with inconsistent numbers of samples"):
        LogisticRegression().fit(X, ["a", "b"] * N)


@pytest.mark.parametrize("kind", [kind for kind in NO_DATA if kind != "None"])
def test_weights_that_are_no_data_in_memory(kind):
    make, message = NO_DATA[kind]
    for call in (
        lambda weight: LogisticRegression().fit(X, Y, sample_weight=weight),
        lambda weight: LogisticRegression().partial_fit(X, Y, [0, 1], sample_weight=weight),
        lambda weight: MODEL.log_loss(FRAME, Y, sample_weight=weight),
        lambda weight: fit_logistic(X, Y, sample_weight=weight),
        lambda weight: fit_logistic(X, Y, offset=weight),
    ):
        with pytest.raises((TypeError, ValueError), match=rf"^(sample_weight|offset) ?{message}"):
            call(make())


def test_labels_of_which_some_were_rejected_are_not_learnt():
    labels = MODEL.predict(FRAME, reject=0.7)
    assert 0 < labels.mask.sum() < N
    with pytest.raises(ValueError, match=rf"^y is a masked array, {labels.mask.sum()} entries masked"):
        LogisticRegression().fit(X, labels)
    kept = ~np.ma.getmaskarray(labels)
    assert LogisticRegression().fit(X[kept], labels[kept]).classes_.tolist() == [0, 1]
