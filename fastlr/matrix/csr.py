"""Compressed sparse rows (CSR)."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import (
    dual_ascent,
    newton_small,
    predict_classes,
    products_csr_chunks,
    products_csr_ranges,
    products_gram,
    products_gram_chunks,
    products_moments,
    products_sparse,
    products_sparse_many,
    structure,
)
from fastlr.matrix import costs
from fastlr.matrix.base import CONSTANT, FEW_FOR_GRAM, gram_chunk
from fastlr.matrix.class_predictions import scratch, sparse_rows
from fastlr.matrix.compressed import LAYOUTS, CompressedMatrix, nbytes
from fastlr.matrix.dual_rows import FEW_COLUMNS, DualRows, RenumberedRows

#: Fewest chunks of rows: as many threads can share a gradient.
FEWEST = 4
#: Sampled entries of a column from which its share of the rows is reliable.
RELIABLE = 8
#: Numbers that the sums of all chunks of rows may hold together: they stay in the second-level caches.
MOST_SUMS = 1 << 18
#: Entries whose mean square is taken for that of all.
SAMPLED = 1 << 14
#: Columns for each entry of X from which on only the columns that are used are taken out of the coefficients.
FEW_ENTRIES = 4


class CSRMatrix(CompressedMatrix):
    """Rows compressed.  With many columns, threads share each gradient by ranges of columns."""

    minor_axis = 1
    can_iterate = True
    can_visit_rows = True

    def __init__(self, X, is_sorted, n_threads, copied_bytes=0):
        super().__init__(X, is_sorted, n_threads, copied_bytes)
        n, p = self.shape
        # Measured: vectors over columns that fit the second-level cache gain from using each entry twice while it is
        # in the third; longer ones lose more by evicting each other.  Fewer superblocks are fewer barriers.
        rows = n if p > 1 << 17 else min(n, (1 << 20) * n // max(1, self.nnz))
        self._superblock = max(1, rows // 64) * 64

    def column_counts(self):
        """Entries of each column."""
        return self._minor_counts

    def _fill_centres(self, rows, n_counted, far, centre):
        return structure.csr_centres(*self._arrays, rows, far, CONSTANT, centre)

    @cached_property
    def _scaled(self):
        """Scratch of hessian_product: curvature times X v, (n,)."""
        return np.empty(self.shape[0])

    def renew_scratch(self):
        self.__dict__.pop("_scaled", None)

    def forward(self, v, shift, eta):
        self._gather(v, shift, eta)

    def adjoint(self, u):
        out = np.zeros(self.shape[1])
        self._scatter(u, out)
        return out

    def forward_many(self, V):
        return self._gather_many(V, self._row_numbers(V))

    def adjoint_many(self, U, out=None):
        return self._scatter_many(U, self._column_numbers(U, out))

    def class_hessian_product(self, p, weight, V, Xd, out):
        n_chunks = self._chunks_for(V.shape[1])
        if n_chunks < FEWEST:
            return super().class_hessian_product(p, weight, V, Xd, out)
        chunk = -(-self.shape[0] // n_chunks)
        sums = np.zeros((-(-self.shape[0] // chunk), *V.shape))
        products_sparse_many.class_hessian_product(*self._entries, p, weight, V, Xd, sums, chunk, self.n_threads)
        sums.sum(axis=0, out=out)

    def class_product_reads(self, K):
        return 1 if self._chunks_for(K) >= FEWEST else 2

    def _chunks_for(self, K):
        """Chunks of rows that can have sums over the columns of their own, K numbers each."""
        return min(MOST_SUMS // (self.shape[1] * K), 16, self.shape[0] // 256)

    def squares(self, d):
        out = np.zeros(self.shape[1])
        products_sparse.scatter_squares(*self._entries, self._splits, d, out)
        return out

    def hessian_product(self, curvature, v, shift, Xd, out):
        products_csr_ranges.hessian_product(
            *self._entries,
            self._splits,
            curvature,
            v,
            shift,
            Xd,
            self._scaled,
            out,
            self._superblock,
            self.n_threads,
        )

    def loss_gradient(self, v, shift, loss, eta, residual, curvature):
        out = np.empty(self.shape[1])
        value = products_csr_ranges.loss_gradient(
            *self._entries,
            self._splits,
            v,
            shift,
            loss.y,
            loss.weight,
            eta,
            residual,
            curvature,
            np.empty(-(-self.shape[0] // 64)),
            out,
            self._superblock,
            self.n_threads,
        )
        return value, out

    def predict(self, v, shift, output):
        return products_sparse.predict(*self._entries, v, shift, *output.for_kernels(), self.n_threads)

    def predict_many(self, coef, intercept, output, n_threads):
        indptr, indices, data = self._entries
        if self.nnz < len(coef[0]) // FEW_ENTRIES:
            used, indices = np.unique(indices, return_inverse=True)
            coef, indices = coef[:, used], indices.astype(indptr.dtype, copy=False)
        by_column = np.empty((1, *coef.T.shape))
        predict_classes.by_column(coef, by_column, n_threads)
        start = np.array(intercept, dtype=np.float64)
        rows = min(self.shape[0], sparse_rows(len(start)))
        work = scratch(rows, len(start), n_threads)
        arrays = indptr, indices, data, by_column[0], start
        return predict_classes.csr(*arrays, *output.for_kernels(), work, rows, n_threads)

    def _stored_moments(self, centre, weight):
        sums = np.zeros((self.shape[1], 4))
        products_moments.by_rows(*self._arrays, self._splits, weight, centre, sums)
        return sums

    def absolute_sums(self, d):
        out = np.zeros(self.shape[1])
        products_sparse.scatter_absolute(*self._entries, self._splits, d, out)
        return out

    def share(self, columns):
        counts, _ = self._sampled_counts
        return counts[columns].sum() / max(1, counts.sum())

    def column_shares(self, every):
        counts, entries = self._sampled_counts
        counts = counts[::every]
        return np.where(counts >= RELIABLE, counts * (entries / self.shape[0]), np.nan)

    def between(self, begin, end):
        indptr, indices, data = self._arrays
        inside = slice(indptr[begin], indptr[end])
        block = sp.csr_array((end - begin, self.shape[1]), dtype=data.dtype)
        # handed to the constructor, indices of 64 bits would be copied
        block.data, block.indices = data[inside], indices[inside]
        block.indptr = indptr[begin : end + 1] - indptr[begin]
        return self._over(block, self.is_sorted, block.indptr.nbytes)

    @property
    def gram_copies(self):
        return 0 if self.is_sorted or self.shape[1] <= FEW_FOR_GRAM else nbytes(self.X)

    def gram_price(self):
        if self.gram_copies:  # goes by columns
            return 0.5 * costs.CSC_PRODUCT * self.shape[1]
        lengths = np.diff(self.X.indptr).astype(np.float64)
        return 0.5 * costs.CSR_PRODUCT * float((lengths * lengths).sum()) / max(1, self.nnz)

    def gram(self, weights):
        if self.shape[1] <= FEW_FOR_GRAM:
            return self._gram_by_rows(weights)
        if self.gram_copies:
            return self.gather(np.arange(self.shape[1])).gram(weights)
        out = np.empty((self.shape[1], self.shape[1]))
        products_gram.csr(*self._arrays, self._splits, weights, out)
        return out

    def _gram_by_rows(self, weights):
        n, p = self.shape
        chunk = gram_chunk(n)
        sums = np.zeros((-(-n // chunk), p, p))
        products_gram_chunks.csr(*self._entries, weights, sums, chunk, self.n_threads)
        out = sums.sum(axis=0)
        if not self.is_sorted:
            out += np.triu(out, 1).T
        products_gram.mirror(out)
        return out

    def mean_norm(self, l2):
        """Mean of sum_j x_ij^2 / l2_j over the rows, estimated from a sample of the entries; l2 (p,) is positive."""
        every = max(1, self.nnz // SAMPLED)
        sample = self.X.data[::every].astype(np.float64)
        squares = sample * sample / l2[self.X.indices[::every]]
        return float(squares.mean()) * self.nnz / self.shape[0] if self.nnz else 0.0

    def dual_rows(self, inverse):
        affordable = 2 * self.X.indices.nbytes <= nbytes(self.X)
        if self.shape[1] > FEW_COLUMNS and affordable:
            return RenumberedRows(self._arrays, self.shape[1], inverse, self.n_threads)
        norms = np.zeros(self.shape[0])
        products_sparse.gather_squares(*self._entries, np.ascontiguousarray(inverse), norms, self.n_threads)
        return DualRows(self._arrays, dual_ascent.sparse_epoch, norms, inverse, self.n_threads)

    def _positions(self, columns):
        """The number of each column among these, or -1."""
        position = np.full(self.shape[1], -1, dtype=np.int32)
        position[columns] = np.arange(len(columns), dtype=np.int32)
        return position

    def gather(self, columns):
        indptr, indices, data = self._arrays
        position = self._positions(columns)
        new_indptr = np.zeros(len(columns) + 1, dtype=indptr.dtype)
        np.cumsum(self._minor_counts[columns], out=new_indptr[1:])
        new_indices = np.empty(new_indptr[-1], dtype=indices.dtype)
        new_data = np.empty(new_indptr[-1], dtype=data.dtype)
        structure.gather_columns(*self._arrays, self._splits, position, new_indptr[:-1].copy(), new_indices, new_data)
        copy = sp.csc_array((new_data, new_indices, new_indptr), shape=(self.shape[0], len(columns)))
        return self._over(copy, True, nbytes(copy))

    def select(self, columns):
        indptr, indices, data = self._arrays
        position = self._positions(columns)
        new_indptr = np.zeros_like(indptr)
        structure.count_selected(indptr, indices, position, new_indptr[1:], self.n_threads)
        np.cumsum(new_indptr, out=new_indptr)
        new_indices = np.empty(new_indptr[-1], dtype=indices.dtype)
        new_data = np.empty(new_indptr[-1], dtype=data.dtype)
        structure.select(*self._arrays, position, new_indptr, new_indices, new_data, self.n_threads)
        copy = sp.csr_array((new_data, new_indices, new_indptr), shape=(self.shape[0], len(columns)))
        return self._over(copy, self.is_sorted, nbytes(copy))

    def newton_iterations(self, *fit):
        return newton_small.csr(*self._arrays, *fit)


class ChunkedCSRMatrix(CSRMatrix):
    """Rows compressed, few columns: threads share each gradient by chunks of rows, with one sum per chunk."""

    def __init__(self, X, is_sorted, n_threads, copied_bytes=0):
        super().__init__(X, is_sorted, n_threads, copied_bytes)
        n, p = self.shape
        self._chunk = -(-n // max(n_chunks(self.nnz, p), FEWEST) // 64) * 64
        self.renew_scratch()

    def renew_scratch(self):
        self._partial = np.empty((-(-self.shape[0] // self._chunk), self.shape[1]))

    def adjoint(self, u):
        out = np.empty(self.shape[1])
        products_csr_chunks.adjoint(*self._entries, u, self._partial, out, self._chunk, self.n_threads)
        return out

    def squares(self, d):
        out = np.empty(self.shape[1])
        products_csr_chunks.squares(*self._entries, d, self._partial, out, self._chunk, self.n_threads)
        return out

    def hessian_product(self, curvature, v, shift, Xd, out):
        products_csr_chunks.hessian_product(
            *self._entries, curvature, v, shift, Xd, self._partial, out, self._chunk, self.n_threads
        )

    def loss_gradient(self, v, shift, loss, eta, residual, curvature):
        out = np.empty(self.shape[1])
        value = products_csr_chunks.loss_gradient(
            *self._entries,
            v,
            shift,
            loss.y,
            loss.weight,
            eta,
            curvature,
            np.empty(len(self._partial)),
            self._partial,
            out,
            self._chunk,
            self.n_threads,
        )
        return value, out


def n_chunks(nnz, p):
    """Chunks of rows whose sums over columns stay small beside X, at most 16."""
    return min(16, nnz // (48 * p)) if p else 0


def as_csr(X, is_sorted, n_threads, copied_bytes=0):
    """The CSR matrix whose way of sharing gradients between threads suits X.

    Chunks of rows where their sums over columns are small beside X, and where indices are not sorted, as in what
    scikit-learn's text vectorisers return: there ranges of columns cannot be told apart.
    """
    by_rows = X.shape[0] >= 1024 and (n_chunks(X.nnz, X.shape[1]) >= 8 or not is_sorted)
    return (ChunkedCSRMatrix if by_rows else CSRMatrix)(X, is_sorted, n_threads, copied_bytes)


LAYOUTS["csr"] = as_csr
