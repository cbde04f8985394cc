"""The values of fastlr.special against mpmath, SciPy and finite differences."""

import math
import warnings

import mpmath
import numpy as np
import pytest
import scipy.special
from support.problems import predictor_problem

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


def test_scipy_agrees():
    y, eta, weight, _ = predictor_problem(5000)
    np.testing.assert_allclose(special.expit(eta), scipy.special.expit(eta), rtol=1e-15)
    loss = np.logaddexp(0, eta) - y * eta
    assert special.log_loss(y, eta, weight) == pytest.approx(np.average(loss, weights=weight), rel=1e-14)
    for K in (1, 2, 5, 32, 33, 200, 9000):
        shares, eta, weight, _ = predictor_problem(70, K)
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
    y, eta, weight, v = predictor_problem(200)
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
    y, eta, weight, V = predictor_problem(100, K)
    weight = weight if weighted else None
    y = y if soft else np.arange(100) % K
    gradient = special.cross_entropy_gradient(y, eta, weight)
    slope = central(lambda e: special.cross_entropy(y, e, weight), eta, V)
    assert (gradient * V).sum() == pytest.approx(slope, rel=1e-7, abs=1e-10)
    product = special.cross_entropy_hessian_product(y, eta, V, weight)
    expected = central(lambda e: special.cross_entropy_gradient(y, e, weight), eta, V)
    np.testing.assert_allclose(product, expected, rtol=1e-6, atol=1e-10)


def test_shares_within_the_tolerance_keep_gradient_and_loss_consistent():
    y, eta, _, V = predictor_problem(50, 4)
    y = y * (1 + 5e-6)
    y = np.minimum(y, 1)
    slope = central(lambda e: special.cross_entropy(y, e), eta, V)
    assert (special.cross_entropy_gradient(y, eta) * V).sum() == pytest.approx(slope, rel=1e-7)


def test_codings_of_two_classes_agree():
    _, eta, weight, v = predictor_problem(9000)
    y = np.arange(9000) % 3 == 0
    for coded in y.astype(int), y.astype(np.int8), np.where(y, 1, -1), np.where(y, 1.0, -1.0), y.astype(">f4"):
        assert special.log_loss(coded, eta, weight) == special.log_loss(y, eta, weight)
        np.testing.assert_array_equal(special.log_loss_gradient(coded, eta), special.log_loss_gradient(y, eta))
        np.testing.assert_array_equal(
            special.log_loss_hessian_product(coded, eta, v), special.log_loss_hessian_product(y, eta, v)
        )


def test_weights_count_rows():
    y, eta, _, _ = predictor_problem(300)
    counts = np.arange(300) % 4
    repeated = special.log_loss(np.repeat(y, counts), np.repeat(eta, counts))
    assert special.log_loss(y, eta, counts) == pytest.approx(repeated, rel=1e-14)


def test_the_mean_of_many_rows_is_exact_to_a_few_ulp():
    n = 300_000
    y, eta, _, _ = predictor_problem(n)
    exact = math.fsum(each_row(y[:1000], eta[:1000])) * (n // 1000) / n
    found = special.log_loss(np.tile(y[:1000], n // 1000), np.tile(eta[:1000], n // 1000))
    assert found == pytest.approx(exact, rel=3e-15)
