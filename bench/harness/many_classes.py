"""The objectives of K classes, in float64 NumPy, with class numbers y_i in {0, ..., K - 1}.

With linear predictors eta_i = coef x_i + intercept (K,), coef (K, p), the loss of a row is

    multinomial:  log sum_k exp(eta_ik) - eta_iy                    (y = y_i)
    ovr:          sum_k log(1 + exp(eta_ik)) - eta_iy               (one against the rest: K fits of two classes)

and the objective is its mean plus the penalty.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from bench.harness.penalty import Penalty


def objective(X, y: np.ndarray, coef: np.ndarray, intercept: np.ndarray, penalty: Penalty, formulation: str) -> float:
    """The objective at coef (K, p) and intercept (K,); NaN where a parameter is not finite."""
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        return float("nan")
    coef = np.asarray(coef, dtype=np.float64)  # whatever the peer computed in
    eta = np.asarray(X @ coef.T + intercept)
    of_classes = np.logaddexp(0.0, eta).sum(axis=1) if formulation == "ovr" else logsumexp(eta, axis=1)
    return float((of_classes - eta[np.arange(len(y)), y]).mean()) + penalty.value(coef)


def lambda_max(X, y: np.ndarray, K: int, fit_intercept: bool, formulation: str, group: bool) -> float:
    """The smallest l1 for which coef = 0 is optimal, at the best intercepts or (without them) at zero."""
    free = np.bincount(y, minlength=K) / len(y)
    share = free if fit_intercept else np.full(K, 0.5 if formulation == "ovr" else 1.0 / K)
    gradient = (X.T @ (share - np.eye(K)[y])) / len(y)  # (p, K)
    return float(np.linalg.norm(gradient, axis=1).max() if group else np.abs(gradient).max())
