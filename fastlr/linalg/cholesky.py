"""Cholesky factors of dense symmetric matrices, on our own threads; and of Gram matrices without forming these."""

import numpy as np

from fastlr.kernels import linalg_cholesky, products_gram

#: Share of a column's sum of squares that may be rounding once its mean is taken out.
CANCELLED = 1e-13
#: Share of a column that those before it do not explain, up to which it is rounding.
DEPENDENT = 1e-13
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
        self._diagonal = np.diag(matrix).copy()
        down, across = products_gram.panel_shape(p)
        self._padded = np.zeros((across, across))
        self._padded[:p, :p] = matrix
        scratch = np.zeros((down, linalg_cholesky.PANEL)), np.zeros((across, linalg_cholesky.PANEL))
        n_threads = n_threads if p >= ROWS_FOR_THREADS else 1
        #: Number of pivots replaced: the rank that is missing, to rounding.
        self.replaced = linalg_cholesky.factor(self._padded, p, self._diagonal, substitute, *scratch, n_threads)

    @property
    def least_pivot(self):
        """The least share of a diagonal entry that those before it do not explain; 0 where one was replaced."""
        if self.replaced:
            return 0.0
        pivots = np.diag(self._padded)[: self.size] ** 2
        return float(np.min(pivots / self._diagonal, initial=1.0))

    @property
    def lower(self):
        """L, (p, p), a copy."""
        return np.tril(self._padded[: self.size, : self.size])

    def solve(self, b):
        """A^-1 b for b (p, K)."""
        x = b.T.copy()
        linalg_cholesky.solve(self._padded, x)
        linalg_cholesky.solve_transposed(self._padded, x)
        return x.T

    def solve_transposed(self, b):
        """L'^-1 b for b (p, K)."""
        x = b.T.copy()
        linalg_cholesky.solve_transposed(self._padded, x)
        return x.T


class OrthogonalFactor:
    """L with L L' = A' A for A of shape (m, p), by Householder transformations: it has the digits that A' A has lost
    where columns nearly depend on each other.

    Parameters
    ----------
    root : ndarray of shape (m, p)
        A.
    """

    def __init__(self, root):
        m, p = root.shape
        padded = root if m >= p else np.vstack([root, np.zeros((p - m, p))])
        R = np.linalg.qr(padded, mode="r")
        dependent = np.abs(np.diag(R)) <= DEPENDENT * np.linalg.norm(R, axis=0)
        self._independent = np.flatnonzero(~dependent)
        #: Columns of combinations that A maps to zero, to rounding, (p, p - rank).
        self.null = np.eye(p)[:, dependent]
        if dependent.any():
            Q, R = np.linalg.qr(padded[:, self._independent])
            self._lower = np.ascontiguousarray(R.T)
            beside = np.ascontiguousarray((Q.T @ padded[:, dependent]).T)
            linalg_cholesky.solve_transposed(self._lower, beside)
            self.null[self._independent] = -beside.T
        else:
            self._lower = np.ascontiguousarray(R.T)

    def solve(self, b):
        """x with A' A x = b, for b (p,) in the range of A': zero for columns that depend on those before them."""
        x, out = b[None, self._independent], np.zeros_like(b)
        linalg_cholesky.solve(self._lower, x)
        linalg_cholesky.solve_transposed(self._lower, x)
        out[self._independent] = x[0]
        return out
