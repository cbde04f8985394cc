"""fastlr.special against mpmath, SciPy, finite differences, and over layouts, dtypes, threads and bad input."""

import math
import warnings

import mpmath
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings, strategies as st

from fastlr import special

mpmath.mp.prec = 400
MAX = np.finfo(np.float64).max
TINY = 5e-324

EXTREMES = [0.0, -0.0, TINY, -TINY, 1e-308, 1e-20, 2.0**-53, 0.5, -0.5, 1.0, 20.0, 36.7, -36.7, 37.0, 40.0, -40.0]
EXTREMES += [700.0, -708.4, -709.8, 709.8, -720.3, -744.4, -745.1, 745.1, -746.0, 800.0, -800.0, 1e308, -1e308]


def grid():
    rng = np.random.default_rng(0)
    near, wide = rng.normal(0, 3, 1500), rng.uniform(-746, 746, 1500)
    small = rng.choice([-1, 1], 300) * 10.0 ** rng.uniform(-300, 0, 300)
    return np.concatenate([EXTREMES, near, wide, small])


def ulps(found, exact):
    """Distances from the exact (mpmath) values in units of the last place of the double next to them."""
    pairs = zip(np.ravel(found).tolist(), exact, strict=True)
    return max(float(abs(mpmath.mpf(a) - b) / mpmath.mpf(float(np.spacing(abs(float(b)))))) for a, b in pairs)


def exact_loss(y, eta):
    linear = max(mpmath.mpf(eta), 0) - mpmath.mpf(y) * mpmath.mpf(eta)  # first: exactly 0 for a sure label
    return linear + mpmath.log1p(mpmath.exp(-abs(mpmath.mpf(eta))))


def exact_sigma(eta):
    return 1 / (1 + mpmath.exp(-mpmath.mpf(eta)))


def exact_softmax(row):
    terms = [mpmath.exp(mpmath.mpf(x) - mpmath.mpf(max(row))) for x in row]
    return [t / mpmath.fsum(terms) for t in terms]


def each_row(y, eta):
    return [special.log_loss(a, b) for a, b in zip(y, eta, strict=True)]


# Accuracy


def test_expit_is_within_3_ulp_of_mpmath():
    eta = grid()
    assert ulps(special.expit(eta), [exact_sigma(x) for x in eta.tolist()]) <= 3


def test_expit_derivative_is_within_4_ulp_of_mpmath():
    eta = grid()
    exact = [exact_sigma(x) * exact_sigma(-x) for x in eta.tolist()]
    assert ulps(special.expit_derivative(eta), exact) <= 4


def test_expit_in_float32_is_the_rounded_double():
    eta = np.concatenate([np.linspace(-110, 110, 5001), EXTREMES[:-2]]).astype(np.float32)
    for function in special.expit, special.expit_derivative:
        found = function(eta)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, function(eta.astype(np.float64)).astype(np.float32))


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25, 1e-9])
def test_log_loss_is_within_4_ulp_of_mpmath(y):
    eta = grid()[::3]
    assert ulps(each_row(np.full(len(eta), y), eta), [exact_loss(y, x) for x in eta.tolist()]) <= 4


def test_log_loss_keeps_digits_of_small_losses():
    assert special.log_loss(1, 40) == pytest.approx(4.248354255291589e-18, rel=4e-16)
    assert special.log_loss(1, 745) == special.log_loss(0, -745) == TINY
    assert special.log_loss(1, 1e308) == 0
    assert special.log_loss([1] * 4, [745] * 4) == TINY
    assert special.log_loss([1, 1], [745, 745], [0.5, 0.25]) == TINY


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_log_loss_gradient_is_within_4_ulp_of_mpmath_for_labels(y):
    eta = grid()[::3]
    found = [special.log_loss_gradient(y, x) for x in eta]
    assert ulps(found, [exact_sigma(x) if y == 0 else -exact_sigma(-x) for x in eta.tolist()]) <= 4


