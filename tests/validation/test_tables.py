"""Input that is no array of numbers: errors name the column at fault, or say how to get at the data; copies count."""

import io
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_iris
from support.problems import make_problem

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance, special

N = 40
X, Y = make_problem(N, 3, density=1.0)
NAMES = ["age", "income", "dose"]
FRAME = pd.DataFrame(X, columns=NAMES)


def fitted(data):
    return LogisticRegression().fit(data, Y)


MODEL = fitted(FRAME)
WAYS = {
    "fit": lambda data: LogisticRegression().fit(data, Y),
    "multilabel": lambda data: LogisticRegression(multi_class="multilabel").fit(data, np.column_stack([Y, 1 - Y])),
    "trials": lambda data: LogisticRegression().fit(data, Y, trials=1),
    "partial_fit": lambda data: LogisticRegression().partial_fit(data, Y, classes=[0, 1]),
    "predict": MODEL.predict,
    "predict_proba": MODEL.predict_proba,
    "log_loss": lambda data: MODEL.log_loss(data, Y),
    "fit_logistic": lambda data: fit_logistic(data, Y, l2=0.1),
    "fit_softmax": lambda data: fit_softmax(data, Y, l2=0.1),
    "fit_one_vs_rest": lambda data: fit_one_vs_rest(data, Y, l2=0.1),
}
every_way = pytest.mark.parametrize("way", WAYS)


def with_entry(value, dtype=object):
    """The frame with this value in row 7 of "income"."""
    frame = FRAME.astype(dtype)
    frame.iloc[7, 1] = value
    return frame


def as_polars(frame):
    return pl.DataFrame({name: frame[name].tolist() for name in frame.columns})


def as_arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


LIBRARIES = {"pandas": lambda frame: frame, "polars": as_polars, "pyarrow": as_arrow}
in_every_library = pytest.mark.parametrize("library", LIBRARIES)


# --- text, missing values ---------------------------------------------------------------------------------------------


