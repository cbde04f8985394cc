"""What becomes a matrix without a copy, and that every copy is counted."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from support.kernel_cases import DTYPES, INDEX_TYPES
from support.layouts import LAYOUTS, as_layout
from support.matrix_answers import COMPRESSED, check_answers, vectors
from support.problems import random_matrix

from fastlr import fit_logistic
from fastlr.matrix import as_matrix
from fastlr.matrix.csr import CSRMatrix


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("index", ["all", "rows", "columns"])
def test_dense_arrays_and_their_slices_are_not_copied(dtype, order, index):
    X = random_matrix(40, 10, 1.0, dtype).copy(order=order)
    sliced = {"all": X, "rows": X[::2] if order == "C" else X[5:30], "columns": X[:, :4]}[index]
    matrix = as_matrix(sliced)
    assert matrix.copied_bytes == 0
    assert matrix.X is sliced or matrix.X.base is not None
    assert np.shares_memory(matrix.X, X)
    assert matrix.dtype == dtype
    check_answers(matrix, sliced, vectors(*sliced.shape))


@pytest.mark.parametrize("order", ["C", "F"])
def test_read_only_arrays_are_not_copied(order):
    X = random_matrix(40, 10, 1.0).copy(order=order)
    X.flags.writeable = False
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    assert np.shares_memory(matrix.X, X)
    check_answers(matrix, X, vectors(40, 10))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_mapped_arrays_are_not_copied(tmp_path, order, mode):
    values = random_matrix(40, 10, 1.0)
    writer = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=(40, 10), order=order)
    writer[:] = values
    writer.flush()
    X = np.memmap(tmp_path / "X", dtype=float, mode=mode, shape=(40, 10), order=order)
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    assert np.shares_memory(matrix.X, X)
    check_answers(matrix, values, vectors(40, 10))


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["array", "matrix", "read-only", "memmap"])
def test_compressed_arrays_are_not_copied(tmp_path, layout, index, dtype, kind):
    values = random_matrix(40, 10, 0.5, dtype)
    X = as_layout(values, layout, dtype, index)
    if kind == "matrix":
        X = (sp.csr_matrix if layout == "csr" else sp.csc_matrix)(X)
        X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    if kind == "memmap":
        for name in ("data", "indices", "indptr"):
            getattr(X, name).tofile(tmp_path / name)
            setattr(X, name, np.memmap(tmp_path / name, dtype=getattr(X, name).dtype, mode="r"))
    if kind == "read-only":
        for part in (X.data, X.indices, X.indptr):
            part.flags.writeable = False
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    for name in ("data", "indices", "indptr"):
        assert np.shares_memory(getattr(matrix.X, name), getattr(X, name))
    assert matrix.X.indices.dtype == index
    check_answers(matrix, values, vectors(40, 10))
    gathered = matrix.gather(np.array([2, 5]))
    np.testing.assert_array_equal(gathered.X.toarray(), values[:, [2, 5]])


def misaligned(values):
    """The same values one byte off their natural place."""
    buffer = np.empty(values.nbytes + 1, dtype=np.uint8)
    view = buffer[1:].view(values.dtype).reshape(values.shape)
    view[:] = values
    return view


@pytest.mark.parametrize(
    "convert_values, dtype",
    [
        (lambda values: values > 0, np.float64),
        (lambda values: (10 * values).astype(np.int64), np.float64),
        (lambda values: (10 * values).astype(np.int8), np.float64),
        (lambda values: (10 * np.abs(values)).astype(np.uint16), np.float64),
        (lambda values: values.astype(np.float16), np.float32),
        (lambda values: values.astype(np.longdouble), np.float64),
        (lambda values: values.astype(">f8"), np.float64),
        (lambda values: values.astype(">f4"), np.float32),
        (lambda values: values.astype(object), np.float64),
        (lambda values: values[::2, ::2], np.float64),
        (lambda values: values.T.copy().T[::2], np.float64),
        (misaligned, np.float64),
        (lambda values: values.tolist(), np.float64),
        (lambda values: pd.DataFrame(values.round()).astype({0: np.int64}), np.float64),
    ],
    ids=[
        "bool",
        "int64",
        "int8",
        "uint16",
        "float16",
        "longdouble",
        ">f8",
        ">f4",
        "object",
        "both axes sliced",
        "F, rows sliced",
        "misaligned",
        "list",
        "DataFrame",
    ],
)
def test_dense_conversions_are_copies_and_counted(convert_values, dtype):
    X = convert_values(random_matrix(40, 10, 1.0))
    matrix = as_matrix(X)
    assert matrix.dtype == dtype
    assert matrix.dtype.isnative
    assert matrix.copied_bytes == matrix.X.nbytes > 0
    values = np.asarray(X).astype(dtype)
    np.testing.assert_array_equal(matrix.X, values)
    check_answers(matrix, values, vectors(*matrix.shape))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_that_is_one_array_is_used_in_place(library):
    values = np.asfortranarray(random_matrix(40, 3, 1.0))
    X = pd.DataFrame(values, columns=["a", "b", "c"], copy=False) if library == "pandas" else pl.DataFrame(values)
    matrix = as_matrix(X)
    view = np.asarray(X.iloc[:, 0]) if library == "pandas" else X.to_series(0).to_numpy()
    assert matrix.copied_bytes == (0 if np.shares_memory(view, matrix.X) else matrix.X.nbytes)
    assert library != "pandas" or matrix.copied_bytes == 0
    assert matrix.names == list(X.columns)


def with_parts(X, **parts):
    """X with some of its three arrays replaced, unchecked."""
    result = type(X)(X.shape, dtype=X.dtype)
    for name in ("data", "indices", "indptr"):
        setattr(result, name, parts.get(name, getattr(X, name)))
    return result


def strided(part):
    return np.repeat(part, 2)[::2]


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize(
    "convert_sparse, parts",
    [
        (lambda X: X.astype(np.int64), {"data"}),
        (lambda X: X.astype(bool), {"data"}),
        (lambda X: with_parts(X, data=X.data.astype(">f8")), {"data"}),
        (lambda X: with_parts(X, data=strided(X.data)), {"data"}),
        (lambda X: with_parts(X, indices=strided(X.indices)), {"indices"}),
        (lambda X: with_parts(X, indices=X.indices.astype(np.int64)), {"indptr"}),
        (lambda X: with_parts(X, indptr=X.indptr.astype(np.int64)), {"indices"}),
        (lambda X: with_parts(X, indptr=X.indptr.astype(">i4")), {"indptr"}),
    ],
    ids=["int64", "bool", ">f8", "strided data", "strided indices", "wide indices", "wide indptr", ">i4"],
)
def test_sparse_conversions_are_counted_at_least(layout, convert_sparse, parts):
    X = convert_sparse(as_layout(np.round(3 * random_matrix(40, 10, 0.5)), layout))
    values = X.toarray().astype(float)
    matrix = as_matrix(X)
    assert matrix.dtype == np.float64
    assert matrix.dtype.isnative
    assert matrix.copied_bytes >= sum(getattr(matrix.X, name).nbytes for name in parts) > 0
    check_answers(matrix, values, vectors(40, 10))


@pytest.mark.parametrize("format", ["coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_other_sparse_formats_become_csr_and_are_counted(format, dtype):
    values = random_matrix(40, 10, 0.5, dtype)
    matrix = as_matrix(sp.csr_array(values).asformat(format))
    assert isinstance(matrix, CSRMatrix)
    assert matrix.copied_bytes >= matrix.X.data.nbytes + matrix.X.indices.nbytes + matrix.X.indptr.nbytes
    check_answers(matrix, values, vectors(40, 10))


def test_a_matrix_is_returned_unchanged():
    matrix = as_matrix(np.ones((3, 2)))
    assert as_matrix(matrix, 5) is matrix


def test_a_data_frame_may_have_a_column_of_any_name():
    X = pd.DataFrame({"bind": [1.0, 2.0], "shape": [3.0, 4.0]})
    np.testing.assert_array_equal(as_matrix(X).X, [[1.0, 3.0], [2.0, 4.0]])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_copies_of_a_diagnosis_by_orthogonal_factors_are_counted(layout):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    X[:, 3] = X[:, 0] + 1e-8 * X[:, 3]
    y = (X[:, 1] + rng.standard_normal(200) > 0) * 1
    result = fit_logistic(as_layout(X, layout), y, solver="newton_cholesky")
    assert "orthonormal basis" in result.message
    assert result.copied_bytes >= 2 * X.nbytes


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sizes_are_the_terms_of_linear_predictors(layout):
    rng = np.random.default_rng(0)
    X, coef = rng.standard_normal((5000, 3)), np.array([2.0, 0.0, -1e8])
    rows = as_matrix(as_layout(X, layout)).bind(np.zeros(5000), np.full(5000, 1.0 / 5000), None)
    np.testing.assert_allclose(rows.sizes(coef, -3.0), np.abs(X) @ np.abs(coef) + 3.0, rtol=1e-14)