def rows():
    rng = np.random.default_rng(1)
    for K in (1, 2, 3, 7, 32, 33, 50):
        for scale in (1, 30, 300):
            yield rng.normal(0, scale, (1, K))
    yield np.array([[0.1, -700.3]])
    yield np.array([[0.1, -744.9, 3.3]])
    yield np.array([[1e308, -1e308, 0.0]])
    yield np.array([[7.0, 7.0, 7.0, 7.0]])


def test_softmax_is_within_8_ulp_of_mpmath():
    for eta in rows():
        assert ulps(special.softmax(eta), exact_softmax(eta[0].tolist())) <= 8


def exact_cross_entropy(label, row):
    top = mpmath.mpf(max(row))
    rest = mpmath.fsum(mpmath.exp(mpmath.mpf(x) - top) for x in row)
    return mpmath.log(rest) + top - mpmath.mpf(row[label])


def test_cross_entropy_is_within_6_ulp_of_mpmath():
    for eta in list(rows())[:-2]:
        row = eta[0].tolist()
        with mpmath.workprec(3000):
            exact = [exact_cross_entropy(k, row) for k in range(len(row))]
        assert ulps([special.cross_entropy([k], eta) for k in range(len(row))], exact) <= 6


def test_cross_entropy_gradient_is_within_10_ulp_of_mpmath_for_labels():
    for eta in rows():
        p = exact_softmax(eta[0].tolist())
        with mpmath.workprec(3000):
            p = exact_softmax(eta[0].tolist())
            for label in {0, int(eta.argmax()), int(eta.argmin())}:
                exact = [q - (j == label) for j, q in enumerate(p)]
                assert ulps(special.cross_entropy_gradient([label], eta), exact) <= 10
                assert ulps(special.cross_entropy_gradient(np.eye(len(p))[[label]], eta), exact) <= 10


def test_cross_entropy_hessian_product_keeps_digits_of_a_sure_row():
    eta, V = np.array([[40.0, 0.0, -1.0]]), np.array([[1.0, 3.0, -2.0]])
    p = exact_softmax(eta[0].tolist())
    mean = sum(q * v for q, v in zip(p, V[0], strict=True))
    exact = [q * (v - mean) for q, v in zip(p, V[0], strict=True)]
    assert ulps(special.cross_entropy_hessian_product([0], eta, V), exact) <= 10


def test_two_columns_are_two_classes():
    eta = grid()
    y = np.arange(len(eta)) % 2
    both = np.column_stack([np.zeros_like(eta), eta])
    np.testing.assert_allclose(special.softmax(both)[:, 1], special.expit(eta), rtol=2e-15, atol=TINY)
    assert special.cross_entropy(y, both) == pytest.approx(special.log_loss(y, eta), rel=1e-13)
    np.testing.assert_allclose(
        special.cross_entropy_gradient(y, both)[:, 1], special.log_loss_gradient(y, eta), rtol=4e-15, atol=TINY
    )


# Extremes


def test_losses_over_the_whole_range_do_not_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert special.log_loss(0, 1e308) == 1e308
        assert special.log_loss([0, 0, 0], [MAX, MAX, MAX]) == MAX
        assert special.log_loss([0, 0], [1e308, 1e308], [1e308, 1e308]) == 1e308
        assert special.log_loss([0, 1], [3, 3], [TINY, TINY]) == special.log_loss([0, 1], [3, 3])
        assert special.log_loss([0, 1], [3, 3], [2.0**1023, 2.0**1023]) == special.log_loss([0, 1], [3, 3])
        assert special.cross_entropy([1, 0], [[1e308, -1e308], [0, -1e308]]) == 1e308
        assert special.cross_entropy([0, 1], [[3, 1], [3, 1]], [TINY, TINY]) == pytest.approx(1.1269280110429727)
        plain = special.log_loss_gradient([1, 0], [2, 3])
        for weight in TINY, 2.0**1023:
            np.testing.assert_array_equal(special.log_loss_gradient([1, 0], [2, 3], [weight, weight]), plain)


