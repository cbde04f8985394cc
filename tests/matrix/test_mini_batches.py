"""Blocks of rows over views of X."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit
from support.layouts import as_layout
from support.problems import make_problem

from fastlr.matrix import RowBlocks, as_matrix


@pytest.fixture(params=["C", "F", "csr"])
def row_layout(request):
    return request.param


def bound(X, y, weight=None, offset=None):
    weight = np.full(len(y), 1.0 / len(y)) if weight is None else weight / weight.sum()
    return as_matrix(X).bind(y, weight, offset)


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_range_of_rows_is_a_view(row_layout, dtype, index):
    X, _ = make_problem(n=50, p=7)
    whole = as_layout(X, row_layout, dtype, index)
    part = as_matrix(whole).between(11, 30)
    assert part.shape == (19, 7)
    assert part.dtype == dtype
    u = np.random.default_rng(0).standard_normal(19)
    np.testing.assert_allclose(part.adjoint(u), X[11:30].astype(dtype).T @ u, rtol=1e-6, atol=1e-6)
    if row_layout == "csr":
        assert np.shares_memory(part.X.data, whole.data)
        assert np.shares_memory(part.X.indices, whole.indices)
        assert part.X.indices.dtype == index
    else:
        assert np.shares_memory(part.X, whole)


def test_columns_cannot_be_read_in_blocks_of_rows():
    X, _ = make_problem(n=50, p=7)
    matrix = as_matrix(sp.csc_array(X))
    assert not matrix.can_split_rows
    with pytest.raises(NotImplementedError, match="CSCMatrix"):
        matrix.between(0, 10)


def test_unsorted_indices_are_read_in_blocks_too():
    X, y = make_problem(n=60, p=7, density=1.0)
    unsorted = sp.csr_array(
        (X[:, ::-1].ravel(), np.tile(np.arange(6, -1, -1), 60), np.arange(0, 421, 7)), shape=(60, 7)
    )
    part = as_matrix(unsorted).between(11, 30)
    np.testing.assert_allclose(part.adjoint(y[11:30]), X[11:30].T @ y[11:30], rtol=1e-13)


@pytest.mark.parametrize("weighted", [False, True])
def test_changes_of_the_blocks_add_up_to_that_of_the_gradient(row_layout, weighted):
    X, y = make_problem(n=101, p=7)
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.0, 2.0, len(y)) if weighted else None
    offset, coef, anchor = rng.standard_normal(101), rng.standard_normal((7, 1)), rng.standard_normal((7, 1))
    rows = bound(as_layout(X, row_layout), y, weight, offset)
    blocks = RowBlocks(rows, 8)
    blocks.anchor(rows.state(anchor, 0.2))
    before = rows.counter.entries_read
    changes = [blocks.change(k, coef, -0.5) for k in range(len(blocks))]
    assert rows.counter.entries_read - before == rows.matrix.nnz
    assert blocks.shares.sum() == pytest.approx(1.0)
    share = np.full(101, 1 / 101) if weight is None else weight / weight.sum()
    change = share * (expit(X @ coef[:, 0] + offset - 0.5) - expit(X @ anchor[:, 0] + offset + 0.2))
    gradient = sum(s * g for s, (g, _) in zip(blocks.shares, changes, strict=True))
    np.testing.assert_allclose(gradient[:, 0], X.T @ change, rtol=1e-10, atol=1e-14)
    total = sum(s * t for s, (_, t) in zip(blocks.shares, changes, strict=True))
    assert total == pytest.approx(change.sum(), rel=1e-10)


def test_there_is_no_change_at_the_anchor(row_layout):
    X, y = make_problem(n=40, p=7)
    rows = bound(as_layout(X, row_layout), y)
    coef = np.ones((7, 1))
    blocks = RowBlocks(rows, 5)
    blocks.anchor(rows.state(coef, 0.3))
    for k in range(5):
        gradient, total = blocks.change(k, coef, 0.3)
        assert np.abs(gradient).max() < 1e-15
        assert abs(total) < 1e-15
