"""Columns that are equal, and columns of one entry, fitted as one under L2.

Columns x_j = c_j u that are multiples of one column enter a fit through  v = sum_j c_j w_j  alone, and of all w with
this v the one of least norm is  w_j = c_j v / sum c^2.  With the one column  ||c|| u  in their place and its
coefficient W the optimum is the same, and  w_j = (c_j / ||c||) W.  Equal columns have c = 1; columns whose one entry is
in the same row are multiples of a unit vector.  In words and bigrams of texts four columns of five go.  (Values are
compared, and numbers of entries, not trusted to a hash.)
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import structure_merge
from fastlr.matrix.compressed import nbytes
from fastlr.matrix.convert import as_matrix
from fastlr.matrix.csc import CSCMatrix
from fastlr.matrix.csr import CSRMatrix

#: Share of the columns that must have one entry for others to be compared with each other.
WORTHWHILE = 0.2
#: Numbers that stay in the third-level cache.  20newsgroups, K = 20, n K = 226,000: a product along rows and one along
#: columns take 0.13 s by rows and 0.05 s by columns; clinc150, K = 150, 2,250,000: 0.022 and 0.036 s (one thread).
CACHED = 1 << 20


@dataclass(frozen=True)
class ColumnMap:
    """Map between the coefficients of all p columns and those of a smaller X.

    Attributes
    ----------
    n_columns : int
        Columns of the smaller X.
    target : ndarray of int, shape (p,), or None
        Number in the smaller X of the column that replaces each column; None: every column is there itself.
    share : ndarray of shape (p,), or None
        coef_j = share_j * (coefficient of column target_j), see `expand`.
    into : ndarray of shape (p,), or None
        (coefficient of column t) = sum over j with target_j = t of into_j coef_j, see `contract`.
    """

    n_columns: int
    target: np.ndarray | None = None
    share: np.ndarray | None = None
    into: np.ndarray | None = None

    @classmethod
    def of_all(cls, p):
        """The map of p columns that are all there themselves."""
        return cls(p)

    def expand(self, coef):
        """Coefficients (p, K) of all columns from those of the smaller X, (n_columns, K)."""
        if self.target is None:
            return coef
        out = coef[self.target]
        out *= self.share[:, None]
        return out

    def contract(self, coef, K):
        """Coefficients (n_columns, K) of the smaller X from those of all columns, (p, K) or None for zeros."""
        if self.target is None and coef is not None:
            return coef.copy()
        out = np.zeros((self.n_columns, K))
        if coef is not None:
            np.add.at(out, self.target, self.into[:, None] * coef)
        return out


def merge_columns(matrix, K):
    """(a matrix over the columns merged, ColumnMap); (matrix, None) where that is not worth its pass or not possible.

    Entries of the copy are float64, so that a factor of sqrt(2) costs no digits of float32 values.  It lies by columns
    where K numbers for each row stay in the cache, for those of each column will not.
    """
    n, p = matrix.shape
    if not isinstance(matrix, CSRMatrix) or p < n or p >= np.iinfo(np.int32).max - n:
        return matrix, None
    counts = matrix.column_counts()
    if np.count_nonzero(counts == 1) < WORTHWHILE * p:
        return matrix, None
    arrays = matrix.X.indptr, matrix.X.indices, matrix.X.data
    target, leads, sizes = _groups(arrays, counts)
    several = counts > 1
    if np.any(counts[several] != counts[leads > 0][target[several]]):
        return matrix, None
    row_counts, alone = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.uint8)
    structure_merge.count(*arrays, target, leads, np.empty((matrix.n_threads, max(1, len(sizes)))), row_counts, alone)
    if row_counts.min() < 0:
        return matrix, None
    own = np.where(alone, len(sizes) + np.cumsum(alone, dtype=np.int32) - 1, -1).astype(np.int32)
    X, norms = _matrix(arrays, target, leads, sizes, row_counts, own, matrix.n_threads)
    share = 1.0 / np.sqrt(sizes[np.maximum(target, 0)]) if len(sizes) else np.zeros(p)
    structure_merge.shares(*arrays, own, norms, target, share)
    empty = target == structure_merge.EMPTY
    share[empty], target[empty] = 0.0, 0
    copy = CSCMatrix(X.tocsc(), True, matrix.n_threads) if n * K <= CACHED else as_matrix(X, matrix.n_threads)
    copy.copied_bytes = matrix.copied_bytes + nbytes(copy.X)
    return copy, ColumnMap(X.shape[1], target, share, share)


def _groups(arrays, counts):
    """Target and leads of the kernel structure_merge, and the number of columns in each merged column, as floats."""
    hashes = np.zeros(len(counts), dtype=np.uint64)
    structure_merge.hashes(*arrays, hashes)
    several = np.flatnonzero(counts > 1)
    _, first, group, sizes = np.unique(hashes[several], return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)  # merged columns keep the order of the first of each: rows stay sorted
    number = np.empty(len(first), dtype=np.int32)
    number[order] = np.arange(len(first), dtype=np.int32)
    target = np.where(counts == 1, structure_merge.ALONE, structure_merge.EMPTY).astype(np.int32)
    target[several] = number[group]
    leads = np.zeros(len(counts), dtype=np.uint8)
    leads[several[first]] = 1
    return target, leads, sizes[order].astype(np.float64)


def _matrix(arrays, target, leads, sizes, row_counts, own, n_threads):
    """The merged matrix, and the norms of each row's columns of one entry."""
    indptr = np.concatenate([[0], np.cumsum(row_counts)]).astype(arrays[0].dtype)
    indices, data, norms = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1]), np.empty(len(own))
    scale = np.sqrt(sizes) if len(sizes) else np.ones(1)
    structure_merge.fill(*arrays, target, leads, scale, own, indptr, indices, data, norms, n_threads)
    shape = len(own), max(1, len(sizes), int(own.max()) + 1)
    return sp.csr_array((data, indices, indptr), shape=shape), norms
