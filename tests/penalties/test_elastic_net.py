"""The elastic net, within bounds too: values, subgradients, gap and dual points, against their formulas."""

import numpy as np
import pytest

from fastlr.kernels import penalty_elastic_net
from fastlr.penalties.elastic_net import BoundedElasticNet, ElasticNet

P = 6


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("kind", ["scalars", "per row", "own"])
def test_penalty_values_for_strengths_of_every_shape(K, kind):
    rng = np.random.default_rng(0)
    shape = (P, K)
    own = {"scalars": (), "per row": (P, 1), "own": shape}[kind]
    l1, l2 = rng.random(own), rng.random(own)
    penalty = ElasticNet(l1, l2, shape)
    a, b = rng.standard_normal((2, *shape))
    assert penalty.smooth(a) == pytest.approx(0.5 * np.sum(l2 * a**2))
    assert penalty.smooth_product(a, b) == pytest.approx(np.sum(l2 * a * b))
    assert penalty.absolute(a) == pytest.approx(np.sum(l1 * np.abs(a)))
    assert penalty.absolute_change(a, b) == pytest.approx(np.sum(l1 * (np.abs(a + b) - np.abs(a))))
    assert penalty.smooth_gap(b) == pytest.approx(np.sum(b**2 / l2) / 2)
    excess = np.maximum(np.abs(b) - l1, 0.0)
    expected = np.sum(l1 * np.abs(a) + l2 * a**2 / 2 + excess**2 / (2 * l2) + a * b)
    assert penalty.gap(a, b) == pytest.approx(expected)
    smallest, largest = penalty.subgradient(a, b)
    np.testing.assert_allclose(smallest, b + np.sign(a) * l1)
    assert largest == pytest.approx(np.abs(smallest).max())
    kept = penalty.restrict(np.array([3, 1]))
    assert kept.absolute(a[[3, 1]]) == pytest.approx(np.sum(np.broadcast_to(l1, shape)[[3, 1]] * np.abs(a[[3, 1]])))
    np.testing.assert_array_equal(kept.beside_l1(a[[3, 1]]), penalty.beside_l1(a)[[3, 1]])


@pytest.mark.parametrize("bounds", [(), (-1.0, np.inf)])
@pytest.mark.parametrize("columns", [[0], [1], [0, 1], [1, 2]])
def test_violations_are_measured_alike_in_all_columns_and_in_a_few(columns, bounds):
    l1, v = np.array([0.02, 0.0, 0.06])[:, None], np.array([1.0, -2.0, 3.0])[:, None]
    penalty = (BoundedElasticNet if bounds else ElasticNet)(l1, 0.0, *bounds, (3, 1))
    few = penalty.restrict(np.array(columns))
    np.testing.assert_array_equal(few.beside_l1(v[columns]), penalty.beside_l1(v)[columns])


def test_dual_scale_makes_the_residual_feasible_where_only_l1_acts():
    l1, l2 = np.array([0.5, 0.1, 0.2])[:, None], np.array([0.0, 1.0, 0.0])[:, None]
    penalty = ElasticNet(l1, l2, (3, 1))
    assert penalty.dual_scale(np.array([[0.4], [9.0], [0.2]])) == 1.0
    assert penalty.dual_scale(np.array([[-2.0], [9.0], [0.3]])) == pytest.approx(0.25)


# --- within bounds ----------------------------------------------------------------------------------------------------


def terms(seed, size=9000):
    """Coefficients within bounds, some of them infinite or touched, and strengths, some zero."""
    rng = np.random.default_rng(seed)
    lower = np.where(rng.random(size) < 0.3, -np.inf, -rng.random(size))
    upper = np.where(rng.random(size) < 0.3, np.inf, lower.clip(-1.0) + 1.5 * rng.random(size))
    coef = np.clip(rng.normal(scale=0.7, size=size) * (rng.random(size) < 0.7), lower, upper)
    l1 = rng.random(size) * (rng.random(size) < 0.7)
    return coef, rng.normal(size=size), l1, rng.random(size), lower, upper


def penalty_of(w, l1, l2):
    return l1 * abs(w) + 0.5 * l2 * w * w


def brute_conjugate(s, l1, l2, lower, upper):
    """max over v in [lower, upper] of s v - l1 |v| - l2 v^2 / 2, from all candidates."""
    candidates = [v for v in (lower, upper) if np.isfinite(v)]
    candidates += [v for v in (0.0, (s - l1) / l2, (s + l1) / l2) if lower <= v <= upper]
    return max(s * v - penalty_of(v, l1, l2) for v in candidates)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_the_gap_of_the_columns_is_fenchel_young(n_threads):
    coef, adjoint, l1, l2, lower, upper = terms(0, 1500)
    each = [
        penalty_of(w, a, b) + brute_conjugate(-0.7 * z, a, b, lo, hi) + 0.7 * z * w
        for w, z, a, b, lo, hi in zip(coef, adjoint, l1, l2, lower, upper, strict=True)
    ]
    assert min(each) > -1e-14
    found = penalty_elastic_net.gap_within(coef, adjoint, 0.7, l1, l2, lower, upper, n_threads)
    assert found == pytest.approx(sum(each), rel=1e-12)


def test_the_subgradient_is_zero_where_the_box_stops_it():
    coef = np.array([0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 0.0])
    gradient = np.array([0.3, -0.3, 0.2, -0.2, -0.7, 0.7, 0.05])
    lower, upper = np.full(7, 0.0), np.full(7, 1.0)
    penalty = BoundedElasticNet(0.1, 0.0, lower[:, None], upper[:, None], (7, 1))
    found, largest = penalty.subgradient(coef[:, None], gradient[:, None])
    np.testing.assert_allclose(found[:, 0], [0.0, -0.2, 0.3, -0.1, 0.0, 0.8, 0.0], atol=1e-16)
    assert largest == pytest.approx(0.8)


def test_the_gap_without_penalty_asks_for_closed_bounds():
    assert BoundedElasticNet(0.0, 0.0, -1.0, 1.0, (3, 1)).covers_all
    half = BoundedElasticNet(0.0, 0.0, 0.0, np.inf, (3, 1))
    assert not half.covers_all
    assert half.gap(np.ones((3, 1)), np.ones((3, 1))) == np.inf


def test_scaling_keeps_the_dual_point_feasible_towards_open_sides_only():
    adjoint = np.array([0.5, -0.5, 2.0, -2.0])
    lower, upper = np.array([-np.inf, 0.0, 0.0, 0.0]), np.array([0.0, np.inf, np.inf, np.inf])
    l1, l2 = np.array([1.0, 1.0, 1.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.0])
    assert penalty_elastic_net.largest_ratio(adjoint, l1, l2, lower, upper, 1) == 2.0
    upper[3] = 1.0
    assert penalty_elastic_net.largest_ratio(adjoint, l1, l2, lower, upper, 1) == 0.5
