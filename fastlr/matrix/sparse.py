"""Compressed sparse X in memory: CSR and CSC."""

from abc import abstractmethod
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import (
    coordinate_descent,
    dual_ascent,
    newton_small,
    predict,
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
from fastlr.matrix.base import CONSTANT, FEW_FOR_GRAM, InMemoryMatrix, gram_chunk, is_difference
from fastlr.matrix.class_predictions import scratch, sparse_rows
from fastlr.matrix.dual_rows import FEW_COLUMNS, DualRows, RenumberedRows

#: How entries spread over columns is learnt from RUNS runs of RUN entries; RELIABLE of them make a share reliable.
RUNS, RUN = 32, 2048
#: Fewest chunks of rows: as many threads can share a gradient.
FEWEST = 4
RELIABLE = 8
#: Numbers that the sums of all chunks of rows may hold together: they stay in the second-level caches.
MOST_SUMS = 1 << 18
#: Entries whose mean square is taken for that of all.
SAMPLED = 1 << 14
#: Entries that are centred at a time.
PIECE = 1 << 16
#: Columns for each entry of X from which on only the columns that are used are taken out of the coefficients.
FEW_ENTRIES = 4


class CompressedMatrix(InMemoryMatrix):
    """What CSR and CSC share: the three arrays, free of duplicates, and the points where threads split a scatter."""

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
        """Entries of each minor slice in a sample of entries, and how many entries one of them stands for."""
        indices = self.X.indices
        begins = np.linspace(0, max(0, self.nnz - RUN), min(RUNS, -(-self.nnz // RUN))).astype(np.int64)
        sample = (
            np.concatenate([indices[begin : begin + RUN] for begin in begins]) if self.nnz > RUN * RUNS else indices
        )
        return np.bincount(sample, minlength=self.shape[self.minor_axis]), self.nnz / max(1, len(sample))

    @cached_property
    def _splits(self):
        """Where the minor ranges of the threads begin in each major slice; one range only if indices are unsorted."""
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
        """Sums over stored entries by column: mass, count, first, second of the kernel products_moments; (p, 4)."""

    def moments_about(self, centre, weight):
        mass, count, first, second = self._stored_moments(centre, weight).T
        # what the implicit zeros weigh; where there are none it is zero to the last bit
        implicit = np.where(count < np.count_nonzero(weight), np.maximum(1.0 - mass, 0.0), 0.0)
        return first - implicit * centre, second + implicit * centre * centre

    def _centred(self, centre):
        X = self._completed(np.flatnonzero(centre))
        data = self._less(X, centre, X.dtype)
        data = self._less(X, centre, np.float64) if data is None else data
        copied = data.nbytes if X is self.X else nbytes(X)
        copy = type(X)((data, X.indices, X.indptr), shape=self.shape)
        return self._like(copy, self.copied_bytes + copied)

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

    def row(self, i):
        return self.X[[i]].toarray()[0].astype(np.float64)

    def take(self, index, columns):
        n, p = self.shape
        rows_first = len(index) * p <= len(columns) * n  # what is taken first is a copy
        part = self.X[index][:, columns] if rows_first else self.X[:, columns][index]
        return part.toarray().astype(np.float64)

    def locate_nonfinite(self):
        bad = np.flatnonzero(~np.isfinite(self.X.data))
        if not len(bad):
            return None
        major = int(np.searchsorted(self.X.indptr, bad[0], side="right") - 1)
        minor = int(self.X.indices[bad[0]])
        return (major, minor) if self.minor_axis == 1 else (minor, major)


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

    def _like(self, X, copied_bytes):
        return as_csr(X, self.is_sorted, self.n_threads, copied_bytes)

    @cached_property
    def _scaled(self):
        """Scratch: curvature times image."""
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

    def transposed(self):
        return CSCMatrix(self.X.T, self.is_sorted, self.n_threads)

    def thin(self, every):
        sample = self.X[::every]
        sample.sort_indices()
        return as_csr(sample, True, self.n_threads, nbytes(sample))

    def between(self, begin, end):
        indptr, indices, data = self._arrays
        inside = slice(indptr[begin], indptr[end])
        block = sp.csr_array((end - begin, self.shape[1]), dtype=data.dtype)
        # handed to the constructor, indices of 64 bits would be copied
        block.data, block.indices = data[inside], indices[inside]
        block.indptr = indptr[begin : end + 1] - indptr[begin]
        return as_csr(block, self.is_sorted, self.n_threads, block.indptr.nbytes)

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
        return CSCMatrix(copy, True, self.n_threads, nbytes(copy))

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
        return as_csr(copy, self.is_sorted, self.n_threads, nbytes(copy))

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


class CSCMatrix(CompressedMatrix):
    """Columns compressed: gradients are gathered, linear predictors scattered."""

    minor_axis = 0
    product_reads = 2
    can_split_rows = False

    def renew_scratch(self):
        """There is none."""

    def forward(self, v, shift, eta):
        self._scatter(v, eta)
        if shift:
            eta += shift

    def adjoint(self, u):
        out = np.zeros(self.shape[1])
        self._gather(u, 0.0, out)
        return out

    def forward_many(self, V):
        return self._scatter_many(V, self._row_numbers(V))

    def adjoint_many(self, U, out=None):
        return self._gather_many(U, self._column_numbers(U, out))

    def mean_squares(self, weight):
        return self.squares(weight), self.nnz, 0  # a sample of the rows would cost as much

    def _fill_centres(self, rows, n_counted, far, centre):
        n, begins = self.shape[0], self.X.indptr
        counts = np.diff(begins)
        columns = np.flatnonzero(4 * counts >= 3 * n_counted)
        if not len(columns):
            return 0
        values, found = np.empty((len(rows), len(columns))), np.zeros(len(columns))
        full = (counts[columns] == n) & self.is_sorted
        values[:, full] = self.X.data[begins[columns[full]] + rows[:, None]]
        for k in np.flatnonzero(~full):
            values[:, k] = self.X[rows, columns[k]].toarray().ravel()
        count = structure.dense_centres(values, np.arange(len(rows)), far, CONSTANT, found)
        centre[columns] = found
        return count

    def _like(self, X, copied_bytes):
        return CSCMatrix(X, self.is_sorted, self.n_threads, copied_bytes)

    def squares(self, d):
        out = np.zeros(self.shape[1])
        products_sparse.gather_squares(*self._entries, d, out, self.n_threads)
        return out

    def hessian_product(self, curvature, v, shift, Xd, out):
        Xd[:] = shift
        self._scatter(v, Xd)
        out[:] = 0.0
        self._gather(curvature * Xd, 0.0, out)

    def predict(self, v, shift, output):
        eta = np.full(self.shape[0], shift)
        products_sparse.scatter_all(*self._entries, self._splits, v, eta)
        return predict.predict(eta, *output.for_kernels(), self.n_threads)

    def predict_many(self, coef, intercept, output, n_threads):
        # columns do not give linear predictors a block of rows at a time, and n x K of them may be far more than X
        by_rows = as_csr(self.X.tocsr(), True, self.n_threads)
        return by_rows.predict_many(coef, intercept, output, n_threads)

    def _stored_moments(self, centre, weight):
        sums = np.empty((self.shape[1], 4))
        products_moments.by_columns(*self._arrays, weight, centre, sums, self.n_threads)
        return sums

    def gather(self, columns):
        copy = self.X[:, columns]
        return CSCMatrix(copy, self.is_sorted, self.n_threads, nbytes(copy))

    def by_column(self):
        return self._arrays

    def column_counts(self):
        return np.diff(self.X.indptr)

    def equal(self, other):
        indptr, indices, data = self._arrays
        begin, counts = indptr[:-1], np.diff(indptr)
        out = counts == counts[other]
        # entry by entry: that of a column beside that at the same place of the other
        entries = np.repeat(np.where(out, begin[other] - begin, 0), counts) + np.arange(len(data))
        differs = (indices[entries] != indices) | (data[entries] != data)
        out[np.repeat(np.arange(len(counts)), counts)[differs]] = False
        return out

    def repeated_gram_price(self, columns):
        times = np.bincount(columns, minlength=self.shape[1])
        lengths = np.bincount(self.X.indices, np.repeat(times, np.diff(self.X.indptr)), minlength=self.shape[0])
        return 0.5 * costs.CSR_PRODUCT * float(lengths @ lengths)

    def multiplied(self, columns, factors):
        copy = sp.csc_array(self.X[:, columns], dtype=np.float64)
        copy.data *= factors[copy.indices, np.repeat(np.arange(len(columns)), np.diff(copy.indptr))]
        return as_csr(copy.tocsr(), True, self.n_threads, 2 * nbytes(copy))

    def absolute_sums(self, d):
        out = np.empty(self.shape[1])
        products_sparse.gather_absolute(*self._entries, d, out, self.n_threads)
        return out

    def share(self, columns):
        return (self.X.indptr[columns + 1] - self.X.indptr[columns]).sum() / max(1, self.nnz)

    def column_shares(self, every):
        begins, ends = self.X.indptr[:-1:every], self.X.indptr[1::every]
        return np.maximum(ends - begins, 1) / self.shape[0]

    def transposed(self):
        return as_csr(self.X.T, self.is_sorted, self.n_threads)

    def thin(self, every):
        sample = self.X[::every]
        sample.sort_indices()
        return CSCMatrix(sample, True, self.n_threads, nbytes(sample))

    def gram_price(self):
        return 0.5 * costs.CSC_PRODUCT * self.shape[1]

    def gram(self, weights):
        out = np.empty((self.shape[1], self.shape[1]))
        products_gram.csc(*self._arrays, weights, np.zeros((self.n_threads, self.shape[0])), out)
        return out

    def coordinate_epochs(self, curvature, *model):
        return coordinate_descent.sparse_epochs(*self._arrays, curvature, *model)


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


def _stored(data):
    """Values as the kernels of products take them: where all are equal, the bits of one of them; see sparse.pyx."""
    if len(data) < 2 or not structure.all_equal(data):
        return data
    return data[:1].astype(np.float64).view(np.int64)


def nbytes(X):
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
