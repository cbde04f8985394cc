"""Products with a compressed X, along either axis, in chunks and in ranges, against NumPy."""

import numpy as np
import pytest
from support.comparisons import assert_same_bits, assert_within
from support.kernel_cases import (
    COMPRESSED_SHAPES,
    THREADS,
    CompressedCase,
    empty,
    expected_loss_gradient,
    expected_product,
)
from support.references import logistic_rows


def test_gather_adds_the_product_along_the_major_axis_and_the_shift(kernels, compressed_cases):
    for case in compressed_cases:

        def run(n_threads, case=case):
            out = case.eta.copy()
            kernels.products_sparse.gather(*case.arrays, case.v, 0.3, out, n_threads)
            return out

        magnitude = case.size @ np.abs(case.v) + np.abs(case.eta) + 0.3
        case.check(run, case.exact @ case.v + 0.3 + case.eta, magnitude)


def test_scatter_adds_the_product_along_the_minor_axis(kernels, compressed_cases):
    for case in compressed_cases:

        def run(n_threads, case=case):
            out = case.v.copy()
            kernels.products_sparse.scatter(*case.arrays, case.splits(n_threads), case.u, out)
            return out

        case.check(run, case.v + case.exact.T @ case.u, np.abs(case.v) + case.size.T @ np.abs(case.u))


def test_scatter_squares_adds_weighted_squares_of_entries(kernels, compressed_cases):
    for case in compressed_cases:

        def run(n_threads, case=case):
            out = np.ones(case.p)
            kernels.products_sparse.scatter_squares(*case.arrays, case.splits(n_threads), case.d, out)
            return out

        expected = 1.0 + case.squares.T @ case.d
        case.check(run, expected, expected)


def test_absolute_sums_along_either_axis(kernels, compressed_cases):
    for case in compressed_cases:

        def scatter(n_threads, case=case):
            out = np.ones(case.p)
            kernels.products_sparse.scatter_absolute(*case.arrays, case.splits(n_threads), case.d, out)
            return out

        def gather(n_threads, case=case):
            out = empty(case.n)
            kernels.products_sparse.gather_absolute(*case.arrays, np.abs(case.v), out, n_threads)
            return out

        expected = 1.0 + case.size.T @ case.d
        case.check(scatter, expected, expected)
        expected = case.size @ np.abs(case.v)
        case.check(gather, expected, expected)


def test_gather_squares_adds_weighted_squares_of_entries(kernels, compressed_cases):
    for case in compressed_cases:
        weights = np.abs(case.v)

        def run(n_threads, case=case, weights=weights):
            out = np.ones(case.n)
            kernels.products_sparse.gather_squares(*case.arrays, weights, out, n_threads)
            return out

        expected = 1.0 + case.squares @ weights
        case.check(run, expected, expected)


@pytest.mark.parametrize("superblock", [64, 1024])
def test_csr_by_columns_hessian_product(kernels, compressed_cases, superblock):
    for case in compressed_cases:

        def run(n_threads, case=case):
            Xd, scaled, out = empty(case.n), empty(case.n), empty(case.p)
            kernels.products_csr_ranges.hessian_product(
                *case.arrays, case.splits(n_threads), case.d, case.v, -0.2, Xd, scaled, out, superblock, n_threads
            )
            return np.concatenate([Xd, out])

        case.check(run, *expected_product(case))


