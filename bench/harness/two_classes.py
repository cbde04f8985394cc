"""The objective as the harness sees it: value and certificate, in float64 NumPy, independent of every solver.

The objective is fastlr's core objective with unit weights,

    P(coef, intercept) = mean_i log(1 + exp(-m_i)) + l2/2 ||coef||^2 + l1 ||coef||_1,

with margins m_i = y_i (x_i . coef + intercept), y_i in {-1, +1} and the intercept never penalised.  Other packages
minimise n or C n times it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, xlogy


@dataclass(frozen=True)
class Penalty:
    """The penalty l2/2 ||coef||^2 + l1 ||coef||_1 on the scale of the mean loss.

    Attributes
    ----------
    l2, l1 : float
        Strengths, at least 0.
    label : str
        How the result files name it, such as "l2-C1" or "l1-20".
    """

    l2: float
    l1: float
    label: str

    @property
    def kind(self) -> str:
        """Which peers can take part: "l2", "l1", "enet" or "none"."""
        if self.l1 > 0:
            return "enet" if self.l2 > 0 else "l1"
        return "l2" if self.l2 > 0 else "none"

    @property
    def strength(self) -> float:
        """l1 + l2: what glmnet calls lambda and glum alpha."""
        return self.l1 + self.l2

    @property
    def l1_ratio(self) -> float:
        """The share of l1 in the strength."""
        return self.l1 / self.strength if self.strength else 0.0

    def inverse_strength(self, n: int) -> float:
        """The C of scikit-learn: 1 / (n (l1 + l2)), infinite without a penalty."""
        return 1 / (n * self.strength) if self.strength else np.inf

    def value(self, coef: np.ndarray) -> float:
        """The penalty at coef (p,)."""
        return 0.5 * self.l2 * float(coef @ coef) + self.l1 * float(np.abs(coef).sum())


def loss(margin: np.ndarray) -> np.ndarray:
    """log(1 + exp(-margin)), exact to rounding for every margin."""
    return np.maximum(-margin, 0) + np.log1p(np.exp(-np.abs(margin)))


def objective(X, y: np.ndarray, coef: np.ndarray, intercept: float, penalty: Penalty) -> float:
    """P at (coef, intercept); NaN where a parameter is not finite."""
    if not (np.isfinite(coef).all() and np.isfinite(intercept)):
        return float("nan")
    return float(loss(y * (X @ coef + intercept)).mean()) + penalty.value(coef)


def lambda_max(X, y: np.ndarray, fit_intercept: bool) -> float:
    """The smallest l1 for which coef = 0 is optimal: ||X'r||_inf at coef = 0 and the best intercept."""
    share = (y > 0).mean() if fit_intercept else 0.5
    return float(np.abs(X.T @ (share - (y > 0))).max()) / len(y)


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