def test_infinite_linear_predictors_give_limits():
    inf = math.inf
    np.testing.assert_array_equal(special.expit([inf, -inf]), [1, 0])
    np.testing.assert_array_equal(special.expit_derivative([inf, -inf]), [0, 0])
    assert special.log_loss([1, 0], [inf, -inf]) == 0
    assert special.log_loss([1, 0], [inf, inf]) == inf
    assert special.log_loss([1, 0], [2, inf], [1, 0]) == special.log_loss(1, 2)
    np.testing.assert_array_equal(special.log_loss_gradient([1, 0, 1], [inf, inf, -inf]) * 3, [0, 1, -1])
    eta = [[-inf, 0, 0], [inf, 0, -inf], [-inf, -inf, 5]]
    np.testing.assert_array_equal(special.softmax(eta), [[0, 0.5, 0.5], [1, 0, 0], [0, 0, 1]])
    assert special.cross_entropy([1, 0, 2], eta) == pytest.approx(math.log(2) / 3)
    assert special.cross_entropy(np.eye(3)[[1, 0, 2]], eta) == pytest.approx(math.log(2) / 3)
    assert special.cross_entropy([0, 0, 2], eta) == inf
    assert special.cross_entropy([0, 0, 2], eta, [0, 1, 1]) == 0
    assert np.isnan(special.softmax([[inf, inf], [-inf, -inf]])).all()


def test_nan_in_eta_stays_in_its_row():
    nan = math.nan
    assert np.isnan(special.expit([nan, 0])).tolist() == [True, False]
    assert math.isnan(special.log_loss([0, 1], [nan, 1]))
    assert math.isnan(special.log_loss([0, 1], [nan, 1], [0, 1]))
    assert np.isnan(special.log_loss_gradient([0, 1], [nan, 1])).tolist() == [True, False]
    for K in (1, 3, 40):
        for at in (0, K - 1):
            eta = np.zeros((2, K))
            eta[0, at] = nan
            for found in special.softmax(eta), special.cross_entropy_gradient([0, 0], eta):
                assert np.isnan(found).all(axis=1).tolist() == [True, False]
                assert not np.isnan(found[1]).any()
            assert math.isnan(special.cross_entropy([0, 0], eta))
            assert math.isnan(special.cross_entropy(np.eye(K)[[0, 0]], eta))


# Agreement with SciPy, definitions, derivatives


def problem(n, K=None, seed=0):
    rng = np.random.default_rng(seed)
    weight = rng.random(n)
    if K is None:
        return rng.random(n), rng.normal(0, 2, n), weight, rng.normal(size=n)
    shares = rng.dirichlet(np.ones(K), n)
    return shares, rng.normal(0, 2, (n, K)), weight, rng.normal(size=(n, K))


def test_scipy_agrees():
    y, eta, weight, _ = problem(5000)
    np.testing.assert_allclose(special.expit(eta), scipy.special.expit(eta), rtol=1e-15)
    loss = np.logaddexp(0, eta) - y * eta
    assert special.log_loss(y, eta, weight) == pytest.approx(np.average(loss, weights=weight), rel=1e-14)
    for K in (1, 2, 5, 32, 33, 200, 9000):
        shares, eta, weight, _ = problem(70, K)
        log_p = scipy.special.log_softmax(eta, axis=1)
        np.testing.assert_allclose(special.softmax(eta), np.exp(log_p), rtol=1e-13)
        np.testing.assert_allclose(special.softmax(eta).sum(axis=1), 1, rtol=1e-14)
        expected = np.average(-(shares * log_p).sum(axis=1), weights=weight)
        assert special.cross_entropy(shares, eta, weight) == pytest.approx(expected, rel=1e-13)
        labels = np.arange(70) % K
        expected = np.average(-log_p[np.arange(70), labels], weights=weight)
        assert special.cross_entropy(labels, eta, weight) == pytest.approx(expected, rel=1e-13)
        one_hot = np.eye(K)[labels]
        assert special.cross_entropy(one_hot, eta, weight) == pytest.approx(expected, rel=1e-13)


def central(function, eta, direction, h=1e-5):
    return (function(eta + h * direction) - function(eta - h * direction)) / (2 * h)