@pytest.mark.parametrize("superblock", [64, 1024])
def test_csr_by_columns_loss_gradient(kernels, compressed_cases, superblock):
    for case in compressed_cases:

        def run(n_threads, case=case):
            eta, residual, curvature, out = case.eta.copy(), empty(case.n), empty(case.n), empty(case.p)
            loss = kernels.products_csr_ranges.loss_gradient(
                *case.arrays,
                case.splits(n_threads),
                case.v,
                0.1,
                case.y,
                case.weight,
                eta,
                residual,
                curvature,
                empty(-(-case.n // 64)),
                out,
                superblock,
                n_threads,
            )
            assert_within(residual, logistic_rows(eta, case.y, case.weight)[1], 1.0)
            return np.concatenate([[loss], eta, curvature, out])

        case.check(run, *expected_loss_gradient(case))


@pytest.mark.parametrize("chunk", [64, 1024])
def test_csr_by_rows_sums_over_chunks(kernels, compressed_cases, chunk):
    for case in compressed_cases:

        def partial(case=case):
            return empty(-(-case.n // chunk), case.p)

        def adjoint(n_threads, case=case, partial=partial):
            out = empty(case.p)
            kernels.products_csr_chunks.adjoint(*case.arrays, case.u, partial(), out, chunk, n_threads)
            return out

        def squares(n_threads, case=case, partial=partial):
            out = empty(case.p)
            kernels.products_csr_chunks.squares(*case.arrays, case.d, partial(), out, chunk, n_threads)
            return out

        def product(n_threads, case=case, partial=partial):
            Xd, out = empty(case.n), empty(case.p)
            kernels.products_csr_chunks.hessian_product(
                *case.arrays, case.d, case.v, -0.2, Xd, partial(), out, chunk, n_threads
            )
            return np.concatenate([Xd, out])

        def loss_gradient(n_threads, case=case, partial=partial):
            eta, curvature, out = case.eta.copy(), empty(case.n), empty(case.p)
            chunk_loss = empty(-(-case.n // chunk))
            loss = kernels.products_csr_chunks.loss_gradient(
                *case.arrays,
                case.v,
                0.1,
                case.y,
                case.weight,
                eta,
                curvature,
                chunk_loss,
                partial(),
                out,
                chunk,
                n_threads,
            )
            return np.concatenate([[loss], eta, curvature, out])

        case.check(adjoint, case.exact.T @ case.u, case.size.T @ np.abs(case.u))
        case.check(squares, case.squares.T @ case.d, case.squares.T @ case.d)
        case.check(product, *expected_product(case))
        case.check(loss_gradient, *expected_loss_gradient(case))


def test_csr_by_rows_product_over_chunks_longer_than_a_piece(kernels):
    case = CompressedCase(2500, 6, 0.5, np.float64, np.int32, "unsorted")

    def run(n_threads):
        Xd, out = empty(case.n), empty(case.p)
        partial = empty(2, case.p)
        kernels.products_csr_chunks.hessian_product(
            *case.arrays, case.d, case.v, -0.2, Xd, partial, out, 1280, n_threads
        )
        return np.concatenate([Xd, out])

    case.check(run, *expected_product(case))


def products(kernels, arrays, case, n_threads):
    """What all kernels that take the bits of one value for equal values make of a compressed matrix."""
    n, p, u, d, v = case.n, case.p, case.u, case.d, case.v
    splits, blocks = case.splits(n_threads), empty(-(-n // 64))

    def rows():
        return case.eta.copy(), empty(n), empty(n)

    outs = [np.zeros(size) for size in (n, p, p, p, n, p, p, p, p, p, p)]
    kernels.products_sparse.gather(*arrays, v, 0.3, outs[0], n_threads)
    kernels.products_sparse.scatter(*arrays, splits, u, outs[1])
    kernels.products_sparse.scatter_all(*arrays, splits, u, outs[2])
    kernels.products_sparse.scatter_squares(*arrays, splits, d, outs[3])
    kernels.products_sparse.gather_squares(*arrays, np.abs(v), outs[4], n_threads)
    Xd, scaled, _ = rows()
    kernels.products_csr_ranges.hessian_product(*arrays, splits, d, v, -0.2, Xd, scaled, outs[5], 64, n_threads)
    eta, residual, curvature = rows()
    rest = case.y, case.weight
    kernels.products_csr_ranges.loss_gradient(
        *arrays, splits, v, 0.1, *rest, eta, residual, curvature, blocks, outs[6], 64, n_threads
    )
    chunks = len(blocks)
    kernels.products_csr_chunks.adjoint(*arrays, u, empty(chunks, p), outs[7], 64, n_threads)
    kernels.products_csr_chunks.squares(*arrays, d, empty(chunks, p), outs[8], 64, n_threads)
    kernels.products_csr_chunks.hessian_product(*arrays, d, v, -0.2, Xd, empty(chunks, p), outs[9], 64, n_threads)
    eta, curvature, _ = rows()
    kernels.products_csr_chunks.loss_gradient(
        *arrays, v, 0.1, *rest, eta, curvature, empty(chunks), empty(chunks, p), outs[10], 64, n_threads
    )
    sums = np.zeros((chunks, p, p))
    kernels.products_gram_chunks.csr(*arrays, d, sums, 64, n_threads)
    return np.concatenate([*outs, Xd, eta, sums.ravel()])


def test_equal_values_may_be_given_once(kernels, dtype, index, form):
    """Up to rounding: the compiler contracts products and sums differently."""
    for n, p, density in COMPRESSED_SHAPES[2:]:
        case = CompressedCase(n, p, density, dtype, index, form)
        indptr, indices, data = case.arrays
        value = np.full(1, 0.7, dtype=dtype)
        given_once = indptr, indices, value.astype(np.float64).view(np.int64)
        expected = products(kernels, (indptr, indices, np.full_like(data, value[0])), case, 1)
        assert np.isfinite(expected).all()
        found = [products(kernels, given_once, case, n_threads) for n_threads in THREADS]
        np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-13)
        assert_same_bits(found)


@pytest.mark.parametrize("n", [1, 2, 1023, 1024, 1025, 5000])
def test_all_equal_sees_the_one_that_differs(kernels, dtype, n):
    data = np.full(n, 0.7, dtype=dtype)
    assert kernels.structure.all_equal(data)
    for k in {0, n // 2, n - 1}:
        other = data.copy()
        other[k] = np.nextafter(other[k], 1, dtype=dtype)
        assert kernels.structure.all_equal(other) == (n == 1)
    data[-1] = np.nan
    assert not kernels.structure.all_equal(data)
