"""Predictions of a fitted model for new rows, in one pass over their X: functions of X coef + intercept.

Each function takes a matrix, coef (p,) float64 and a number, and returns what it computed together with whether all
linear predictors are finite.  If they are not, X may hold NaN or infinity (which always shows there), or a product of
finite numbers has overflowed; probabilities and labels of an infinite linear predictor are its limits.
"""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import predict


@dataclass(frozen=True)
class Output:
    """The function of linear predictors to compute, and the array that takes it; see kernels/predict.pyx."""

    kind: int
    out: np.ndarray
    y: np.ndarray | None = None
    weight: np.ndarray | None = None
    scale: float = 1.0

    def for_kernels(self):
        """The arguments kind, single, out, y, weight, scale of the kernels."""
        raw = self.out.reshape(-1).view(np.uint8)
        return self.kind, self.out.dtype == np.float32, raw, self.y, self.weight, self.scale


def linear_predictor(matrix, coef, intercept, dtype):
    """X coef + intercept, shape (n,), stored as `dtype` (float64 or float32)."""
    out = np.empty(matrix.shape[0], dtype)
    return out, matrix.predict(coef, intercept, Output(predict.LINEAR, out))


def probabilities(matrix, coef, intercept, dtype):
    """Probabilities of the first and the second class, shape (n, 2)."""
    out = np.empty((matrix.shape[0], 2), dtype)
    return out, matrix.predict(coef, intercept, Output(predict.PROBABILITY, out))


def log_probabilities(matrix, coef, intercept, dtype):
    """Logarithms of the probabilities, shape (n, 2), finite also where a probability underflows."""
    out = np.empty((matrix.shape[0], 2), dtype)
    return out, matrix.predict(coef, intercept, Output(predict.LOG_PROBABILITY, out))


def labels(matrix, coef, intercept):
    """1 where the linear predictor is positive, else 0, shape (n,) int64."""
    out = np.empty(matrix.shape[0], np.int64)
    return out, matrix.predict(coef, intercept, Output(predict.LABEL, out))


def mean_loss(matrix, coef, intercept, y, weight=None):
    """Weighted mean of log(1 + exp(eta)) - y eta.

    Parameters
    ----------
    y : ndarray of shape (n,), uint8, of zeros and ones
    weight : ndarray of shape (n,), float64, sum one; None for equal weights
    """
    n = matrix.shape[0]
    sums = np.zeros(-(-n // predict.BLOCK))
    scale = 1.0 / n if weight is None else 1.0
    finite = matrix.predict(coef, intercept, Output(predict.LOSS, sums, y, weight, scale))
    return float(sums.sum()), finite
