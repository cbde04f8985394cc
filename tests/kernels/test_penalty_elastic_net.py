"""The elastic net column by column, against its formulas."""

import numpy as np
import pytest
from support.kernel_cases import THREADS, check_columns, empty


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
