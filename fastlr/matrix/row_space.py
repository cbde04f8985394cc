"""The space that the rows of X span, for fits with fewer rows than columns."""

import numpy as np

from fastlr.linalg.cholesky import CholeskyFactor
from fastlr.matrix.dense import DenseMatrix


class RowSpace:
    """L with L L' = X W X', W = diag(weights) positive: for coef = W X' a and v = L' a,  X coef = L v  and
    coef' W^-1 coef = v' v.

    Attributes
    ----------
    matrix : DenseMatrix
        L, lower triangular (n, n).
    """

    def __init__(self, matrix, weights):
        self._X = matrix
        self._weights = weights
        # a row that depends on others keeps a pivot that is rounding: L L' is X W X' to the last digits all the same
        self._factor = CholeskyFactor(matrix.transposed().gram(weights), matrix.n_threads, substitute=1e-13)
        self.matrix = DenseMatrix(self._factor.lower, 1)

    def lift(self, v):
        """coef (p, 1) for v (n, 1)."""
        a = np.ascontiguousarray(self._factor.solve_transposed(v)[:, 0])
        return (self._weights * self._X.adjoint(a))[:, None]
