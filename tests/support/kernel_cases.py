"""What kernels are called with: rows, dense and compressed matrices in every form, and what is expected of them."""

from itertools import pairwise

import numpy as np

from support.comparisons import assert_same_bits, assert_within
from support.layouts import dense_layouts
from support.problems import densify, random_compressed
from support.references import logistic_rows

THREADS = (1, 2, 3)
DTYPES = (np.float64, np.float32)
INDEX_TYPES = (np.int32, np.int64)
FORMS = ("sorted", "unsorted", "duplicates")
SHAPES = ((1, 1), (3, 5), (64, 16), (130, 7), (257, 1), (300, 37))
COMPRESSED_SHAPES = ((1, 1, 1.0), (9, 4, 0.0), (70, 9, 0.4), (300, 40, 0.15))
DENSE_LAYOUTS = tuple(dense_layouts(np.zeros((2, 2))))


def random_rows(n, seed=0, spread=3.0):
    """eta, y in {0, 1, some in between}, weights with zeros, and an image."""
    rng = np.random.default_rng(seed)
    y = rng.choice([0.0, 1.0, 0.25, 0.9], size=n)
    weight = rng.random(n) * (rng.random(n) < 0.9)
    return spread * rng.standard_normal(n), y, weight, rng.standard_normal(n)


class DenseCase:
    """One dense problem with the vectors that its passes take, and what they should give."""

    def __init__(self, n, p, dtype, layout, seed=0):
        rng = np.random.default_rng(seed)
        values = rng.standard_normal((n, p)).astype(dtype)
        self.n, self.p = n, p
        self.X = dense_layouts(values)[layout]
        self.exact = values.astype(float)
        self.v = rng.standard_normal(p)
        self.v[rng.random(p) < 0.2] = 0.0
        self.eta, self.y, self.weight, self.u = random_rows(n, seed, spread=1.0)
        self.d = rng.random(n)
        self.size = np.abs(self.exact)

    def check(self, run, expected, magnitude):
        """`run(n_chunks, (chunk, block, n_threads))` gives an array."""
        for chunk in {64, 128, self.n}:
            for block in (1, 16, 1000):
                assert_within(run(-(-self.n // chunk), (chunk, block, 1)), expected, magnitude)
        if self.n > 64:
            assert_same_bits([run(-(-self.n // 64), (64, 16, n_threads)) for n_threads in THREADS])


def empty(*shape):
    return np.full(shape, np.nan)


class CompressedCase:
    """One compressed problem with the vectors that its passes take; major and minor as in sparse.pyx."""

    def __init__(self, n, p, density, dtype, index, form, seed=0):
        self.n, self.p = n, p
        self.arrays = random_compressed(n, p, density, dtype, index, form, seed)
        self.exact = densify(*self.arrays, p)
        # with duplicates the terms of a sum may cancel: their sizes are added up apart
        indptr, indices, data = self.arrays
        self.size = densify(indptr, indices, np.abs(data), p)
        self.squares = densify(indptr, indices, data.astype(float) ** 2, p)
        rng = np.random.default_rng(seed)
        self.v = rng.standard_normal(p)
        self.eta, self.y, self.weight, self.u = random_rows(n, seed, spread=1.0)
        self.u[rng.random(n) < 0.2] = 0.0
        self.d = rng.random(n)
        self.form = form
        self.is_sorted = form == "sorted"

    def splits(self, n_threads):
        """Splits into equal ranges of minor indices; none where indices are not sorted."""
        indptr, indices, _ = self.arrays
        bounds = np.arange(1, n_threads if self.is_sorted else 1) * self.p // n_threads
        return reference_splits(indptr, indices, bounds)

    def check(self, run, expected, magnitude):
        """`run(n_threads)` gives an array."""
        results = [run(n_threads) for n_threads in (THREADS if self.n >= 300 else (1,))]
        assert_within(results[0], expected, magnitude)
        assert_same_bits(results)


def reference_splits(indptr, indices, bounds):
    rows = [begin + np.searchsorted(indices[begin:end], bounds) for begin, end in pairwise(indptr)]
    return np.array(rows, dtype=indptr.dtype).reshape(len(indptr) - 1, len(bounds))


def expected_product(case):
    """Image and Hessian product for the shift -0.2, and their magnitudes."""
    Xd, size = case.exact @ case.v - 0.2, case.size @ np.abs(case.v) + 0.2
    expected = np.concatenate([Xd, case.exact.T @ (case.d * Xd)])
    return expected, np.concatenate([size, case.size.T @ (case.d * size)])


def expected_loss_gradient(case):
    """Loss, eta, curvature and gradient for the shift 0.1, and their magnitudes."""
    eta = case.exact @ case.v + 0.1 + case.eta
    loss, residual, curvature = logistic_rows(eta, case.y, case.weight)
    size = case.size @ np.abs(case.v) + np.abs(case.eta) + 1.0
    expected = np.concatenate([[loss], eta, curvature, case.exact.T @ residual])
    return expected, np.concatenate([[case.weight @ size + 1e-3], size, size, case.size.T @ size])


def check_columns(run, expected, magnitude):
    results = [run(n_threads) for n_threads in THREADS]
    for got, want, size in zip(results[0], expected, magnitude, strict=True):
        assert_within(got, want, size)
    assert_same_bits([np.concatenate([np.ravel(part) for part in result]) for result in results])