@every_way
@in_every_library
def test_a_column_of_text_is_named(way, library):
    table = LIBRARIES[library](FRAME.assign(income=["low", "high"] * (N // 2)))
    expected = r"X holds 'low', at row 0, column 1 \('income'\): expected numbers; encode the column.*OneHotEncoder"
    with pytest.raises((TypeError, ValueError), match=expected):
        WAYS[way](table)


@every_way
def test_all_columns_of_text_are_named(way):
    table = FRAME.assign(income=["low", "high"] * (N // 2), dose=pd.Categorical(["a", "b"] * (N // 2)))
    with pytest.raises((TypeError, ValueError), match="encode columns 'income', 'dose', for example"):
        WAYS[way](table)


@every_way
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("form", ["frame", "array", "lists"])
def test_a_word_among_numbers_is_found(way, form):
    frame = with_entry("unknown")
    data = {"frame": frame, "array": frame.to_numpy(), "lists": frame.to_numpy().tolist()}[form]
    with pytest.raises((TypeError, ValueError), match="X holds 'unknown', at row 7, column 1"):
        WAYS[way](data)


@every_way
@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], pd.Timestamp("2024-01-01")], ids=["dict", "list", "date"])
def test_objects_that_are_no_numbers_are_found(way, value):
    values = X.astype(object)
    values[7, 1] = value
    with pytest.raises((TypeError, ValueError), match=r"X holds .*, at row 7, column 1 \('income'\): expected numbers"):
        WAYS[way](pd.DataFrame(values, columns=NAMES))


TIMES = {"times": np.arange(N).astype("M8[us]"), "durations": np.arange(N).astype("m8[us]")}


def frame_of(library, columns):
    """A data frame of a dict of arrays."""
    return pl.DataFrame(columns) if library == "polars" else LIBRARIES[library](pd.DataFrame(columns))


@every_way
@in_every_library
@pytest.mark.parametrize("kind", TIMES)
def test_a_column_of_times_is_named(way, library, kind):
    table = frame_of(library, {"age": X[:, 0], "income": TIMES[kind], "dose": X[:, 2]})
    expected = r"X holds .*, at row 0, column 1 \('income'\): expected numbers, such as the days since a date"
    with pytest.raises(TypeError, match=expected):
        WAYS[way](table)


@in_every_library
@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("way", ["fit", "multilabel", "trials", "partial_fit", "fit_logistic", "fit_softmax"])
def test_columns_that_are_all_times_are_named(way, library, kind):
    with pytest.raises(
        TypeError, match=r"X holds .*, at row 0, column 0 \('born'\): expected numbers, such as the days"
    ):
        WAYS[way](frame_of(library, {"born": TIMES[kind], "seen": TIMES[kind]}))


@every_way
@pytest.mark.parametrize("kind", TIMES)
def test_an_array_of_times_is_refused(way, kind):
    with pytest.raises(
        TypeError, match=r"X holds np\.\w+64.*, at row 0, column 0.*: expected numbers, such as the days"
    ):
        WAYS[way](np.column_stack([TIMES[kind]] * 3))


@every_way
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("form", [list, np.array, lambda texts: np.array(texts, object), pd.Series, pl.Series])
def test_texts_in_place_of_a_table_are_told_how_to_make_one(way, form):
    expected = "X has one dimension and holds 'a word and .*': expected a table of numbers; of texts.*TfidfVectorizer"
    with pytest.raises((TypeError, ValueError), match=expected) as found:
        WAYS[way](form(["a word and " * 50, "another one"] * (N // 2)))
    assert len(str(found.value)) < 350


MISSING = {
    "NaN": lambda: with_entry(np.nan, float),
    "float32": lambda: with_entry(np.nan, np.float32),
    "None": lambda: with_entry(None),
    "pandas.NA": lambda: with_entry(pd.NA),
    "nullable": lambda: with_entry(pd.NA, "Float64"),
    "polars": lambda: as_polars(with_entry(np.nan, float)),
    "polars, null": lambda: as_polars(FRAME).with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(None).otherwise(pl.col("income")).alias("income")
    ),
}


@every_way
@pytest.mark.parametrize("kind", MISSING)
def test_a_column_with_missing_values_is_named(way, kind):
    expected = r"Input X contains \S+, at row 7, column 1 \('income'\): impute missing values.*SimpleImputer"
    with pytest.raises(ValueError, match=expected):
        WAYS[way](MISSING[kind]())


@every_way
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array, sp.coo_array])
def test_missing_values_are_found_without_names_too(way, form):
    if way in ("predict", "predict_proba", "log_loss"):
        pytest.skip("these know the names from the fit")
    with pytest.raises(ValueError, match="Input X contains NaN, at row 7, column 1: impute"):
        WAYS[way](form(with_entry(np.nan, float).to_numpy()))


@every_way
def test_infinity_is_not_called_a_missing_value(way):
    with pytest.raises(
        ValueError, match=r"contains infinity, at row 7, column 1 \('income'\): expected finite numbers"
    ):
        WAYS[way](with_entry(np.inf, float))


def test_text_is_told_before_missing_values_and_long_text_is_cut():
    table = with_entry(None).assign(note="x" * 1000)
    with pytest.raises(TypeError, match=r"X holds 'x{5,20}\.\.\.x+', at row 0, column 3 \('note'\)") as found:
        fit_logistic(table, Y)
    assert len(str(found.value)) < 250
    with pytest.raises(ValueError, match=r"X holds 'x{5,20}\.\.\.x+', at row 0, column 3 \('note'\)") as found:
        LogisticRegression().fit(table, Y)
    assert len(str(found.value)) < 350


def test_other_feature_names_are_told_as_scikit_learn_does():
    with pytest.raises(ValueError, match=r"^The feature names should match"):
        MODEL.predict(FRAME.assign(income="low").rename(columns={"income": "salary"}))


def test_a_failed_fit_leaves_no_names_of_columns_half_set():
    model = fitted(FRAME)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="income"):
        model.fit(with_entry("unknown"), Y)
    assert all(vars(model)[name] is value for name, value in before.items() if name in ("coef_", "result_", "classes_"))


# --- no data in memory ------------------------------------------------------------------------------------------------


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


# --- copies -----------------------------------------------------------------------------------------------------------

#: Columns that do not lie one after the other.
APART = {name: pl.Series(column.copy()) for name, column in zip(NAMES, X.T, strict=True)}
COPIED = {
    "list": lambda: X.tolist(),
    "int64": lambda: X.round().astype(int),
    "bool": lambda: X > 0,
    "float16": lambda: X.astype(np.float16),
    "objects": lambda: X.astype(object),
    "frame of two types": lambda: FRAME.assign(age=1),
    "frame with NA type": lambda: FRAME.astype("Float64"),
}


def estimated(data, **arguments):
    """The result of the estimator's fit, two classes and a column of zeros and ones for y."""
    return LogisticRegression(**arguments).fit(data, Y).result_


@pytest.mark.parametrize("kind", COPIED)
def test_what_the_estimator_converts_is_counted(kind):
    result = estimated(COPIED[kind]())
    assert result.copied_bytes == X.nbytes
    assert fit_logistic(COPIED[kind](), Y, l2=1 / N).copied_bytes in (X.nbytes, X.nbytes // 2)  # float16 as float32


@pytest.mark.parametrize("table", [FRAME, as_polars(FRAME), pl.DataFrame(np.asfortranarray(X)), pl.DataFrame(APART)])
def test_a_frame_counts_as_copied_unless_it_is_used_in_place(table):
    in_place = np.shares_memory(table.to_numpy(), table.to_numpy())
    assert estimated(table).copied_bytes == (0 if in_place else X.nbytes)
    assert in_place or not isinstance(table, pd.DataFrame)


@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("y", [Y, Y.astype(str)], ids=["numbers", "words"])
def test_what_is_used_as_it_is_counts_nothing(form, dtype, y):
    assert LogisticRegression().fit(form(X.astype(dtype)), y).result_.copied_bytes == 0


@pytest.mark.parametrize("form", [sp.coo_array, sp.lil_array, sp.dok_array, sp.bsr_array, sp.coo_matrix])
def test_sparse_formats_that_are_converted_are_counted(form):
    csr = sp.csr_array(X)
    assert estimated(form(csr)).copied_bytes >= csr.data.nbytes + csr.indices.nbytes


def test_sparse_integers_count_their_new_values():
    csr = sp.csr_array(X.round().astype(int))
    copied = estimated(csr).copied_bytes
    assert csr.data.nbytes <= copied <= csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes


@pytest.mark.parametrize(
    "model", [{}, {"multi_class": "ovr"}, {"multi_class": "multilabel"}], ids=["softmax", "ovr", "multilabel"]
)
def test_conversions_count_in_fits_of_many_classes(model):
    y = np.arange(N) % 3
    target = np.eye(3)[y] if "multilabel" in model.values() else y
    results = LogisticRegression(**model).fit(X.tolist(), target).result_
    for result in results if isinstance(results, tuple) else (results,):
        assert result.copied_bytes >= X.nbytes


def test_conversions_count_with_trials_and_with_what_a_solver_gathers():
    assert LogisticRegression().fit(X.tolist(), Y, trials=1).result_.copied_bytes == X.nbytes
    one = estimated(X, l1_ratio=1.0, C=1.0, solver="coordinate_descent").copied_bytes
    assert one > 0
    assert estimated(X.tolist(), l1_ratio=1.0, C=1.0, solver="coordinate_descent").copied_bytes == one + X.nbytes


# --- what is accepted -------------------------------------------------------------------------------------------------

ACCEPTED = {
    "array": lambda: X,
    "lists": lambda: X.tolist(),
    "tuples": lambda: tuple(map(tuple, X)),
    "buffer": lambda: memoryview(X),
    "objects": lambda: X.astype(object),
    "unmasked": lambda: np.ma.array(X),
    "pandas": lambda: FRAME,
    "pandas, nullable": lambda: FRAME.astype("Float64"),
    "pandas, categories": lambda: FRAME.astype("category"),
    "pandas, sparse": lambda: pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X), columns=NAMES),
    "polars": lambda: as_polars(FRAME),
    "pyarrow": lambda: as_arrow(FRAME),
    **{
        form: lambda form=form: sp.coo_array(X).asformat(form)
        for form in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
    },
}


