"""Tables of text, times and missing values: errors name the column at fault."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from support.tables import (
    FRAME,
    LIBRARIES,
    MODEL,
    NAMES,
    WAYS,
    N,
    X,
    Y,
    as_polars,
    every_way,
    fitted,
    in_every_library,
    with_entry,
)

from fastlr import LogisticRegression, fit_logistic


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
