"""Columns of very different scales cost few passes more: nothing about X needs to be rescaled by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.problems import random_matrix

from fastlr import fit_logistic

#: (n, p, density)
SHAPES = {"tall": (6000, 30, 1.0), "square": (900, 300, 1.0), "wide": (300, 1000, 1.0), "sparse": (2000, 3000, 0.01)}


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_problem_in_other_units_takes_at_most_half_as_many_passes_again(shape, penalty, fit_intercept):
    """Strengths in the units of the columns make it the same problem."""
    n, p, density = SHAPES[shape]
    rng = np.random.default_rng(0)
    X = random_matrix(n, p, density)
    y = (X @ rng.standard_normal(p) / np.sqrt(density * p) + rng.logistic(size=n) > 0).astype(float)
    scale = 10.0 ** rng.uniform(-6, 6, p)
    strength = {"l1": 2e-3, "l2": 1e-3}[penalty]
    scaled_strength = strength * scale ** {"l1": 1, "l2": 2}[penalty]
    layout = sp.csr_array if density < 1.0 else np.asarray
    options = {"fit_intercept": fit_intercept, "tol": 1e-8}
    own = fit_logistic(layout(X), y, **{penalty: strength}, **options)
    scaled = fit_logistic(layout(X * scale), y, **{penalty: scaled_strength}, **options)
    assert own.converged
    assert scaled.converged
    assert scaled.objective == pytest.approx(own.objective, rel=1e-7)
    np.testing.assert_allclose(scaled.coef * scale, own.coef, atol=1e-3)
    assert scaled.n_passes <= 1.5 * own.n_passes


def test_one_strength_for_all_columns_is_another_problem_and_converges_too():
    X = random_matrix(2000, 40, 1.0)
    rng = np.random.default_rng(0)
    y = (X @ rng.standard_normal(40) / 6 + rng.logistic(size=2000) > 0).astype(float)
    own = fit_logistic(X, y, l2=1e-4, tol=1e-8)
    scaled = fit_logistic(X * 10.0 ** rng.uniform(-6, 6, 40), y, l2=1e-4, tol=1e-8)
    assert scaled.converged
    assert scaled.n_passes <= 1.5 * own.n_passes
