"""The objective of two classes: value and certificate, in float64 NumPy, independent of every solver.

It is fastlr's core objective with unit weights,

    P(coef, intercept) = mean_i log(1 + exp(-m_i)) + l2/2 ||coef||^2 + l1 ||coef||_1,

with margins m_i = y_i (x_i . coef + intercept), y_i in {-1, +1} and the intercept never penalised.  Other packages
minimise n or C n times it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, xlogy

from bench.harness.penalty import Penalty


def loss(margin: np.ndarray) -> np.ndarray:
    """log(1 + exp(-margin)), exact to rounding for every margin."""
    return np.maximum(-margin, 0) + np.log1p(np.exp(-np.abs(margin)))


def objective(X, y: np.ndarray, coef: np.ndarray, intercept: float, penalty: Penalty) -> float:
    """P at (coef, intercept); NaN where a parameter is not finite."""
    if not (np.isfinite(coef).all() and np.isfinite(intercept)):
        return float("nan")
    return float(loss(y * (X @ coef + intercept)).mean()) + penalty.value(coef)


def best_intercept(eta: np.ndarray, y: np.ndarray, start: float) -> float:
    """The b that makes sum(sigmoid(eta + b) - [y > 0]) vanish, by safeguarded Newton steps."""
    positive = (y > 0).sum()
    low, high = -np.inf, np.inf
    b = start
    for _ in range(100):
        probability = expit(eta + b)
        slope = probability.sum() - positive
        low, high = (b, high) if slope < 0 else (low, b)
        step = -slope / max((probability * (1 - probability)).sum(), 1e-300)
        proposal = b + float(np.clip(step, -5, 5))
        if not low <= proposal <= high:
            proposal = (low + high) / 2
        if proposal == b or abs(step) < 1e-15:
            break
        b = proposal
    return b


def duality_gap(X, y: np.ndarray, coef: np.ndarray, intercept: float, penalty: Penalty, fit_intercept: bool) -> float:
    """A bound on P(coef, intercept) - min P, from the dual point of the residuals; infinite without a penalty.

    With a_i = sigmoid(-m_i) at the best intercept for coef, v = X' (a y) / n and t = 1 (t = min(1, l1 / ||v||_inf)
    where l2 = 0), the dual value is

        mean_i H(t a_i) - sum_j max(t |v_j| - l1, 0)^2 / (2 l2),   H(a) = -a log a - (1 - a) log(1 - a).
    """
    if penalty.kind == "none":
        return float("inf")
    eta = X @ coef
    if fit_intercept:
        intercept = best_intercept(eta, y, intercept)
    primal = float(loss(y * (eta + intercept)).mean()) + penalty.value(coef)
    a = expit(-y * (eta + intercept))
    v = np.abs(X.T @ (a * y)) / len(y)
    if penalty.l2 > 0:
        conjugate = float((np.maximum(v - penalty.l1, 0) ** 2).sum()) / (2 * penalty.l2)
    else:
        conjugate = 0.0
        a *= min(1.0, penalty.l1 / v.max()) if v.max() > 0 else 1.0
    return primal - float(-(xlogy(a, a) + xlogy(1 - a, 1 - a)).mean()) + conjugate