@pytest.mark.parametrize("weighted", [False, True])
def test_derivatives_of_log_loss_are_those_of_finite_differences(weighted):
    y, eta, weight, v = problem(200)
    weight = weight if weighted else None
    gradient = special.log_loss_gradient(y, eta, weight)
    assert gradient @ v == pytest.approx(central(lambda e: special.log_loss(y, e, weight), eta, v), rel=1e-7)
    product = special.log_loss_hessian_product(y, eta, v, weight)
    expected = central(lambda e: special.log_loss_gradient(y, e, weight), eta, v)
    np.testing.assert_allclose(product, expected, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("K", [1, 2, 5, 40])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("soft", [False, True])
def test_derivatives_of_cross_entropy_are_those_of_finite_differences(K, weighted, soft):
    y, eta, weight, V = problem(100, K)
    weight = weight if weighted else None
    y = y if soft else np.arange(100) % K
    gradient = special.cross_entropy_gradient(y, eta, weight)
    slope = central(lambda e: special.cross_entropy(y, e, weight), eta, V)
    assert (gradient * V).sum() == pytest.approx(slope, rel=1e-7, abs=1e-10)
    product = special.cross_entropy_hessian_product(y, eta, V, weight)
    expected = central(lambda e: special.cross_entropy_gradient(y, e, weight), eta, V)
    np.testing.assert_allclose(product, expected, rtol=1e-6, atol=1e-10)


def test_shares_within_the_tolerance_keep_gradient_and_loss_consistent():
    y, eta, _, V = problem(50, 4)
    y = y * (1 + 5e-6)
    y = np.minimum(y, 1)
    slope = central(lambda e: special.cross_entropy(y, e), eta, V)
    assert (special.cross_entropy_gradient(y, eta) * V).sum() == pytest.approx(slope, rel=1e-7)


def test_codings_of_two_classes_agree():
    _, eta, weight, v = problem(9000)
    y = np.arange(9000) % 3 == 0
    for coded in y.astype(int), y.astype(np.int8), np.where(y, 1, -1), np.where(y, 1.0, -1.0), y.astype(">f4"):
        assert special.log_loss(coded, eta, weight) == special.log_loss(y, eta, weight)
        np.testing.assert_array_equal(special.log_loss_gradient(coded, eta), special.log_loss_gradient(y, eta))
        np.testing.assert_array_equal(
            special.log_loss_hessian_product(coded, eta, v), special.log_loss_hessian_product(y, eta, v)
        )


def test_weights_count_rows():
    y, eta, _, _ = problem(300)
    counts = np.arange(300) % 4
    repeated = special.log_loss(np.repeat(y, counts), np.repeat(eta, counts))
    assert special.log_loss(y, eta, counts) == pytest.approx(repeated, rel=1e-14)


def test_the_mean_of_many_rows_is_exact_to_a_few_ulp():
    n = 300_000
    y, eta, _, _ = problem(n)
    exact = math.fsum(each_row(y[:1000], eta[:1000])) * (n // 1000) / n
    found = special.log_loss(np.tile(y[:1000], n // 1000), np.tile(eta[:1000], n // 1000))
    assert found == pytest.approx(exact, rel=3e-15)


# Layouts, dtypes, threads


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "columns": lambda a: np.repeat(a, 3, axis=-1)[..., 1::3],
    "shifted": lambda a: np.concatenate([a[:1], a])[1:],
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
}
DTYPES = ["f2", "f4", "f8", "g", "i1", "i8", "u4", "?"]


def readonly(array):
    array = array.view()
    array.flags.writeable = False
    return array


@settings(max_examples=60, deadline=None)
@given(
    n=st.sampled_from([1, 7, 64, 4096, 5000, 70_000]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    dtype=st.sampled_from(DTYPES),
    threads=st.sampled_from([1, 2, 3, None, -1]),
    seed=st.integers(0, 100),
)
def test_two_class_functions_have_the_same_bits_for_any_layout_and_threads(n, layout, dtype, threads, seed):
    _, eta, weight, v = problem(n, seed=seed)
    y = np.arange(n) % 2
    eta = (10 * eta).clip(0 if dtype in ("u4", "?") else -100, 100).astype(dtype)
    plain = eta.astype(np.float64)
    laid = readonly(LAYOUTS[layout](eta))
    np.testing.assert_array_equal(laid, eta)
    single = dtype in ("f2", "f4")
    for function in special.expit, special.expit_derivative:
        found = function(laid, n_threads=threads)
        assert found.dtype == (np.float32 if single else np.float64)
        np.testing.assert_array_equal(found, function(plain, n_threads=1).astype(found.dtype))
    weight[0] = 0.5
    others = [LAYOUTS[layout](a) for a in (weight, v)]
    assert special.log_loss(y, laid, others[0], n_threads=threads) == special.log_loss(y, plain, weight, n_threads=1)
    found = special.log_loss_gradient(y, laid, others[0], n_threads=threads)
    np.testing.assert_array_equal(found, special.log_loss_gradient(y, plain, weight, n_threads=1).astype(found.dtype))
    found = special.log_loss_hessian_product(y, laid, others[1], n_threads=threads)
    expected = special.log_loss_hessian_product(y, plain, v, n_threads=1)
    np.testing.assert_array_equal(found, expected.astype(found.dtype))


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from([(1, 1), (70, 2), (30_000, 3), (2000, 32), (900, 33), (3, 9000), (50, 1000)]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    dtype=st.sampled_from(DTYPES),
    threads=st.sampled_from([1, 2, 3, None, -1]),
    soft=st.booleans(),
    seed=st.integers(0, 100),
)
def test_class_functions_have_the_same_bits_for_any_layout_and_threads(shape, layout, dtype, threads, soft, seed):
    n, K = shape
    shares, eta, weight, V = problem(n, K, seed)
    weight[0] = 0.5
    y = shares if soft else (np.arange(n) * 7) % K
    eta = (10 * eta).clip(0 if dtype in ("u4", "?") else -100, 100).astype(dtype)
    plain = eta.astype(np.float64)
    laid = readonly(LAYOUTS[layout](eta))
    y_laid, w_laid, V_laid = (readonly(LAYOUTS[layout](a)) for a in (y, weight, V))
    one, many = {"n_threads": 1}, {"n_threads": threads}
    assert special.cross_entropy(y_laid, laid, w_laid, **many) == special.cross_entropy(y, plain, weight, **one)
    for found, expected in [
        (special.softmax(laid, **many), special.softmax(plain, **one)),
        (
            special.cross_entropy_gradient(y_laid, laid, w_laid, **many),
            special.cross_entropy_gradient(y, plain, weight, **one),
        ),
        (
            special.cross_entropy_hessian_product(y_laid, laid, V_laid, w_laid, **many),
            special.cross_entropy_hessian_product(y, plain, V, weight, **one),
        ),
    ]:
        assert found.dtype == (np.float32 if dtype in ("f2", "f4") else np.float64)
        np.testing.assert_array_equal(found, expected.astype(found.dtype))


@settings(max_examples=200, deadline=None)
@given(
    eta=st.floats(allow_nan=False, width=64),
    y=st.sampled_from([0, 1]),
)
def test_properties_of_one_row(eta, y):
    p = special.expit(eta)
    assert 0 <= p <= 1
    assert special.log_loss(y, eta) == special.log_loss(1 - y, -eta) >= 0
    assert special.log_loss_gradient(y, eta) == -special.log_loss_gradient(1 - y, -eta)
    assert 0 <= special.expit_derivative(eta) <= 0.25 * (1 + 4 * np.finfo(float).eps)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=40))
def test_properties_of_a_softmax_row(row):
    p = special.softmax([row])[0]
    assert p.sum() == pytest.approx(1, rel=1e-14)
    order = np.argsort(row)
    assert (np.diff(p[order]) >= -1e-15).all()
    assert special.cross_entropy([int(np.argmax(row))], [row]) <= math.log(len(row)) * (1 + 1e-15)


def test_memory_order_and_shape_are_kept():
    eta = np.zeros((4, 3, 2))
    assert special.expit(np.asfortranarray(eta)).flags.f_contiguous
    assert special.expit(eta).flags.c_contiguous
    assert special.expit(eta.transpose(1, 0, 2)).shape == (3, 4, 2)
    assert special.expit(np.zeros((0, 5))).shape == (0, 5)
    assert special.expit([]).dtype == np.float64
    assert special.softmax(np.zeros((0, 3))).shape == (0, 3)
    assert special.expit(np.broadcast_to(1.0, (3, 4))).shape == (3, 4)


def test_scalars():
    assert special.expit(0) == 0.5
    assert isinstance(special.expit(0), np.float64)
    assert isinstance(special.expit(np.float32(0)), np.float32)
    assert type(special.log_loss(True, 0.0)) is float
    assert special.log_loss(-1, 2.0, 3) == special.log_loss(0, 2.0)
    assert special.log_loss_gradient(0, 0) == 0.5
    assert special.log_loss_hessian_product(0, 0, 4) == 1
    assert type(special.cross_entropy([0], [[1, 2]])) is float


def test_no_copy_of_a_large_array_is_made():
    tracemalloc = pytest.importorskip("tracemalloc")
    eta = np.zeros((40, 50_000), dtype=">f4").T
    y = np.zeros(len(eta), dtype=np.int8)
    calls = [
        (lambda: special.softmax(eta, n_threads=1), 4 * eta.size),
        (lambda: special.cross_entropy(y, eta, n_threads=1), 8 * len(y)),
        (lambda: special.expit(eta, n_threads=1), 4 * eta.size),
        (lambda: special.log_loss(y, eta[:, 0], n_threads=1), 0),
    ]
    for call, output in calls:
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < output + 6e6


# Bad input

TYPE, VALUE = TypeError, ValueError
BAD = [
    (lambda: special.expit("1"), TYPE, "eta: expected real numbers.*found dtype <U1 from a str"),
    (lambda: special.expit([1j]), TYPE, "eta.*complex128"),
    (lambda: special.expit([None]), TYPE, "eta.*object"),
    (lambda: special.expit([[1], [1, 2]]), TYPE, "eta.*list that makes no array"),
    (lambda: special.expit(np.array(["2020"], "M8[Y]")), TYPE, "eta.*datetime64"),
    (lambda: special.expit(0, n_threads=0), VALUE, "n_threads=0: expected a positive integer"),
    (lambda: special.expit(0, n_threads=1.5), TYPE, "n_threads=1.5: expected an integer or None"),
    (lambda: special.log_loss(["a"], [1]), TYPE, "y: .*<U1"),
    (lambda: special.log_loss([1], [1], ["a"]), TYPE, "sample_weight: .*<U1"),
    (lambda: special.log_loss([1], [1], [1j]), TYPE, "sample_weight: .*complex"),
    (lambda: special.log_loss_hessian_product([1], [1], [1j]), TYPE, "v: .*complex"),
    (lambda: special.cross_entropy_hessian_product([0], [[1]], [[1j]]), TYPE, "V: .*complex"),
    (lambda: special.log_loss([], []), VALUE, r"eta: expected at least one row, found shape \(0,\)"),
    (lambda: special.log_loss_gradient([], []), VALUE, "eta: expected at least one row"),
    (lambda: special.log_loss([1], [1, 2]), VALUE, r"y: expected shape \(2,\).*found \(1,\)"),
    (lambda: special.log_loss(1, [1, 2]), VALUE, r"y: expected shape \(2,\).*found \(\)"),
    (lambda: special.log_loss([[1]], [[1]]), VALUE, r"eta: expected shape \(n,\).*found \(1, 1\)"),
    (lambda: special.log_loss([1], [1], [1, 2]), VALUE, r"sample_weight: expected shape \(1,\).*found \(2,\)"),
    (lambda: special.log_loss_hessian_product([1], [1], [1, 2]), VALUE, r"v: expected shape \(1,\).*found \(2,\)"),
    (lambda: special.log_loss([0, 2], [1, 1]), VALUE, r"y: expected values in \[0, 1\].*found 2 at 1"),
    (lambda: special.log_loss([0, math.nan], [1, 1]), VALUE, "y: .*found nan at 1"),
    (lambda: special.log_loss([-1, math.nan], [1, 1]), VALUE, "y: .*found nan at 1"),
    (lambda: special.log_loss([1, -1, 0.5], [1, 1, 1]), VALUE, r"y: expected only -1 and \+1.*found 0.5 at 2"),
    (lambda: special.log_loss([-1, 0], [1, 1]), VALUE, "y: .*found 0 at 1"),
    (lambda: special.log_loss([-0.1], [1]), VALUE, "y: .*found -0.1 at 0"),
    (lambda: special.log_loss([-math.inf], [1]), VALUE, "y: .*found -inf at 0"),
    (lambda: special.log_loss([math.inf], [1]), VALUE, "y: .*found inf at 0"),
    (lambda: special.log_loss([0] * 70000 + [3], [0] * 70001), VALUE, "y: .*found 3 at 70000"),
    (lambda: special.log_loss_gradient([3], [1]), VALUE, "y: .*found 3 at 0"),
    (lambda: special.log_loss_hessian_product([3], [1], [1]), VALUE, "y: .*found 3 at 0"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, -1e-300]), VALUE, "sample_weight: .*found -1e-300 at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, math.nan]), VALUE, "sample_weight: .*found nan at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, math.inf]), VALUE, "sample_weight: .*found inf at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [0, 0]), VALUE, "sample_weight: .*only zeros"),
    (lambda: special.log_loss_gradient([0, 1], [1, 1], [0, 0]), VALUE, "sample_weight: .*only zeros"),
    (lambda: special.log_loss_gradient([0, 1], [1, 1], [-1, 0]), VALUE, "sample_weight: .*found -1 at 0"),
    (lambda: special.softmax([1, 2]), VALUE, r"eta: expected shape \(n, K\).*found \(2,\)"),
    (lambda: special.softmax(np.zeros((2, 0))), VALUE, r"eta: .*found \(2, 0\)"),
    (lambda: special.cross_entropy([], np.zeros((0, 3))), TYPE, "y: expected integers.*float64"),
    (lambda: special.cross_entropy(np.zeros(0, int), np.zeros((0, 3))), VALUE, "eta: expected at least one row"),
    (lambda: special.cross_entropy(np.zeros((0, 3)), np.zeros((0, 3))), VALUE, "at least one row"),
    (lambda: special.cross_entropy([0.0], [[1, 2]]), TYPE, "y: expected integers.*found float64"),
    (lambda: special.cross_entropy([2], [[1, 2]]), VALUE, r"y: expected labels in 0\.\.1.*found 2"),
    (lambda: special.cross_entropy([-1], [[1, 2]]), VALUE, "y: .*found -1"),
    (lambda: special.cross_entropy(np.array([2**63], np.uint64), [[1, 2]]), VALUE, "y: .*found 9223372036854775808"),
    (lambda: special.cross_entropy([0, 1], [[1, 2]]), VALUE, r"y: expected shape \(1,\) or \(1, 2\).*found \(2,\)"),
    (lambda: special.cross_entropy([[1]], [[1, 2]]), VALUE, r"y: expected shape \(1, 2\).*found \(1, 1\)"),
    (lambda: special.cross_entropy([[0.5, 0.6]], [[1, 2]]), VALUE, "y: expected shares that add up to 1.*at 0"),
    (lambda: special.cross_entropy([[1 + 1e-9, -1e-9]], [[1, 2]]), VALUE, r"y: expected shares in \[0, 1\].*\(0, 0\)"),
    (lambda: special.cross_entropy([[1, -1e-300]], [[1, 2]]), VALUE, r"y: .*found -1e-300 at \(0, 1\)"),
    (lambda: special.cross_entropy_gradient([[0, math.nan]], [[1, 2]]), VALUE, r"y: .*found nan at \(0, 1\)"),
    (lambda: special.cross_entropy_hessian_product([[0, 0]], [[1, 2]], [[1, 2]]), VALUE, "add up to 1"),
    (lambda: special.cross_entropy_hessian_product([0], [[1, 2]], [[1]]), VALUE, r"V: expected shape \(1, 2\)"),
    (lambda: special.cross_entropy([0], [[1, 2]], [-1]), VALUE, "sample_weight: .*found -1 at 0"),
    (lambda: special.cross_entropy_gradient([0], [[1, 2]], [0]), VALUE, "sample_weight: .*only zeros"),
]


@pytest.mark.parametrize("call, error, message", BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
