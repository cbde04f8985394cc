"""The logistic loss row by row: loss, residual, curvature, slopes and gap against NumPy and mpmath."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.comparisons import assert_same_bits, assert_within
from support.kernel_cases import THREADS, random_rows
from support.kernels import cpu_levels, load_kernels
from support.references import logistic_rows

ROW_BLOCK = 4096
SIZES = (5e-324, 1e-300, 1e-17, 1e-8, 0.3, 1.0, 17.3, 30.0, 36.9, 40.0, 700.0, 708.5, 745.0, 745.2, 746.5, 1e5, 1e308)
ETAS = np.array([0.0, *SIZES, *(-size for size in SIZES)])
TARGETS = (0.0, 1.0, 0.3)


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
