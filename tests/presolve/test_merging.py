"""Columns that are equal or hold one entry, fitted as one under L2."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.problems import repeated_columns

from fastlr import fit_softmax
from fastlr.matrix import as_matrix
from fastlr.presolve.merging import CACHED, ColumnMap, merge_columns


@pytest.mark.parametrize("K", [3, CACHED // 60 + 1])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictors_and_norms_stay(dtype, index, K):
    X, _ = repeated_columns(dtype=dtype, index=index)
    found = []
    for n_threads in (1, 2):
        matrix = as_matrix(X, 1)
        matrix.n_threads = n_threads
        small, column_map = merge_columns(matrix, K)
        assert small.shape[1] == column_map.n_columns <= 40 + 30
        W = np.random.default_rng(1).standard_normal((column_map.n_columns, 2))
        w = column_map.expand(W)
        np.testing.assert_allclose(X.astype(np.float64) @ w, small.X @ W, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(np.sum(w * w, axis=0), np.sum(W * W, axis=0), rtol=1e-12)
        np.testing.assert_allclose(column_map.contract(w, 2), W, rtol=1e-12)
        assert not w[X.astype(bool).sum(axis=0) == 0].any()
        found.append(small.X.data)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_optimum_is_that_of_all_columns(fit_intercept):
    X, y = repeated_columns()
    merged = fit_softmax(X, y, l2=0.01, fit_intercept=fit_intercept, tol=1e-12)
    plain = fit_softmax(X.toarray(), y, l2=0.01, fit_intercept=fit_intercept, tol=1e-12)
    assert "columns were fitted as" in merged.message
    assert merged.copied_bytes > 0
    np.testing.assert_allclose(merged.coef, plain.coef, atol=1e-5)
    assert merged.objective == pytest.approx(plain.objective, rel=1e-11)
    assert fit_softmax(X, y, l2=0.01, fit_intercept=fit_intercept, tol=1e-8, start=merged).n_iter == 0


def test_strengths_that_differ_leave_columns_apart():
    X, y = repeated_columns()
    l2 = np.full(X.shape[1], 0.01)
    apart = fit_softmax(X, y, l2=l2, tol=1e-12)
    assert "columns were fitted as" not in apart.message
    np.testing.assert_allclose(apart.coef, fit_softmax(X, y, l2=0.01, tol=1e-12).coef, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_named_where_they_are(bad):
    X, y = repeated_columns()
    X.data[7] = bad
    row = int(np.searchsorted(X.indptr, 7, side="right") - 1)
    with pytest.raises(ValueError, match=f"at row {row}, column {X.indices[7]}"):
        fit_softmax(X, y, l2=0.01)


def test_what_cannot_gain_is_left_as_it_is():
    X, _ = repeated_columns()
    for same in (X.toarray(), X.tocsc(), sp.random_array((60, 80), density=0.5, rng=0, format="csr"), X[:, :40]):
        matrix = as_matrix(same)
        assert merge_columns(matrix, 3) == (matrix, None)


def test_each_column_may_stand_for_itself():
    coef = np.arange(6.0).reshape(3, 2)
    column_map = ColumnMap.of_all(3)
    assert column_map.expand(coef) is coef
    np.testing.assert_array_equal(column_map.contract(coef, 2), coef)
    np.testing.assert_array_equal(column_map.contract(None, 2), np.zeros((3, 2)))
