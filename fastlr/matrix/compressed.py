"""Compressed sparse X in memory: what CSR and CSC have in common."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import products_sparse, products_sparse_many, structure
from fastlr.matrix.base import InMemoryMatrix, is_difference

#: The numbers of entries in columns are estimated from RUNS runs of RUN consecutive entries.
RUNS, RUN = 32, 2048
#: Entries that are centred at a time.
PIECE = 1 << 16
#: "csr" and "csc" -> the function (X, is_sorted, n_threads, copied_bytes) that makes the matrix; csr.py and csc.py
#: enter theirs, since each layout makes matrices of the other.
LAYOUTS: dict[str, Callable] = {}


class CompressedMatrix(InMemoryMatrix):
    """Compressed sparse X: arrays indptr, indices, data without duplicate entries, and where threads split a scatter.

    Slices of the major axis (rows of CSR, columns of CSC) are contiguous; indices number the minor axis.
    """

    #: 1 for CSR (minor axis: columns), 0 for CSC (minor axis: rows)
    minor_axis: int

    def __init__(self, X, is_sorted, n_threads, copied_bytes=0):
        super().__init__(X, X.nnz, n_threads, copied_bytes)
        self.is_sorted = is_sorted
        self._arrays = X.indptr, X.indices, X.data
        #: the same where nothing but products is asked for: of equal values one is read, again and again
        self._entries = X.indptr, X.indices, _stored(X.data)

    @cached_property
    def _minor_counts(self):
        """Entries of each minor slice."""
        counts = np.zeros(self.shape[self.minor_axis], dtype=self.X.indptr.dtype)
        structure.count_minor(self.X.indices, counts)
        return counts

    @cached_property
    def _sampled_counts(self):
        """Entries of each minor slice in a sample of the entries, and the ratio of all entries to sampled ones."""
        indices = self.X.indices
        begins = np.linspace(0, max(0, self.nnz - RUN), min(RUNS, -(-self.nnz // RUN))).astype(np.int64)
        sample = (
            np.concatenate([indices[begin : begin + RUN] for begin in begins]) if self.nnz > RUN * RUNS else indices
        )
        return np.bincount(sample, minlength=self.shape[self.minor_axis]), self.nnz / max(1, len(sample))

    @cached_property
    def _splits(self):
        """Begin of each thread's minor range in each major slice; one range only if indices are unsorted."""
        indptr, indices, _ = self._arrays
        ranges = self.n_threads if self.is_sorted else 1
        splits = np.empty((len(indptr) - 1, ranges - 1), dtype=indptr.dtype)
        if ranges > 1:
            reached = np.cumsum(self._sampled_counts[0])
            bounds = np.searchsorted(reached, np.arange(1, ranges) * (reached[-1] / ranges)).astype(indptr.dtype)
            structure.split(indptr, indices, bounds, splits, self.n_threads)
        return splits

    def _gather(self, v, shift, out):
        products_sparse.gather(*self._entries, v, shift, out, self.n_threads)

    def _scatter(self, u, out):
        products_sparse.scatter(*self._entries, self._splits, u, out)

    def _gather_many(self, V, out):
        products_sparse_many.gather(*self._entries, V, out, self.n_threads)
        return out

    def _scatter_many(self, U, out):
        out[:] = 0.0
        products_sparse_many.scatter(*self._entries, self._splits, U, out)
        return out

    def _row_numbers(self, V):
        """Room for K numbers in each row."""
        return np.empty((self.shape[0], V.shape[1]))

    def _column_numbers(self, U, out):
        """Room for K numbers in each column, unless it is given."""
        return np.empty((self.shape[1], U.shape[1])) if out is None else out

    @abstractmethod
    def _stored_moments(self, centre, weight):
        """Over the stored entries of each column: sum of weights, count, first and second moment; (p, 4)."""

    def moments_about(self, centre, weight):
        present, count, first, second = self._stored_moments(centre, weight).T
        # weight of the implicit zeros; where there are none it is zero to the last bit
        implicit = np.where(count < np.count_nonzero(weight), np.maximum(1.0 - present, 0.0), 0.0)
        return first - implicit * centre, second + implicit * centre * centre

    def _centred(self, centre):
        X = self._completed(np.flatnonzero(centre))
        data = self._less(X, centre, X.dtype)
        data = self._less(X, centre, np.float64) if data is None else data
        copied = data.nbytes if X is self.X else nbytes(X)
        copy = type(X)((data, X.indices, X.indptr), shape=self.shape)
        return self._over(copy, self.is_sorted, self.copied_bytes + copied)

    def _less(self, X, centre, dtype):
        """The entries of X less the centre of their columns; None where only float64 holds them."""
        data = X.data.astype(dtype)
        if self.minor_axis == 1:
            pieces = [slice(begin, begin + PIECE) for begin in range(0, len(data), PIECE)]
            centres = (centre[X.indices[piece]] for piece in pieces)
        else:
            columns = np.flatnonzero(centre)
            pieces, centres = [slice(X.indptr[j], X.indptr[j + 1]) for j in columns], centre[columns]
        for piece, taken in zip(pieces, centres, strict=True):
            data[piece] -= np.asarray(taken, dtype=dtype)
            if dtype == np.float32 and not is_difference(data[piece], X.data[piece], taken):
                return None
        return data

    def _completed(self, columns):
        """X with an entry in every row of these columns: X itself where it has them."""
        counts = self.column_counts()[columns]
        short = columns[counts < self.shape[0]]
        if not len(short):
            return self.X
        part = self.X[:, short].tocsc()
        present = np.zeros((self.shape[0], len(short)), dtype=bool)
        present[part.indices, np.repeat(np.arange(len(short)), np.diff(part.indptr))] = True
        rows, which = np.nonzero(~present)
        whole = self.X.tocoo()
        coords = np.r_[whole.coords[0], rows], np.r_[whole.coords[1], short[which]]
        data = np.r_[whole.data, np.zeros(len(rows), dtype=whole.dtype)]
        return sp.coo_array((data, coords), shape=self.shape).asformat(self.X.format)

    def _over(self, X, is_sorted, copied_bytes=0):
        """The matrix over a scipy.sparse array of either layout, with as many threads as this one."""
        return LAYOUTS[X.format](X, is_sorted, self.n_threads, copied_bytes)

    def transposed(self):
        return self._over(self.X.T, self.is_sorted)

    def every_kth_row(self, every):
        sample = self.X[::every]
        sample.sort_indices()
        return self._over(sample, True, nbytes(sample))

    def row(self, i):
        return self.X[[i]].toarray()[0].astype(np.float64)

    def take(self, index, columns):
        n, p = self.shape
        rows_first = len(index) * p <= len(columns) * n  # what is taken first is a copy
        part = self.X[index][:, columns] if rows_first else self.X[:, columns][index]
        return part.toarray().astype(np.float64, copy=False)

    def locate_nonfinite(self):
        bad = np.flatnonzero(~np.isfinite(self.X.data))
        if not len(bad):
            return None
        major = int(np.searchsorted(self.X.indptr, bad[0], side="right") - 1)
        minor = int(self.X.indices[bad[0]])
        return (major, minor) if self.minor_axis == 1 else (minor, major)


def _stored(data):
    """Values as the kernels of products take them, see products_sparse.pyx: where all are equal, the bits of one."""
    if len(data) < 2 or not structure.all_equal(data):
        return data
    return data[:1].astype(np.float64).view(np.int64)


def nbytes(X):
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
