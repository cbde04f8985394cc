"""The penalty of a race: its strengths, its value, its name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Penalty:
    """The penalty l2/2 ||coef||^2 + l1 ||coef||_1 on the scale of the mean loss.

    Attributes
    ----------
    l2, l1 : float
        Strengths, at least 0.
    label : str
        How the result files name it, such as "l2-C1" or "l1-20".
    group : bool
        With K classes: l1 weighs the sum of the norms of the columns of coef (K, p), instead of ||coef||_1.
    """

    l2: float
    l1: float
    label: str
    group: bool = False

    @property
    def kind(self) -> str:
        """Which peers can take part: "l2", "l1", "enet", "group" or "none"."""
        if self.group:
            return "group"
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
        """The penalty at coef (p,) or (K, p)."""
        absolute = np.linalg.norm(coef, axis=0) if self.group else np.abs(coef)
        return 0.5 * self.l2 * float(np.vdot(coef, coef)) + self.l1 * float(absolute.sum())


def lambda_max(X, y: np.ndarray, fit_intercept: bool) -> float:
    """The smallest l1 for which coef = 0 is optimal: ||X'r||_inf at coef = 0 and the best intercept."""
    share = (y > 0).mean() if fit_intercept else 0.5
    return float(np.abs(X.T @ (share - (y > 0))).max()) / len(y)


def make_penalty(X, y: np.ndarray, kind: str, value: float, fit_intercept: bool, l1_ratio: float = 0.5) -> Penalty:
    """The penalty of a race.

    Parameters
    ----------
    kind : {"l2", "l1", "enet", "none"}
        For "l2", `value` is scikit-learn's C (l2 = 1 / (C n)).  For "l1" and "enet" it is the divisor d:
        l1 = lambda_max / d, and l2 = l1 (1 - l1_ratio) / l1_ratio for the elastic net.
    """
    name = label(kind, value, l1_ratio)
    if kind == "none":
        return Penalty(0.0, 0.0, name)
    if kind == "l2":
        return Penalty(1 / (value * len(y)), 0.0, name)
    l1 = lambda_max(X, y, fit_intercept) / value
    return Penalty(l1 * (1 - l1_ratio) / l1_ratio if kind == "enet" else 0.0, l1, name)


def label(kind: str, value: float, l1_ratio: float = 0.5) -> str:
    """The name of a penalty in file names."""
    return {"none": "none", "l2": f"l2-C{value:g}", "l1": f"l1-{value:g}", "enet": f"enet{l1_ratio:g}-{value:g}"}[kind]
