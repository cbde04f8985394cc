"""The compiled kernels of every CPU level against plain NumPy and mpmath."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from support.comparisons import assert_same_bits, assert_within
from support.kernels import cpu_levels, load_kernels
from support.layouts import dense_layouts
from support.problems import densify, random_compressed
from support.references import logistic_rows, reference_epochs

ROW_BLOCK = 4096
THREADS = (1, 2, 3)
SIZES = (5e-324, 1e-300, 1e-17, 1e-8, 0.3, 1.0, 17.3, 30.0, 36.9, 40.0, 700.0, 708.5, 745.0, 745.2, 746.5, 1e5, 1e308)
ETAS = np.array([0.0, *SIZES, *(-size for size in SIZES)])
TARGETS = (0.0, 1.0, 0.3)
DTYPES = (np.float64, np.float32)
INDEX_TYPES = (np.int32, np.int64)
FORMS = ("sorted", "unsorted", "duplicates")
SHAPES = ((1, 1), (3, 5), (64, 16), (130, 7), (257, 1), (300, 37))
COMPRESSED_SHAPES = ((1, 1, 1.0), (9, 4, 0.0), (70, 9, 0.4), (300, 40, 0.15))
DENSE_LAYOUTS = tuple(dense_layouts(np.zeros((2, 2))))


@pytest.fixture(params=cpu_levels(), scope="module")
def kernels(request):
    return load_kernels(request.param)


def exact(eta, y):
    """(loss, residual, curvature) of one row by mpmath, and the terms of the residual without their signs."""
    with mpmath.workdps(60):
        eta, y = mpmath.mpf(float(eta)), mpmath.mpf(float(y))
        e = mpmath.exp(-abs(eta))
        big, small = 1 / (1 + e), e / (1 + e)
        up, down = (big, small) if eta >= 0 else (small, big)
        loss = mpmath.log1p(e) + (1 - y if eta > 0 else y) * abs(eta)
        return loss, (1 - y) * up - y * down, big * small, (1 - y) * up + y * down


def ulps(actual, expected, unit=None):
    """|actual - expected| in units in the last place of `unit` (of `expected` if not given)."""
    with mpmath.workdps(60):
        with np.errstate(over="ignore"):  # the spacing of the largest double is infinite
            spacing = np.spacing(abs(float(expected if unit is None else unit)))
        return float(abs(mpmath.mpf(float(actual)) - expected) / mpmath.mpf(float(spacing)))


def one_hot(n, i):
    weight = np.zeros(n)
    weight[i] = 1.0
    return weight


def scratch(kernels, n):
    return np.full(kernels.loss_logistic.n_blocks(n), np.nan)


def evaluate(kernels, eta, y, weight, n_threads=1):
    residual, curvature = np.full((2, len(eta)), np.nan)
    loss = kernels.loss_logistic.evaluate(eta, y, weight, residual, curvature, scratch(kernels, len(eta)), n_threads)
    return loss, residual, curvature


def losses(kernels, eta, Xd, steps, y, weight, n_threads=1):
    out = np.full(len(steps), np.nan)
    sums = scratch(kernels, len(eta))
    kernels.loss_logistic.losses(eta, Xd, np.asarray(steps, dtype=float), y, weight, sums, out, n_threads)
    return out


def slope(kernels, eta, shift, y, weight, n_threads=1):
    n = len(eta)
    return kernels.loss_logistic.slope(eta, shift, y, weight, scratch(kernels, n), scratch(kernels, n), n_threads)


def gap(kernels, eta, Xd, y, weight, t=0.0, shift=0.0, scale=1.0, back=0.0, n_threads=1):
    sums = scratch(kernels, len(eta)), scratch(kernels, len(eta))
    return kernels.loss_logistic.gap(eta, Xd, t, shift, scale, back, y, weight, *sums, n_threads)


def random_rows(n, seed=0, spread=3.0):
    """eta, y in {0, 1, some in between}, weights with zeros, and an image."""
    rng = np.random.default_rng(seed)
    y = rng.choice([0.0, 1.0, 0.25, 0.9], size=n)
    weight = rng.random(n) * (rng.random(n) < 0.9)
    return spread * rng.standard_normal(n), y, weight, rng.standard_normal(n)


# --- the logistic loss ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", TARGETS)
def test_residual_and_curvature_are_exact_to_a_few_ulp_at_any_eta(kernels, y):
    _, residual, curvature = evaluate(kernels, ETAS, np.full(len(ETAS), y), np.ones(len(ETAS)))
    for eta, r, d in zip(ETAS, residual, curvature, strict=True):
        _, exact_residual, exact_curvature, terms = exact(eta, y)
        assert ulps(r, exact_residual, terms) <= 4, eta
        assert ulps(d, exact_curvature) <= 4, eta


@pytest.mark.parametrize("y", TARGETS)
def test_vector_and_scalar_code_give_the_loss_to_a_few_ulp_at_any_eta(kernels, y):
    n = len(ETAS)
    for i, eta in enumerate(ETAS):
        expected = exact(eta, y)[0]
        among_others = evaluate(kernels, ETAS, np.full(n, y), one_hot(n, i))[0]
        alone = evaluate(kernels, ETAS[i : i + 1], np.array([y]), np.ones(1))[0]
        assert ulps(among_others, expected) <= 4, eta
        assert ulps(alone, expected) <= 4, eta


@pytest.mark.parametrize("y", TARGETS)
def test_losses_along_an_image_are_exact_to_a_few_ulp_at_any_eta(kernels, y):
    n = len(ETAS)
    for i, eta in enumerate(ETAS):
        at_eta, at_zero = losses(kernels, np.zeros(n), ETAS, [1.0, 0.0], np.full(n, y), one_hot(n, i))
        assert ulps(at_eta, exact(eta, y)[0]) <= 4, eta
        assert ulps(at_zero, exact(0.0, y)[0]) <= 4


@pytest.mark.parametrize("y", TARGETS)
def test_slopes_are_exact_to_a_few_ulp_at_any_eta(kernels, y):
    n = len(ETAS)
    for i, eta in enumerate(ETAS):
        first, second = slope(kernels, ETAS, 0.0, np.full(n, y), one_hot(n, i))
        _, residual, curvature, terms = exact(eta, y)
        assert ulps(first, residual, terms) <= 4, eta
        assert ulps(second, curvature) <= 4, eta


@given(eta=st.floats(allow_nan=False, allow_infinity=False), y=st.floats(0.0, 1.0), where=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_loss_residual_and_curvature_are_exact_to_a_few_ulp(eta, y, where):
    loss, residual, curvature, terms = exact(eta, y)
    n = 21
    for level in cpu_levels():
        kernels = load_kernels(level)
        weight = one_hot(n, where)
        got_loss, got_residual, got_curvature = evaluate(kernels, np.full(n, eta), np.full(n, y), weight)
        assert ulps(got_loss, loss) <= 4
        assert ulps(got_residual[where], residual, terms) <= 4
        assert ulps(got_curvature[where], curvature) <= 4


def test_residual_of_a_confident_row_keeps_its_digits(kernels):
    _, residual, _ = evaluate(kernels, np.array([40.0, -40.0]), np.array([1.0, 0.0]), np.ones(2))
    np.testing.assert_allclose(residual, [-4.248354255291589e-18, 4.248354255291589e-18], rtol=1e-15)


@pytest.mark.parametrize("y", TARGETS)
def test_infinite_eta_gives_limits_not_nan(kernels, y):
    eta = np.array([np.inf, -np.inf])
    _, residual, curvature = evaluate(kernels, eta, np.full(2, y), np.ones(2))
    np.testing.assert_array_equal(residual, [1.0 - y, -y])
    np.testing.assert_array_equal(curvature, [0.0, 0.0])
    alone = [evaluate(kernels, eta[i : i + 1], np.array([y]), np.ones(1))[0] for i in range(2)]
    assert alone == [0.0 if y == 1.0 else np.inf, 0.0 if y == 0.0 else np.inf]


def test_nan_stays_nan(kernels):
    loss, residual, curvature = evaluate(kernels, np.array([np.nan] * 3), np.array([0.0, 1.0, 0.3]), np.ones(3))
    assert np.isnan(loss)
    assert np.isnan(residual).all()
    assert np.isnan(curvature).all()


def test_kernels_leave_subnormal_numbers_on(kernels):
    evaluate(kernels, np.zeros(10), np.zeros(10), np.ones(10))
    assert np.array([2.3e-308])[0] * np.array([0.5])[0] > 0.0


@pytest.mark.parametrize("n", [1, 7, ROW_BLOCK, ROW_BLOCK + 1, 20_000])
def test_row_functions_agree_with_numpy(kernels, n):
    eta, y, weight, Xd = random_rows(n)
    loss, residual, curvature = evaluate(kernels, eta, y, weight)
    expected_loss, expected_residual, expected_curvature = logistic_rows(eta, y, weight)
    assert_within(loss, expected_loss, expected_loss)
    assert_within(residual, expected_residual, 1.0)
    assert_within(curvature, expected_curvature, 1.0)
    steps = [0.0, 0.5, -2.0]
    expected = np.array([logistic_rows(eta + t * Xd, y, weight)[0] for t in steps])
    assert_within(losses(kernels, eta, Xd, steps, y, weight), expected, expected)
    _, shifted_residual, shifted_curvature = logistic_rows(eta + 0.7, y, weight)
    assert_within(
        slope(kernels, eta, 0.7, y, weight), [shifted_residual.sum(), shifted_curvature.sum()], weight.sum() + 1e-3
    )


def exact_gap(eta, Xd, y, weight, t, shift, scale, back):
    """Divergence of the dual point by mpmath, and how many rows are cut."""
    total, cut = mpmath.mpf(0), 0
    with mpmath.workdps(40):
        for row in zip(eta, Xd, y, weight, strict=True):
            a, x, target, s = map(mpmath.mpf, map(float, row))
            sigma = 1 / (1 + mpmath.exp(-a))
            u = target + scale * (sigma - target + back * sigma * (1 - sigma) * x)
            inside = min(max(u, 0), 1)
            cut += int(inside != u)
            at = a + t * x + shift
            entropy = sum(part * mpmath.log(part) for part in (inside, 1 - inside) if part > 0)
            total += s * (entropy + mpmath.log1p(mpmath.exp(at)) - inside * at)
    return float(total), cut


@pytest.mark.parametrize(
    "dual_point",
    [
        {"scale": 0.3},
        {"t": 1.0, "back": 1.0},
        {"t": 1.0, "back": 1.0, "shift": -0.4, "scale": 0.8},
        {"t": 0.5, "shift": 2.0},
    ],
)
def test_gap_is_the_divergence_of_the_dual_point(kernels, dual_point):
    eta, y, weight, Xd = random_rows(150, spread=4.0)
    arguments = {"t": 0.0, "shift": 0.0, "scale": 1.0, "back": 0.0, **dual_point}
    expected, cut = exact_gap(eta, 6 * Xd, y, weight, **arguments)
    value, found_cut = gap(kernels, eta, 6 * Xd, y, weight, **arguments)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-13)
    assert found_cut == cut
    assert (cut > 0) == (arguments["back"] > 0.0)


@pytest.mark.parametrize("y", TARGETS)
def test_gap_of_the_model_itself_is_nothing_at_any_eta(kernels, y):
    n = len(ETAS)
    value, cut = gap(kernels, ETAS, ETAS, np.full(n, y), np.ones(n))
    assert abs(value) <= 1e-15 * n
    assert cut == 0


@pytest.mark.parametrize("n", [5, ROW_BLOCK - 1, ROW_BLOCK + 1, 20_000])
def test_one_block_of_equal_weights_stands_for_all_rows(kernels, n):
    eta, y, _, Xd = random_rows(n)
    short, full = np.full(min(n, ROW_BLOCK), 1.0 / n), np.full(n, 1.0 / n)
    results = []
    for weight in (short, full):
        loss, residual, curvature = evaluate(kernels, eta, y, weight)
        sums = (*losses(kernels, eta, Xd, [0.5], y, weight), *slope(kernels, eta, 0.1, y, weight))
        results.append(
            np.concatenate([[loss, *sums, *gap(kernels, eta, Xd, y, weight, back=1.0)], residual, curvature])
        )
    assert_same_bits(results)


@pytest.mark.parametrize("n", [1, 1000, 16_384, 50_001])
def test_row_functions_give_the_same_bits_for_any_number_of_threads(kernels, n):
    eta, y, weight, Xd = random_rows(n)
    results = []
    for n_threads in THREADS:
        loss, residual, curvature = evaluate(kernels, eta, y, weight, n_threads)
        numbers = (
            *losses(kernels, eta, Xd, [0.5, 1.0], y, weight, n_threads),
            *slope(kernels, eta, 0.1, y, weight, n_threads),
            *gap(kernels, eta, Xd, y, weight, t=1.0, back=1.0, n_threads=n_threads),
        )
        results.append(np.concatenate([[loss, *numbers], residual, curvature]))
    assert_same_bits(results)


# --- dense ----------------------------------------------------------------------------------------------------------


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


@pytest.fixture(params=DTYPES, ids=lambda dtype: dtype.__name__)
def dtype(request):
    return request.param


@pytest.fixture(params=INDEX_TYPES, ids=lambda index: index.__name__)
def index(request):
    return request.param


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


@pytest.fixture(params=DENSE_LAYOUTS)
def dense_cases(request, dtype):
    return [DenseCase(n, p, dtype, request.param) for n, p in SHAPES]


def test_dense_forward_adds_the_product_and_the_shift(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            eta = case.eta.copy()
            kernels.products_dense.forward(case.X, case.v, 0.3, eta, *work)
            return eta

        magnitude = case.size @ np.abs(case.v) + np.abs(case.eta) + 0.3
        case.check(run, case.exact @ case.v + 0.3 + case.eta, magnitude)


def test_dense_adjoint(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(case.p)
            kernels.products_dense.adjoint(case.X, case.u, empty(n_chunks, case.p), out, *work)
            return out

        case.check(run, case.exact.T @ case.u, case.size.T @ np.abs(case.u))


def test_dense_adjoint_pair(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(2 * case.p)
            kernels.products_dense.adjoint_pair(case.X, case.u, case.d, empty(n_chunks, 2 * case.p), out, *work)
            return out

        both = np.stack([case.u, case.d])
        case.check(run, (both @ case.exact).ravel(), (np.abs(both) @ case.size).ravel())


def test_dense_squares(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(case.p)
            kernels.products_dense.squares(case.X, case.d, empty(n_chunks, case.p), out, *work)
            return out

        expected = (case.exact**2).T @ case.d
        case.check(run, expected, expected)


def test_dense_hessian_product(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            Xd, out = empty(case.n), empty(case.p)
            kernels.products_dense.hessian_product(
                case.X, case.d, case.v, -0.2, Xd, empty(n_chunks, case.p), out, *work
            )
            return np.concatenate([Xd, out])

        Xd, size = case.exact @ case.v - 0.2, case.size @ np.abs(case.v) + 0.2
        expected = np.concatenate([Xd, case.exact.T @ (case.d * Xd)])
        case.check(run, expected, np.concatenate([size, case.size.T @ (case.d * size)]))


def test_dense_loss_gradient(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            eta, curvature, out = case.eta.copy(), empty(case.n), empty(case.p)
            scratches = empty(n_chunks), empty(n_chunks, case.p)
            loss = kernels.products_dense.loss_gradient(
                case.X, case.v, 0.1, case.y, case.weight, eta, curvature, *scratches, out, *work
            )
            return np.concatenate([[loss], eta, curvature, out])

        eta = case.exact @ case.v + 0.1 + case.eta
        loss, residual, curvature = logistic_rows(eta, case.y, case.weight)
        size = case.size @ np.abs(case.v) + np.abs(case.eta) + 1.0
        magnitude = np.concatenate([[case.weight @ size + 1e-3], size, size, case.size.T @ size])
        case.check(run, np.concatenate([[loss], eta, curvature, case.exact.T @ residual]), magnitude)


@pytest.mark.parametrize("layout", ["C", "F"])
def test_dense_sums_over_many_columns_give_the_same_bits_for_any_number_of_threads(kernels, dtype, layout):
    case = DenseCase(130, 5000, dtype, layout)

    def run(n_chunks, work):
        out, pair = empty(case.p), empty(2 * case.p)
        kernels.products_dense.adjoint(case.X, case.u, empty(n_chunks, case.p), out, *work)
        kernels.products_dense.adjoint_pair(case.X, case.u, case.d, empty(n_chunks, 2 * case.p), pair, *work)
        return np.concatenate([out, pair])

    both = np.stack([case.u, case.u, case.d])
    case.check(run, (both @ case.exact).ravel(), (np.abs(both) @ case.size).ravel())


@pytest.mark.parametrize("order", ["C", "F"])
def test_dense_bits_do_not_depend_on_where_the_array_lies(kernels, dtype, order):
    n, p = 70, 37
    case = DenseCase(n, p, dtype, order)
    per_line = 64 // case.X.itemsize
    buffer = np.zeros(n * p + 2 * per_line, dtype=dtype)
    aligned = -(buffer.ctypes.data // buffer.itemsize) % per_line
    results = []
    for offset in range(per_line):
        X = buffer[aligned + offset : aligned + offset + n * p].reshape((n, p), order=order)
        X[:] = case.X
        eta, out = np.zeros(n), empty(p)
        kernels.products_dense.forward(X, case.v, 0.0, eta, n, 16, 1)
        kernels.products_dense.adjoint(X, case.u, empty(1, p), out, n, 16, 1)
        results.append(np.concatenate([eta, out]))
    assert_same_bits(results)


# --- compressed -----------------------------------------------------------------------------------------------------


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


@pytest.fixture
def compressed_cases(dtype, index, form):
    return [CompressedCase(*shape, dtype, index, form) for shape in COMPRESSED_SHAPES]


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


# --- structure of compressed arrays ---------------------------------------------------------------------------------

UNSORTED, DUPLICATES, OUT_OF_RANGE = 1, 2, 4
FIVE = ((), (0,), (4,), (0, 1, 4), (0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    "slices, flags",
    [
        (FIVE, 0),
        (((),), 0),
        (((1, 0),), UNSORTED),
        (((1, 1),), DUPLICATES),
        (((0, 3, 3, 2),), UNSORTED | DUPLICATES),
        (((1, 0, 1),), UNSORTED),
        (((5,),), OUT_OF_RANGE),
        (((-1,),), OUT_OF_RANGE),
        (((0, 1, 2**31 - 1),), OUT_OF_RANGE),
        (((-(2**31), 0),), OUT_OF_RANGE),
        (((3, -1),), UNSORTED | OUT_OF_RANGE),
        (((2, 5, 4),), UNSORTED | OUT_OF_RANGE),
        (((5, 5),), DUPLICATES | OUT_OF_RANGE),
        (((), (0, 1), (), (1, 0), ()), UNSORTED),
        (((0, 1), (2, 2), (1, 0), (7,)), UNSORTED | DUPLICATES | OUT_OF_RANGE),
        # an index of one slice may be below the last of the slice before
        (((3, 4), (0, 1), (1, 2)), 0),
        (((4,), (4,), (4,)), 0),
    ],
)
def test_structure_names_what_is_irregular(kernels, index, slices, flags):
    indptr = np.concatenate([[0], np.cumsum([len(part) for part in slices])]).astype(index)
    indices = np.array([i for part in slices for i in part], dtype=index)
    for n_threads in THREADS:
        assert kernels.structure.irregularities(indptr, indices, 5, n_threads) == flags


def test_structure_finds_one_bad_index_among_many_slices(kernels, index):
    indptr, indices, _ = random_compressed(500, 30, 0.3, index=index)
    assert [kernels.structure.irregularities(indptr, indices, 30, n_threads) for n_threads in THREADS] == [0, 0, 0]
    for where, bad in ((0, -1), (len(indices) // 2, 30), (len(indices) - 1, 10**6)):
        broken = indices.copy()
        broken[where] = bad
        for n_threads in THREADS:
            assert kernels.structure.irregularities(indptr, broken, 30, n_threads) & OUT_OF_RANGE


@pytest.mark.parametrize("bounds", [(), (0,), (7,), (20,), (3, 3, 9), (0, 20), (1, 2, 3, 4, 5)])
def test_split_finds_the_first_index_of_each_range(kernels, index, bounds):
    indptr, indices, _ = random_compressed(80, 20, 0.3, index=index)
    bounds = np.array(bounds, dtype=index)
    expected = reference_splits(indptr, indices, bounds)
    for n_threads in THREADS:
        splits = np.full(expected.shape, -1, dtype=index)
        kernels.structure.split(indptr, indices, bounds, splits, n_threads)
        np.testing.assert_array_equal(splits, expected)


def test_count_minor_adds_to_the_counts(kernels, index):
    _, indices, _ = random_compressed(80, 20, 0.3, index=index, form="duplicates")
    counts = np.ones(20, dtype=index)
    kernels.structure.count_minor(indices, counts)
    np.testing.assert_array_equal(counts, 1 + np.bincount(indices, minlength=20))


@pytest.mark.parametrize("columns", [(), (0,), (39,), (5, 2, 17), tuple(range(40))])
def test_gather_columns_moves_them_into_the_other_layout(kernels, dtype, index, columns):
    case = CompressedCase(120, 40, 0.2, dtype, index, "sorted")
    position = np.full(40, -1, dtype=np.intc)
    position[list(columns)] = np.arange(len(columns))
    wanted = case.exact[:, list(columns)]
    new_indptr = np.concatenate([[0], np.cumsum((wanted != 0).sum(axis=0))]).astype(index)
    for n_threads in THREADS:
        new_indices = np.full(new_indptr[-1], -1, dtype=index)
        new_data = np.full(new_indptr[-1], np.nan, dtype=dtype)
        next_entry = new_indptr[:-1].copy()
        kernels.structure.gather_columns(
            *case.arrays, case.splits(n_threads), position, next_entry, new_indices, new_data
        )
        np.testing.assert_array_equal(next_entry, new_indptr[1:])
        np.testing.assert_array_equal(densify(new_indptr, new_indices, new_data, 120).T, wanted)
        assert kernels.structure.irregularities(new_indptr, new_indices, 120, 1) == 0


@pytest.mark.parametrize("columns", [(), (0,), (39,), (2, 5, 17), tuple(range(40))])
def test_select_keeps_columns_in_their_layout(kernels, dtype, index, form, columns):
    case = CompressedCase(120, 40, 0.2, dtype, index, form)
    position = np.full(40, -1, dtype=np.intc)
    position[list(columns)] = np.arange(len(columns))
    kept = [position[indices] >= 0 for indices in np.split(case.arrays[1], case.arrays[0][1:-1])]
    new_indptr = np.concatenate([[0], np.cumsum([part.sum() for part in kept])]).astype(index)
    for n_threads in THREADS:
        counts = np.full(120, -1, dtype=index)
        kernels.structure.count_selected(*case.arrays[:2], position, counts, n_threads)
        np.testing.assert_array_equal(counts, np.diff(new_indptr))
        new_indices = np.full(new_indptr[-1], -1, dtype=index)
        new_data = np.full(new_indptr[-1], np.nan, dtype=dtype)
        kernels.structure.select(*case.arrays, position, new_indptr, new_indices, new_data, n_threads)
        np.testing.assert_array_equal(new_indices, position[case.arrays[1]][np.concatenate(kept)])
        np.testing.assert_array_equal(new_data, case.arrays[2][np.concatenate(kept)])


# --- Gram matrices --------------------------------------------------------------------------------------------------


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


# --- Cholesky factors -----------------------------------------------------------------------------------------------


def cholesky_factor(kernels, A, n_threads=1, substitute=1.0):
    """(L, pivots replaced)."""
    p = len(A)
    down, across = kernels.products_gram.panel_shape(p)
    padded = np.zeros((across, across))
    padded[:p, :p] = A
    scratch = np.zeros((down, kernels.linalg_cholesky.PANEL)), np.zeros((across, kernels.linalg_cholesky.PANEL))
    replaced = kernels.linalg_cholesky.factor(padded, p, np.diag(A).copy(), substitute, *scratch, n_threads)
    return np.ascontiguousarray(np.tril(padded[:p, :p])), replaced


@pytest.mark.parametrize("p", [1, 2, 7, 47, 48, 49, 96, 97, 150, 300])
def test_cholesky_factor_and_its_systems(kernels, p):
    rng = np.random.default_rng(p)
    X = rng.standard_normal((2 * p + 1, p))
    A = X.T @ X + np.eye(p)
    L, replaced = cholesky_factor(kernels, A)
    assert replaced == 0
    np.testing.assert_allclose(L @ L.T, A, rtol=0, atol=1e-13 * np.abs(A).max())
    b = rng.standard_normal((2, p))
    x = b.copy()
    kernels.linalg_cholesky.solve(L, x)
    np.testing.assert_allclose(x @ L.T, b, rtol=0, atol=1e-11)
    kernels.linalg_cholesky.solve_transposed(L, x)
    np.testing.assert_allclose(x @ A, b, rtol=0, atol=1e-9)


def test_cholesky_has_the_same_bits_for_any_number_of_threads(kernels):
    X = np.random.default_rng(0).standard_normal((400, 211))
    A = X.T @ X
    assert_same_bits([cholesky_factor(kernels, A, n_threads)[0].ravel() for n_threads in THREADS])


@pytest.mark.parametrize("substitute", [1.0, 1e-13])
def test_cholesky_of_dependent_columns_adds_to_the_diagonal_alone(kernels, substitute):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((80, 60)) * np.geomspace(1e-6, 1e6, 60)
    X = np.concatenate([X, X[:, :1], X[:, 30:31] + X[:, 31:32], np.zeros((80, 1))], axis=1)
    A = X.T @ X
    L, replaced = cholesky_factor(kernels, A, substitute=substitute)
    assert replaced == 3
    size = np.sqrt(np.diag(A))
    size[-1] = 1.0
    added = (L @ L.T - A) / np.outer(size, size)
    np.testing.assert_allclose(added, np.diag([0.0] * 60 + [substitute] * 2 + [1.0]), rtol=0, atol=1e-12)


# --- coordinate descent ---------------------------------------------------------------------------------------------


class Model:
    """A quadratic model of an elastic net at a random point within bounds, over a dense array (n, p)."""

    def __init__(self, X, with_intercept, l1, l2, lower=-np.inf, upper=np.inf, seed=0):
        rng = np.random.default_rng(seed)
        n, p = X.shape
        self.X = X
        self.curvature = rng.random(n) / n
        self.curvature[::7] = 0.0
        self.first = X.T @ self.curvature
        self.mass = float(self.curvature.sum()) if with_intercept else 0.0
        self.l1, self.l2 = np.broadcast_to(l1, p), np.broadcast_to(l2, p)
        self.lower, self.upper = np.broadcast_to(lower, p), np.broadcast_to(upper, p)
        self.coef = np.clip(rng.standard_normal(p) * (rng.random(p) < 0.5), self.lower, self.upper)
        self.gradient = 0.2 * rng.standard_normal(p)
        self.diagonal = (X**2).T @ self.curvature + self.l2
        if with_intercept:
            self.diagonal = self.diagonal - self.first**2 / self.mass

    def arguments(self):
        """What the kernels take between X and delta."""
        return (
            self.curvature,
            self.gradient,
            self.diagonal,
            self.first,
            self.mass,
            self.l1,
            self.l2,
            self.lower,
            self.upper,
            self.coef,
        )

    def reference(self, tolerance, max_epochs):
        return reference_epochs(
            self.X,
            self.curvature,
            self.gradient,
            self.first,
            self.mass,
            self.l1,
            self.l2,
            self.lower,
            self.upper,
            self.coef,
            tolerance,
            max_epochs,
        )


STRENGTHS = {
    "l1": (0.05, 0.0),
    "elastic net": (0.05, 0.1),
    "l2": (0.0, 0.1),
    "each its own": (np.linspace(0.0, 0.2, 9), np.linspace(0.3, 0.0, 9)),
    "l1, not negative": (0.05, 0.0, 0.0),
    "l2 within bounds": (0.0, 0.1, np.linspace(-1.0, 0.1, 9), np.linspace(-0.5, 1.5, 9)),
    "elastic net within bounds": (0.05, 0.1, np.linspace(-1.0, 0.1, 9), 0.2),
}


def model_matrix(dtype):
    """A (60, 9) array with zeros and one empty column, exact in `dtype`."""
    rng = np.random.default_rng(3)
    X = (rng.standard_normal((60, 9)) + 0.5) * (rng.random((60, 9)) < 0.6)
    X[:, 4] = 0.0
    return X.astype(dtype)


def run_epochs(kernels, X, layout, index, model, tolerance, max_epochs):
    delta, q = np.zeros(X.shape[1]), np.zeros(X.shape[0])
    if layout == "dense":
        none = np.empty(0, dtype=np.int32)
        arrays = none, none, X.ravel(order="F")
    else:
        entries = X.T != 0
        indptr = np.concatenate([[0], np.cumsum(entries.sum(axis=1))]).astype(index)
        arrays = indptr, np.nonzero(entries)[1].astype(index), X.T[entries]
    return delta, q, kernels.coordinate_descent.epochs(*arrays, *model.arguments(), delta, q, tolerance, max_epochs)


@pytest.mark.parametrize("layout, index", [("dense", None), ("csc", np.int32), ("csc", np.int64)])
@pytest.mark.parametrize("with_intercept", [False, True])
@pytest.mark.parametrize("strengths", STRENGTHS)
def test_epochs_are_cyclic_coordinate_descent(kernels, dtype, layout, index, with_intercept, strengths):
    X = model_matrix(dtype)
    model = Model(X.astype(float), with_intercept, *STRENGTHS[strengths])
    for tolerance, max_epochs in ((0.0, 1), (0.0, 4), (1e-3, 100), (1e-12, 2000)):
        delta, q, epochs = run_epochs(kernels, X, layout, index, model, tolerance, max_epochs)
        expected_delta, expected_q, expected_epochs = model.reference(tolerance, max_epochs)
        np.testing.assert_allclose(delta, expected_delta, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(q, expected_q, rtol=1e-9, atol=1e-12)
        assert abs(epochs - expected_epochs) <= (1 if tolerance == 1e-12 else 0)


@pytest.mark.parametrize("layout", ["dense", "csc"])
def test_epochs_go_on_until_the_tolerance_or_the_limit(kernels, layout):
    X = model_matrix(np.float64)
    model = Model(X, True, 0.05, 0.0)
    few = run_epochs(kernels, X, layout, np.int32, model, 0.0, 3)[2]
    enough = run_epochs(kernels, X, layout, np.int32, model, np.inf, 100)[2]
    many = run_epochs(kernels, X, layout, np.int32, model, 1e-8, 1000)[2]
    assert (few, enough) == (3, 1)
    assert 3 < many < 1000


@pytest.mark.parametrize("layout", ["dense", "csc"])
def test_epochs_set_coefficients_to_exact_zero_also_of_empty_columns(kernels, layout):
    X = model_matrix(np.float64)
    model = Model(X, True, 10.0, 0.0)
    model.coef[4] = 0.7
    delta, _, _ = run_epochs(kernels, X, layout, np.int32, model, 0.0, 3)
    np.testing.assert_array_equal(model.coef + delta, np.zeros(9))


# --- vectors over columns -------------------------------------------------------------------------------------------

COLUMN_SHAPES = [(1, 1), (7, 3), (8192, 1), (8193, 3), (140_000, 1), (50_000, 3)]


class ColumnCase:
    def __init__(self, shape, seed=0):
        rng = np.random.default_rng(seed)
        self.a, self.b, self.c, self.scale = rng.standard_normal((4, *shape))
        self.scale = np.abs(self.scale)
        self.alpha = rng.standard_normal(shape[1])
        own = rng.random(shape)
        self.diagonals = {
            "scalar": np.broadcast_to(0.3, shape),
            "per row": np.broadcast_to(rng.random((shape[0], 1)), shape),
            "per column": np.broadcast_to(rng.random(shape[1]), shape),
            "own": own,
        }


def check_columns(run, expected, magnitude):
    results = [run(n_threads) for n_threads in THREADS]
    for got, want, size in zip(results[0], expected, magnitude, strict=True):
        assert_within(got, want, size)
    assert_same_bits([np.concatenate([np.ravel(part) for part in result]) for result in results])


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_dot_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)
    expected, size = (case.a * case.b).sum(axis=0), np.abs(case.a * case.b).sum(axis=0)
    check_columns(lambda n_threads: [kernels.linalg_vector.dot(case.a, case.b, n_threads)], [expected], [size])


@pytest.mark.parametrize("kind", ["scalar", "per row", "per column", "own"])
@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_weighted_dot_and_add_diagonal_for_every_kind_of_strength(kernels, shape, kind):
    case = ColumnCase(shape)
    diagonal = case.diagonals[kind]

    def run(n_threads):
        out = case.c.copy()
        weighted = kernels.linalg_vector.weighted_dot(diagonal, case.a, case.b, n_threads)
        product = kernels.linalg_vector.add_diagonal(diagonal, case.a, out, n_threads)
        return weighted, out, product

    terms, added = diagonal * case.a * case.b, case.c + diagonal * case.a
    size = np.abs(case.c) + np.abs(diagonal * case.a)
    check_columns(
        run,
        [terms.sum(axis=0), added, (case.a * added).sum(axis=0)],
        [np.abs(terms).sum(axis=0), size, (np.abs(case.a) * size).sum(axis=0)],
    )


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_add_scaled_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        out = case.b.copy()
        kernels.linalg_vector.add_scaled(case.alpha, case.a, out, n_threads)
        return [out]

    check_columns(run, [case.b + case.alpha * case.a], [np.abs(case.b) + np.abs(case.alpha * case.a)])


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_cg_step_moves_both_vectors_and_measures_the_residual(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        x, rho = case.c.copy(), case.b.copy()
        rz, rr = kernels.linalg_vector.cg_step(case.alpha, case.a, case.b, case.scale, x, rho, n_threads)
        return x, rho, rz, rr

    x, rho = case.c + case.alpha * case.a, case.b + case.alpha * case.b
    size = np.abs(case.b) + np.abs(case.alpha * case.b)
    check_columns(
        run,
        [x, rho, (case.scale * rho**2).sum(axis=0), (rho**2).sum(axis=0)],
        [
            np.abs(case.c) + np.abs(case.alpha * case.a),
            size,
            (case.scale * size**2).sum(axis=0),
            (size**2).sum(axis=0),
        ],
    )


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_cg_direction_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        v = case.b.copy()
        kernels.linalg_vector.cg_direction(case.alpha, case.a, case.scale, v, n_threads)
        return [v]

    expected = case.alpha * case.b - case.scale * case.a
    check_columns(run, [expected], [np.abs(case.alpha * case.b) + np.abs(case.scale * case.a)])


# --- the penalty ----------------------------------------------------------------------------------------------------


class PenaltyCase:
    """Coefficients with zeros and strengths of every kind: l1 alone, l2 alone, both."""

    def __init__(self, m, seed=0):
        rng = np.random.default_rng(seed)
        self.coef = rng.standard_normal(m) * (rng.random(m) < 0.5)
        self.vector = 2.0 * rng.standard_normal(m)
        l1, l2 = 0.1 + rng.random(m), 0.1 + rng.random(m)
        kind = np.arange(m) % 3
        self.strengths = {
            "arrays": (np.where(kind == 0, 0.0, l1), np.where(kind == 1, 0.0, l2)),
            "scalars": (np.broadcast_to(0.4, m), np.broadcast_to(0.7, m)),
            "l1": (np.broadcast_to(0.4, m), np.broadcast_to(0.0, m)),
            "l1 each": (l1, np.broadcast_to(0.0, m)),
        }


@pytest.mark.parametrize("kind", ["arrays", "scalars", "l1", "l1 each"])
@pytest.mark.parametrize("m", [1, 9, 8192, 40_001])
def test_penalty_functions_agree_with_their_formulas(kernels, m, kind):
    case = PenaltyCase(m)
    l1, l2 = case.strengths[kind]
    w, g = case.coef, case.vector
    bounds = np.broadcast_to(-np.inf, m), np.broadcast_to(np.inf, m)

    def run(n_threads):
        out = empty(m)
        largest = kernels.penalty_elastic_net.subgradient(w, g, l1, *bounds, out, n_threads)
        value = kernels.penalty_elastic_net.gap(w, g, 0.25, l1, l2, n_threads)
        return out, [largest], [value], [kernels.penalty_elastic_net.largest_ratio(g, l1, l2, *bounds, n_threads)]

    subgradient = np.where(w == 0, np.sign(g) * np.maximum(np.abs(g) - l1, 0.0), g + np.sign(w) * l1)
    z = 0.25 * g
    conjugate = np.where(l2 > 0, np.maximum(np.abs(z) - l1, 0.0) ** 2 / (2 * np.where(l2 > 0, l2, 1.0)), 0.0)
    terms = l1 * np.abs(w) + 0.5 * l2 * w**2 + conjugate + z * w
    size = np.sum(np.abs(terms) + 2 * np.abs(z * w))
    alone = l2 == 0
    ratio = np.max(np.abs(g[alone]) / l1[alone]) if alone.any() else 0.0
    check_columns(
        run,
        [subgradient, [np.abs(subgradient).max()], [terms.sum()], [ratio]],
        [np.abs(g) + l1, [np.abs(g).max() + 1.0], [size], [ratio]],
    )


@pytest.mark.parametrize("coef", [0.0, 1.0, -1.0])
@pytest.mark.parametrize("where", [0, 1, 4])
def test_a_gradient_of_nan_shows_in_the_subgradient_and_its_norm(kernels, coef, where):
    gradient, out = np.linspace(-1.0, 1.0, 5), empty(5)
    gradient[where] = np.nan
    bounds = np.full(5, -np.inf), np.full(5, np.inf)
    largest = kernels.penalty_elastic_net.subgradient(np.full(5, coef), gradient, np.full(5, 0.1), *bounds, out, 1)
    assert np.isnan(out[where])
    assert np.isnan(largest)


@pytest.mark.parametrize("m", [1, 9, 8192, 40_001])
def test_soft_thresholds_are_those_of_their_formula_to_the_bit(kernels, m):
    rng = np.random.default_rng(m)
    v, threshold = rng.standard_normal(m), rng.choice([0.0, 0.5, 10.0], m)
    v[rng.random(m) < 0.1] = 0.5
    v[rng.random(m) < 0.05] = np.nan
    v[rng.random(m) < 0.05] = -0.0
    expected = np.sign(v) * np.maximum(np.abs(v) - threshold, 0.0)
    for n_threads in THREADS:
        out = empty(m)
        kernels.penalty_elastic_net.soft_threshold(v, threshold, out, n_threads)
        np.testing.assert_array_equal(out, expected)
        known = ~np.isnan(v)
        np.testing.assert_array_equal(np.signbit(out[known]), np.signbit(expected[known]))


# --- K columns at once ------------------------------------------------------------------------------------------------

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


class ClassCase:
    """Rows of K linear predictors, some of them saturated, with labels, weights (some zero) and a step."""

    def __init__(self, n, K):
        rng = np.random.default_rng(n)
        self.eta = rng.standard_normal((n, K)) * np.where(rng.random((n, 1)) < 0.2, 200.0, 2.0)
        self.label = rng.integers(0, K, n)
        self.weight = rng.random(n) * (rng.random(n) < 0.9)
        self.z = 0.3 * rng.standard_normal((n, K))
        shifted = self.eta - self.eta.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.p = np.exp(self.log_p)


@pytest.mark.parametrize("n, K", [(1, 2), (65, 3), (130, 10), (40, 300)])
def test_rows_of_many_classes(kernels, n, K):
    case = ClassCase(n, K)
    found = []
    for n_threads in THREADS:
        p, residual, h, scratch = (np.full((n, K), np.nan) for _ in range(4))
        loss = kernels.loss_softmax.evaluate(case.eta, case.label, case.weight, p, residual, n_threads)
        kernels.loss_softmax.curve(p, case.weight, case.z, h, n_threads)
        ahead = kernels.loss_softmax.loss(case.eta, case.z, 0.7, case.label, case.weight, scratch, n_threads)
        found.append(np.concatenate([p.ravel(), residual.ravel(), h.ravel(), [loss, ahead]]))
    assert_same_bits(found)
    rows = np.arange(n)
    assert loss == pytest.approx(-float(case.weight @ case.log_p[rows, case.label]), rel=1e-12)
    np.testing.assert_allclose(p, case.p, rtol=1e-11, atol=1e-300)
    others = np.where(np.arange(K) == case.label[:, None], 0.0, case.p)
    expected = others.copy()
    expected[rows, case.label] = -others.sum(axis=1)  # no difference of numbers near one
    np.testing.assert_allclose(residual, case.weight[:, None] * expected, rtol=1e-9, atol=1e-15)
    mean = (case.p * case.z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(h, case.weight[:, None] * case.p * (case.z - mean), rtol=1e-9, atol=1e-15)
    moved = case.eta + 0.7 * case.z
    moved -= moved.max(axis=1, keepdims=True)
    log_q = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    assert ahead == pytest.approx(-float(case.weight @ log_q[rows, case.label]), rel=1e-12)


@pytest.mark.parametrize("size", [1e-7, 1e-3, 0.1])
def test_the_divergence_of_many_classes_keeps_its_digits(kernels, size):
    n, K = 50, 4
    rng = np.random.default_rng(0)
    eta, z = rng.standard_normal((n, K)), size * rng.standard_normal((n, K))
    weight = np.full(n, 1.0 / n)
    p, residual = np.empty((2, n, K))
    kernels.loss_softmax.evaluate(eta, np.zeros(n, np.int64), weight, p, residual, 1)
    arguments = 1.0, 1.0, 1.0, np.zeros(n, np.int64), weight, np.empty((n, K)), 2
    found, cut = kernels.loss_softmax.divergence(eta, p, z, *arguments)
    assert cut == 0
    total = mpmath.mpf(0)
    with mpmath.workdps(50):
        for i in range(n):
            e = [mpmath.exp(mpmath.mpf(x)) for x in eta[i]]
            f = [mpmath.exp(mpmath.mpf(x) + mpmath.mpf(s)) for x, s in zip(eta[i], z[i], strict=True)]
            before, after = [x / sum(e) for x in e], [x / sum(f) for x in f]
            mean = sum(q * mpmath.mpf(s) for q, s in zip(before, z[i], strict=True))
            u = [q + q * (mpmath.mpf(s) - mean) for q, s in zip(before, z[i], strict=True)]
            total += sum(a * mpmath.log(a / b) for a, b in zip(u, after, strict=True)) / n
    assert found == pytest.approx(float(total), rel=1e-3 if size == 1e-7 else 1e-9)
