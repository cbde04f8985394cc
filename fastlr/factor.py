"""Cholesky factors of dense symmetric matrices, on our own threads."""

import numpy as np

from fastlr.kernels import cholesky, gram

#: Share of a column's sum of squares that may be rounding once its mean is taken out.
CANCELLED = 1e-13
#: Rows from which a second thread pays.
ROWS_FOR_THREADS = 256


def penalised(gram, l2, beside=None):
    """A Gram matrix as a Hessian, in place: intercepts eliminated by taking `beside` away, l2 added.

    Parameters
    ----------
    gram, beside : ndarray of shape (m, m)
    l2 : float or ndarray of shape (m,)
    """
    diagonal = np.diag_indices_from(gram)
    if beside is not None:
        floor = CANCELLED * gram[diagonal]
        gram -= beside
        gram[diagonal] = np.maximum(gram[diagonal], floor)  # of a constant column only rounding is left
    gram[diagonal] += l2
    return gram


class CholeskyFactor:
    """L with L L' = A for a symmetric positive semidefinite A of shape (p, p).

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
    n_threads : int
    substitute : float
        Rows that depend on those before them to rounding get this share of their diagonal entry as pivot: L L' is
        then A plus something on the diagonal.
    """

    def __init__(self, matrix, n_threads, substitute=1.0):
        p = len(matrix)
        self.size = p
        down, across = gram.panel_shape(p)
        self._padded = np.zeros((across, across))
        self._padded[:p, :p] = matrix
        scratch = np.zeros((down, cholesky.PANEL)), np.zeros((across, cholesky.PANEL))
        n_threads = n_threads if p >= ROWS_FOR_THREADS else 1
        #: How many pivots were replaced: the rank that is missing, to rounding.
        self.replaced = cholesky.factor(self._padded, p, np.diag(matrix).copy(), substitute, *scratch, n_threads)

    @property
    def lower(self):
        """L, (p, p), a copy."""
        return np.tril(self._padded[: self.size, : self.size])

    def solve(self, b):
        """A^-1 b for b (p, K)."""
        x = b.T.copy()
        cholesky.solve(self._padded, x)
        cholesky.solve_transposed(self._padded, x)
        return x.T

    def solve_transposed(self, b):
        """L'^-1 b for b (p, K)."""
        x = b.T.copy()
        cholesky.solve_transposed(self._padded, x)
        return x.T
