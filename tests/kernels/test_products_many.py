"""Products of X with K columns at once, against NumPy."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.comparisons import assert_same_bits
from support.kernel_cases import THREADS

MANY = ((1, 1, 1), (9, 5, 3), (65, 4, 2), (70, 37, 10), (300, 9, 40))


def pieces(kernels, V):
    """V (m, K) in pieces of as many columns as a tile has, (pieces, m, PIECE), zeros past the last."""
    width = -(-V.shape[1] // kernels.products_dense_many.PIECE)
    padded = np.pad(V, ((0, 0), (0, width * kernels.products_dense_many.PIECE - V.shape[1])))
    return np.ascontiguousarray(padded.reshape(len(V), width, -1).swapaxes(0, 1))


@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize("shape", MANY)
def test_dense_products_with_many_columns(kernels, dtype, shape, order):
    n, p, K = shape
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)).astype(dtype)
    stored = np.asfortranarray(X) if order == "F" else X
    if order == "strided":
        stored = np.repeat(X, 2, axis=0)[::2]
    V, U = rng.standard_normal((p, K)), rng.standard_normal((n, K))
    p_of_rows, weight, labels = rng.dirichlet(np.ones(K), n), rng.random(n), rng.integers(K, size=n)
    Xd = X.astype(float) @ V
    curved = weight[:, None] * p_of_rows * (Xd - np.sum(p_of_rows * Xd, axis=1, keepdims=True))
    chunk, found = 64, []
    for n_threads in THREADS:
        eta, moved = np.full((n, K), np.nan), np.full((n, K), np.nan)
        sums = np.zeros((2, -(-n // chunk), *pieces(kernels, V).shape))
        kernels.products_dense_many.forward(stored, pieces(kernels, V), eta, n_threads)
        kernels.products_dense_many.adjoint(stored, U, sums[0], chunk, n_threads)
        arguments = p_of_rows, weight, pieces(kernels, V), moved, sums[1], chunk, n_threads
        kernels.products_dense_many.class_hessian_product(stored, *arguments)
        evaluated, p_found, of_loss = np.empty((n, K)), np.empty((n, K)), np.zeros_like(sums[0])
        losses = np.empty(len(of_loss))
        results = evaluated, p_found, of_loss, losses, chunk, n_threads
        kernels.products_dense_many.class_loss_gradient(stored, pieces(kernels, V), labels, weight, *results)
        np.testing.assert_array_equal(evaluated, eta)
        p_expected, residual = np.empty((2, n, K))
        loss = kernels.loss_softmax.evaluate(eta, labels, weight, p_expected, residual, 1)
        assert losses.sum() == pytest.approx(loss, rel=1e-13)
        np.testing.assert_allclose(p_found, p_expected, rtol=1e-14, atol=0.0)
        np.testing.assert_allclose(eta, Xd, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(eta, moved)
        adjoint, product = sums.sum(axis=1)
        expected = pieces(kernels, X.T.astype(float) @ U), pieces(kernels, X.T.astype(float) @ curved)
        used = pieces(kernels, np.ones_like(V)) > 0.0  # past K a sum may be anything
        gradient = pieces(kernels, X.T.astype(float) @ residual)
        np.testing.assert_allclose(of_loss.sum(axis=0)[used], gradient[used], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(adjoint[used], expected[0][used], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(product[used], expected[1][used], rtol=1e-12, atol=1e-12)
        found.append(np.concatenate([eta.ravel(), sums[:, :, used].ravel()]))
    assert_same_bits(found)


@pytest.mark.parametrize("shape", MANY)
def test_sparse_products_with_many_columns(kernels, dtype, index, shape):
    n, p, K = shape
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4)
    X = X.astype(dtype)
    stored = sp.csr_array(X)
    arrays = stored.indptr.astype(index), stored.indices.astype(index), stored.data
    V, U = rng.standard_normal((p, K)), rng.standard_normal((n, K))
    middle = np.array(
        [
            [begin + np.searchsorted(stored.indices[begin:end], p // 2)]
            for begin, end in zip(stored.indptr[:-1], stored.indptr[1:], strict=True)
        ],
        dtype=index,
    )
    for splits in (np.empty((n, 0), index), middle):
        along, across = np.full((n, K), np.nan), np.zeros((p, K))
        kernels.products_sparse_many.gather(*arrays, V, along, 2)
        kernels.products_sparse_many.scatter(*arrays, splits, U, across)
        np.testing.assert_allclose(along, X.astype(float) @ V, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(across, X.T.astype(float) @ U, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("shape", MANY)
def test_sparse_hessian_product_of_classes(kernels, dtype, index, shape, equal):
    n, p, K = shape
    rng = np.random.default_rng(2)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.4)
    X = (0.7 * (X != 0.0) if equal else X).astype(dtype)
    stored = sp.csr_array(X)
    data = np.full(1, dtype(0.7), np.float64).view(np.int64) if equal and stored.nnz else stored.data
    arrays = stored.indptr.astype(index), stored.indices.astype(index), data
    V, p_of_rows, weight = rng.standard_normal((p, K)), rng.dirichlet(np.ones(K), n), rng.random(n)
    Xd = X.astype(float) @ V
    curved = weight[:, None] * p_of_rows * (Xd - np.sum(p_of_rows * Xd, axis=1, keepdims=True))
    found = []
    for n_threads in THREADS:
        moved, sums = np.full((n, K), np.nan), np.zeros((-(-n // 20), p, K))
        kernels.products_sparse_many.class_hessian_product(*arrays, p_of_rows, weight, V, moved, sums, 20, n_threads)
        np.testing.assert_allclose(moved, Xd, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(sums.sum(axis=0), X.T.astype(float) @ curved, rtol=1e-12, atol=1e-12)
        found.append(sums)
    assert_same_bits(found)
