"""The harness of many classes on a small problem."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from bench.class_peers import PEERS, Fastlr
from bench.class_table import row
from bench.classes import TARGET, Case, race


def small(mode="multinomial", **penalty):
    r = np.random.default_rng(0)
    X = sp.random_array((150, 40), density=0.3, rng=r, format="csr")
    y = r.integers(3, size=150)
    return Case(X, y, mode, fit_intercept=False, **penalty)


def test_the_objective_is_that_of_plain_numpy():
    r = np.random.default_rng(1)
    coef, intercept = r.standard_normal((3, 40)), r.standard_normal(3)
    for group in (False, True):
        case = small(l1=0.1, l2=0.3, group=group)
        p = np.exp(case.X @ coef.T + intercept)
        p /= p.sum(axis=1, keepdims=True)
        absolute = np.linalg.norm(coef, axis=0).sum() if group else np.abs(coef).sum()
        expected = -np.log(p[np.arange(150), case.y]).mean() + 0.15 * np.sum(coef**2) + 0.1 * absolute
        assert case.objective(coef, intercept) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("group", [False, True])
def test_from_the_largest_l1_on_all_coefficients_are_zero(group):
    case = small(group=group)
    case.l1 = case.largest_l1() * (1 + 1e-9)
    assert not Fastlr(case).fit(1e-10)[1].any()
    case.l1 *= 0.99
    assert Fastlr(case).fit(1e-10)[1].any()


@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_a_race_brings_everyone_to_the_target(mode):
    peers = [peer for peer in PEERS[mode, "l2"] if peer.name.startswith("sklearn")]
    case = small(mode, l2=0.01)
    found = race(case, [Fastlr, *peers], limit=30.0, repeats=1)
    assert len(found) == 1 + len(peers) >= 3
    assert all(entry["reached"] and entry["excess"] <= TARGET for entry in found.values())
    assert "sklearn-lbfgs" in row({"case": "toy", "shape": [150, 40], "K": 3, "found": found})
