"""What is accepted as it is, what is converted, and that every copy is counted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from support.tables import FRAME, MODEL, NAMES, N, X, Y, as_arrow, as_polars, fitted

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax

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
