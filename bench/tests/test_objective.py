"""The objective of two classes and its certificate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from scipy.special import expit

from bench.data.generated import dense, text
from bench.harness.penalty import Penalty, lambda_max, make_penalty
from bench.harness.two_classes import best_intercept, duality_gap, loss, objective


def small(kind: str = "dense"):
    X, y = dense(200, 5, seed=3) if kind == "dense" else text(150, 80, 12, seed=3)
    return X, y


def test_loss_is_exact_at_the_extremes():
    assert loss(np.array([1e308, -1e308, 0.0, 40.0])).tolist() == [0.0, 1e308, np.log(2), np.log1p(np.exp(-40))]


def test_objective_of_a_diverged_fit_is_nan():
    X, y = small()
    assert np.isnan(objective(X, y, np.full(5, np.inf), 0.0, Penalty(0.1, 0.0, "")))


def test_best_intercept_zeroes_the_derivative():
    X, y = small()
    eta = X @ np.arange(5.0)
    b = best_intercept(eta, y, 50.0)
    assert abs((expit(eta + b) - (y > 0)).sum()) < 1e-10


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_lambda_max_is_where_zero_stops_being_optimal(fit_intercept):
    X, y = small()
    top = lambda_max(X, y, fit_intercept)
    zero = np.zeros(5)
    b = best_intercept(zero[:1].repeat(len(y)), y, 0.0) if fit_intercept else 0.0
    at = Penalty(0.0, top, "")
    assert duality_gap(X, y, zero, b, at, fit_intercept) == pytest.approx(0, abs=1e-12)
    assert duality_gap(X, y, zero, b, dataclasses.replace(at, l1=0.9 * top), fit_intercept) > 1e-4


@pytest.mark.parametrize("kind", ["l2", "l1", "enet"])
@pytest.mark.parametrize("storage", ["dense", "text"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_gap_bounds_the_suboptimality(kind, storage, fit_intercept):
    X, y = small(storage)
    penalty = make_penalty(X, y, kind, 1.0 if kind == "l2" else 5.0, fit_intercept)
    p = X.shape[1]

    def split(z):  # coef = z[:p] - z[p:2p], both parts at least 0
        return objective(X, y, z[:p] - z[p : 2 * p], z[-1] * fit_intercept, penalty)

    def slope(z):
        r = (expit(X @ (z[:p] - z[p : 2 * p]) + z[-1] * fit_intercept) - (y > 0)) / len(y)
        g = X.T @ r + penalty.l2 * (z[:p] - z[p : 2 * p])
        return np.concatenate([g + penalty.l1, penalty.l1 - g, [r.sum() * fit_intercept]])

    bounds = [(0, None)] * (2 * p) + [(None, None)]
    options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 200_000}
    z = minimize(split, np.zeros(2 * p + 1), jac=slope, bounds=bounds, method="L-BFGS-B", options=options).x
    best = split(z)
    coef = z[:p] - z[p : 2 * p]
    assert duality_gap(X, y, coef, z[-1], penalty, fit_intercept) < 1e-5
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 3.0):
        away = coef + scale * rng.normal(size=p)
        b = best_intercept(X @ away, y, 0.0) if fit_intercept else 0.0
        assert duality_gap(X, y, away, b, penalty, fit_intercept) >= objective(X, y, away, b, penalty) - best


def test_slope_of_the_objective():
    X, y = small()
    penalty = Penalty(0.3, 0.0, "")

    def value(w):
        return objective(X, y, w, 0.2, penalty)

    def slope(w):
        return X.T @ (expit(X @ w + 0.2) - (y > 0)) / len(y) + 0.3 * w

    assert check_grad(value, slope, np.arange(5) / 5) < 1e-6
