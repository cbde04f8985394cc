"""Labels and containers of any type: what LogisticRegression takes, and that it predicts in kind."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.problems import make_problem

from fastlr import LogisticRegression

P = 10


@pytest.fixture
def problem():
    return make_problem(p=P)


def weights(y):
    return np.random.default_rng(1).uniform(0.2, 3.0, len(y))


# --- labels -----------------------------------------------------------------------------------------------------------

LABELS = {
    "str": np.array(["bad", "good"]),
    "str, second first": np.array(["z", "a"]),
    "object": np.array(["no", "yes"], dtype=object),
    "bool": np.array([False, True]),
    "int": np.array([3, 7]),
    "negative": np.array([-5, -2]),
    "signs": np.array([-1, 1]),
    "uint8": np.array([0, 255], dtype=np.uint8),
    "int8 extremes": np.array([-128, 127], dtype=np.int8),
    "float": np.array([1.0, 2.0]),
    "big int": np.array([2**62, 2**62 + 1]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type(kind, problem):
    X, y = problem
    names = LABELS[kind]
    labels = names[y.astype(int)]
    model = LogisticRegression().fit(X, labels)
    plain = LogisticRegression().fit(X, y if names[0] < names[1] else 1 - y)
    assert np.array_equal(model.classes_, np.unique(names))
    assert model.classes_.dtype == names.dtype
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(X), model.classes_[plain.predict(X).astype(int)])
    assert model.predict(X).dtype == names.dtype
    assert model.score(X, labels) == plain.score(X, y if names[0] < names[1] else 1 - y)


@pytest.mark.parametrize("kind", ["str", "object", "bool", "negative"])
def test_class_weights_go_by_the_label(kind, problem):
    X, y = problem
    names = LABELS[kind]
    labels = names[y.astype(int)]
    model = LogisticRegression(class_weight={names[1]: 4.0}).fit(X, labels)
    plain = LogisticRegression().fit(X, labels, sample_weight=np.where(y > 0, 4.0, 1.0))
    assert np.array_equal(model.coef_, plain.coef_)


@pytest.mark.parametrize("kind", ["bool", "int", "negative", "uint8", "float", "big int"])
@pytest.mark.parametrize("form", ["of NumPy", "of Python", "a Series"])
def test_objects_that_are_numbers_are_the_labels_that_they_are(kind, form, problem):
    X, y = problem
    labels = LABELS[kind][y.astype(int)]
    objects = np.empty(len(y), dtype=object)
    objects[:] = list(labels) if form == "of NumPy" else labels.tolist()
    given = pd.Series(objects) if form == "a Series" else objects
    model, plain = LogisticRegression().fit(X, given), LogisticRegression().fit(X, labels)
    assert model.classes_.tolist() == plain.classes_.tolist()
    assert model.classes_.dtype.kind in plain.classes_.dtype.kind.replace("u", "iu")
    assert np.array_equal(model.coef_, plain.coef_)
    assert model.score(X, given) == plain.score(X, labels)
    assert model.log_loss(X, given) == plain.log_loss(X, labels)
    streamed = LogisticRegression().partial_fit(X, given, classes=np.unique(labels).astype(object))
    assert streamed.classes_.tolist() == model.classes_.tolist()
    assert np.array_equal(streamed.coef_, LogisticRegression().partial_fit(X, labels, np.unique(labels)).coef_)


#: Pairs of labels that look like numbers, or like one another.
ALIKE = [["1", "2"], ["0", "1"], ["-1", "1"], ["01", "1"], [" 1", "1"], ["9", "10"], ["\uff11", "1"], ["1.0", "1"]]
ALIKE += [["True", "False"], ["nan", "1"], ["1e3", "1000"]]


@pytest.mark.parametrize("names", ALIKE, ids=repr)
@pytest.mark.parametrize("method", ["two classes", "multinomial", "ovr", "partial_fit"])
@pytest.mark.parametrize("dtype", [str, object])
def test_class_weights_of_labels_that_look_like_numbers(names, method, dtype, problem):
    X, y = problem
    names = names if method in ("two classes", "partial_fit") else [*names, "c"]
    codes = np.arange(len(y)) % 3 if len(names) == 3 else y.astype(int)
    labels = np.array(names, dtype=dtype)[codes]
    more = {"classes": names} if method == "partial_fit" else {}
    options = {"multi_class": method} if len(names) == 3 else {}
    fit = "partial_fit" if method == "partial_fit" else "fit"
    expected = getattr(LogisticRegression(**options), fit)(
        X, labels, sample_weight=np.where(codes > 0, 4.0, 1.0), **more
    )
    weights = [dict.fromkeys(names[1:], 4.0), {np.str_(name): 4 for name in names[1:]} | {names[0]: np.uint8(1)}]
    for class_weight in weights:
        model = getattr(LogisticRegression(class_weight=class_weight, **options), fit)(X, labels, **more)
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
        assert set(model.classes_) == set(names)


@pytest.mark.parametrize(
    ("labels", "class_weight", "unknown"),
    [
        (["1", "2"], {1: 1.0, 2: 5.0}, r"\[1, 2\]"),
        (["1", "2"], {"1": 1.0, 2: 5.0}, r"\[2\]"),
        ([1, 2], {"1": 1.0, "2": 5.0}, r"\['1', '2'\]"),
        ([False, True], {"False": 1.0}, r"\['False'\]"),
        ([1.0, 2.0], {1: 1.0, 3: 1.0}, r"\[3\]"),
    ],
)
def test_class_weights_of_other_labels_are_named(labels, class_weight, unknown, problem):
    X, y = problem
    with pytest.raises(ValueError, match=f"^class_weight=.*: no classes are {unknown}, y has "):
        LogisticRegression(class_weight=class_weight).fit(X, np.array(labels)[y.astype(int)])


@pytest.mark.parametrize("key", [1, 1.0, True, np.int8(1), np.uint64(1), np.float16(1), np.True_])
@pytest.mark.parametrize("dtype", [int, float, bool, np.int8])
def test_class_weights_of_numbers_go_by_their_value(key, dtype, problem):
    X, y = problem
    expected = LogisticRegression().fit(X, y, sample_weight=np.where(y > 0, 4.0, 1.0))
    model = LogisticRegression(class_weight={key: 4.0}).fit(X, y.astype(dtype))
    np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_class_weights_of_dates(problem):
    X, y = problem
    days = np.array(["2020-01-01", "2021-01-01"], "M8[D]")
    expected = LogisticRegression().fit(X, y, sample_weight=np.where(y > 0, 4.0, 1.0))
    for key in (days[1], "2021-01-01", days[1].item(), days[1].astype("M8[ns]")):
        model = LogisticRegression(class_weight={key: 4.0}).fit(X, days[y.astype(int)])
        np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_labels_may_come_as_a_list_or_a_column(problem):
    X, y = problem
    plain = LogisticRegression().fit(X, y)
    assert np.array_equal(LogisticRegression().fit(X.tolist(), y.tolist()).coef_, plain.coef_)
    with pytest.warns(UserWarning, match="column-vector"):
        assert np.array_equal(LogisticRegression().fit(X, y[:, None]).coef_, plain.coef_)


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_give_feature_names(library, problem):
    frames = pytest.importorskip(library)
    X, y = problem
    names = [f"feature {j}" for j in range(P)]
    table = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    model = LogisticRegression().fit(table, frames.Series(y))
    assert model.feature_names_in_.tolist() == names
    plain = LogisticRegression().fit(np.asarray(table, order="F"), y)
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(table), plain.predict(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[names[::-1]])


def test_a_table_of_mixed_number_types(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    table = pandas.DataFrame({"f": X[:, 0], "i": np.rint(4 * X[:, 1]).astype(int), "b": X[:, 2] > 0})
    expected = LogisticRegression().fit(table.to_numpy(float), y)
    np.testing.assert_allclose(LogisticRegression().fit(table, y).coef_, expected.coef_, rtol=1e-12)


def test_a_sparse_table(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    table = pandas.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X))
    expected = LogisticRegression(tol=1e-12).fit(X, y)
    np.testing.assert_allclose(LogisticRegression(tol=1e-12).fit(table, y).coef_, expected.coef_, rtol=1e-6)


def test_text_columns_of_labels_from_a_table(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    for dtype in ("category", "str", object):
        labels = pandas.Series(np.where(y > 0, "yes", "no")).astype(dtype)
        model = LogisticRegression().fit(X, labels)
        assert model.classes_.tolist() == ["no", "yes"]
        assert np.array_equal(model.coef_, LogisticRegression().fit(X, y).coef_)


@pytest.mark.parametrize("weight_type", [list, np.float32, "int", "pandas"])
def test_weights_in_any_container(weight_type, problem):
    X, y = problem
    whole = np.random.default_rng(0).integers(1, 5, len(y))
    match weight_type:
        case "int":
            given = whole
        case "pandas":
            given = pytest.importorskip("pandas").Series(whole.astype(float))
        case _:
            given = whole.tolist() if weight_type is list else whole.astype(weight_type)
    expected = LogisticRegression().fit(X, y, sample_weight=whole.astype(float))
    assert np.array_equal(LogisticRegression().fit(X, y, sample_weight=given).coef_, expected.coef_)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_layouts_agree_and_are_not_copied(layout, index, problem):
    X, y = problem
    stored = as_layout(X, layout, index=index)
    model = LogisticRegression(tol=1e-15).fit(stored, y)
    expected = LogisticRegression(tol=1e-15).fit(X, y)
    assert model.result_.copied_bytes == 0
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    np.testing.assert_allclose(model.predict_proba(stored), expected.predict_proba(X), rtol=1e-6)


def test_float32_in_float32_out(layout, problem):
    X, y = problem
    X = X.astype(np.float32)
    stored = as_layout(X, layout, np.float32)
    model = LogisticRegression(tol=1e-10).fit(stored, y)
    wide = LogisticRegression(tol=1e-10).fit(X.astype(float), y)
    assert model.result_.copied_bytes == 0
    assert model.result_.coef.dtype == np.float64
    for array in (model.coef_, model.intercept_, model.predict_proba(stored), model.predict_log_proba(stored)):
        assert array.dtype == np.float32
    assert model.decision_function(stored).dtype == np.float32
    np.testing.assert_allclose(model.result_.coef, wide.coef_[0], rtol=1e-5)
    np.testing.assert_allclose(model.predict_proba(stored), wide.predict_proba(X.astype(float)), rtol=1e-4)
