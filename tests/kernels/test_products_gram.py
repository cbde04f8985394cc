"""Gram matrices of dense and compressed X, against NumPy."""

import numpy as np
import pytest
from support.comparisons import assert_same_bits, assert_within
from support.kernel_cases import COMPRESSED_SHAPES, THREADS, CompressedCase, DenseCase, empty


def expected_gram(exact, size, weights):
    return exact.T @ (weights[:, None] * exact), size.T @ (np.abs(weights)[:, None] * size)


def dense_gram(kernels, case, rows, n_threads):
    """The matrix without its padding, which is checked to be zero."""
    down, across = kernels.products_gram.panel_shape(case.p)
    assert across >= down >= case.p
    out = np.zeros((across, across))
    kernels.products_gram.dense(case.X, case.u, np.zeros((down, rows)), np.zeros((across, rows)), out, n_threads)
    assert not out[case.p :].any()
    assert not out[:, case.p :].any()
    return out[: case.p, : case.p]


def test_dense_gram_for_weights_of_any_sign(kernels, dense_cases):
    for case in dense_cases:
        expected, magnitude = expected_gram(case.exact, case.size, case.u)
        for rows in (8, 64, 512):
            assert_within(dense_gram(kernels, case, rows, 1), expected, magnitude)


def test_dense_gram_has_the_same_bits_for_any_number_of_threads(kernels, dtype):
    case = DenseCase(300, 37, dtype, "C")
    assert_same_bits([dense_gram(kernels, case, 128, n_threads).ravel() for n_threads in THREADS])


@pytest.mark.parametrize("chunk", [64, 1000])
@pytest.mark.parametrize("rows", [8, 128])
def test_dense_gram_by_rows(kernels, dense_cases, chunk, rows):
    for case in dense_cases:
        down, across = kernels.products_gram.panel_shape(case.p)
        chunks, found = -(-case.n // chunk), []
        for n_threads in THREADS:
            scratch = np.zeros((n_threads, down, rows)), np.zeros((n_threads, across, rows))
            sums = np.zeros((chunks, across, across))
            kernels.products_gram_chunks.dense(case.X, case.u, *scratch, sums, chunk, n_threads)
            out = sums.sum(axis=0)
            kernels.products_gram.mirror(out)
            found.append(np.ascontiguousarray(out[: case.p, : case.p]))
        assert_within(found[0], *expected_gram(case.exact, case.size, case.u))
        assert_same_bits(found)


@pytest.mark.parametrize("chunk", [64, 1000])
def test_csr_gram_by_rows(kernels, compressed_cases, chunk):
    for case in compressed_cases:

        def run(n_threads, case=case):
            sums = np.zeros((-(-case.n // chunk), case.p, case.p))
            kernels.products_gram_chunks.csr(*case.arrays, case.u, sums, chunk, n_threads)
            out = sums.sum(axis=0)
            if case.is_sorted:
                assert not np.triu(out, 1).any()
            return (out + np.tril(out, -1).T + np.triu(out, 1).T).ravel()

        if case.form != "duplicates":
            case.check(run, *map(np.ravel, expected_gram(case.exact, case.size, case.u)))


def test_csr_gram_for_weights_of_any_sign(kernels, dtype, index):
    for shape in COMPRESSED_SHAPES:
        case = CompressedCase(*shape, dtype, index, "sorted")

        def run(n_threads, case=case):
            out = empty(case.p, case.p)
            kernels.products_gram.csr(*case.arrays, case.splits(n_threads), case.u, out)
            return out.ravel()

        case.check(run, *map(np.ravel, expected_gram(case.exact, case.size, case.u)))


def test_csc_gram_for_weights_of_any_sign(kernels, compressed_cases):
    for case in compressed_cases:

        def run(n_threads, case=case):
            out, columns = empty(case.n, case.n), np.zeros((n_threads, case.p))
            kernels.products_gram.csc(*case.arrays, case.v, columns, out)
            assert not columns.any()
            return out.ravel()

        case.check(run, *map(np.ravel, expected_gram(case.exact.T, case.size.T, case.v)))
