"""What a race minimises: a formulation (two classes, softmax, one against the rest) with its penalty and intercept."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bench.harness import many_classes, two_classes
from bench.harness.penalty import Penalty, lambda_max


@dataclass(frozen=True)
class Objective:
    """The mean loss plus the penalty.

    Attributes
    ----------
    penalty : Penalty
        Its strengths are on the scale of the mean loss.
    fit_intercept : bool
        Whether there are intercepts; they are never penalised.
    formulation : {"binary", "multinomial", "ovr"}
        Two classes, y in {-1, +1}; softmax of K classes, or each of them against the rest, y in {0, ..., K - 1}.
    n_classes : int
        K.
    """

    penalty: Penalty
    fit_intercept: bool
    formulation: str = "binary"
    n_classes: int = 2

    @property
    def is_binary(self) -> bool:
        """Whether coef is (p,) and the intercept a float; else they are (K, p) and (K,)."""
        return self.formulation == "binary"

    def n_coefficients(self, X) -> int:
        """The number of coefficients: p of two classes, K p of K."""
        return X.shape[1] if self.is_binary else self.n_classes * X.shape[1]

    def value(self, X, y: np.ndarray, coef: np.ndarray, intercept) -> float:
        """The objective in float64; NaN where a parameter is not finite."""
        if self.is_binary:
            return two_classes.objective(X, y, coef, intercept, self.penalty)
        return many_classes.objective(X, y, coef, intercept, self.penalty, self.formulation)

    def gap(self, X, y: np.ndarray, coef: np.ndarray, intercept) -> float:
        """A bound on the value less the minimum; infinite where there is none (no penalty, or K classes)."""
        if not self.is_binary:
            return math.inf
        return two_classes.duality_gap(X, y, coef, intercept, self.penalty, self.fit_intercept)

    def lambda_max(self, X, y: np.ndarray) -> float:
        """The smallest l1 for which coef = 0 is optimal."""
        if self.is_binary:
            return lambda_max(X, y, self.fit_intercept)
        arguments = (self.n_classes, self.fit_intercept, self.formulation, self.penalty.group)
        return many_classes.lambda_max(X, y, *arguments)

    def scale(self, minimum: float) -> float:
        """What suboptimality is relative to: the minimum, or with K classes the value where all parameters are zero."""
        if self.is_binary:
            return abs(minimum)
        return self.n_classes * math.log(2.0) if self.formulation == "ovr" else math.log(self.n_classes)