@pytest.mark.filterwarnings("ignore:X (does not have valid|has) feature names")
@pytest.mark.parametrize("kind", ACCEPTED)
def test_whatever_holds_numbers_is_fitted_alike(kind):
    data = ACCEPTED[kind]()
    near = {"rtol": 1e-3, "atol": 1e-4}
    model = LogisticRegression().fit(data, Y)
    np.testing.assert_allclose(model.coef_, MODEL.coef_, **near)
    np.testing.assert_allclose(model.predict_proba(data), MODEL.predict_proba(FRAME), **near)
    np.testing.assert_allclose(fit_logistic(data, Y, l2=1 / N).coef, MODEL.coef_[0], **near)
    np.testing.assert_allclose(fit_one_vs_rest(data, Y, l2=1 / N)[1].coef, MODEL.coef_[0], **near)
    np.testing.assert_allclose(np.diff(fit_softmax(data, Y, l2=2 / N).coef, axis=0)[0], MODEL.coef_[0], **near)
    streams = [LogisticRegression().partial_fit(rows, Y, classes=[0, 1]).coef_ for rows in (data, X)]
    np.testing.assert_allclose(*streams, rtol=1e-9)


@pytest.mark.parametrize("library", ["lists", "pandas", "polars", "pyarrow", "nullable", "categories"])
@pytest.mark.parametrize("words", [False, True])
def test_labels_come_in_columns_of_every_kind(library, words):
    labels = np.where(Y > 0, "yes", "no") if words else Y.astype(int)
    column = {
        "lists": labels.tolist,
        "pandas": lambda: pd.Series(labels),
        "polars": lambda: pl.Series(labels.tolist()),
        "pyarrow": lambda: pytest.importorskip("pyarrow").chunked_array([labels.tolist()]),
        "nullable": lambda: pd.Series(labels).convert_dtypes(),
        "categories": lambda: pd.Series(labels).astype("category"),
    }[library]()
    model = LogisticRegression().fit(X, column)
    assert model.classes_.tolist() == sorted(set(labels.tolist()))
    np.testing.assert_array_equal(model.coef_, fitted(X).coef_)
    assert model.log_loss(X, column) == model.log_loss(X, labels)
    if not words:
        np.testing.assert_array_equal(fit_logistic(X, column, l2=1 / N).coef, fit_logistic(X, Y, l2=1 / N).coef)
        np.testing.assert_array_equal(fit_softmax(X, column, l2=0.1).coef, fit_softmax(X, Y, l2=0.1).coef)
