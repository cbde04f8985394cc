"""K problems over one X: penalties, and each problem on its own."""

import numpy as np
import pytest

from fastlr import fit_logistic

PENALTIES = {
    "none": {},
    "l2": {"l2": 1e-2},
    "l1": {"l1": 5e-3},
    "elastic net": {"l1": 2e-3, "l2": 1e-2},
}


def single(X, y, k_weight, penalty, sample_weight=None, **arguments):
    """fit_logistic on one problem, whose label has these weights."""
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    mine = weight * np.where(y > 0, k_weight[1], k_weight[0])
    mass = mine.sum() / weight.sum()
    penalty = {name: np.asarray(strength) / mass for name, strength in penalty.items()}
    return fit_logistic(X, y, **penalty, sample_weight=mine, **arguments)


def assert_same_optimum(result, expected, tol):
    assert result.converged, result.message
    assert result.objective == pytest.approx(expected.objective, abs=2 * tol)
    np.testing.assert_allclose(result.coef, expected.coef, atol=1e-5)
    assert result.intercept == pytest.approx(expected.intercept, abs=1e-5)
