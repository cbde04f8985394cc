"""Compressed sparse columns (CSC)."""

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import coordinate_descent, predict, products_gram, products_moments, products_sparse, structure
from fastlr.matrix import costs
from fastlr.matrix.base import CONSTANT
from fastlr.matrix.compressed import LAYOUTS, CompressedMatrix, nbytes


class CSCMatrix(CompressedMatrix):
    """Columns compressed: gradients are gathered, linear predictors scattered."""

    minor_axis = 0
    product_reads = 2
    can_split_rows = False

    def renew_scratch(self):
        """Nothing: this layout has no scratch."""

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
        by_rows = self._over(self.X.tocsr(), True)
        return by_rows.predict_many(coef, intercept, output, n_threads)

    def _stored_moments(self, centre, weight):
        sums = np.empty((self.shape[1], 4))
        products_moments.by_columns(*self._arrays, weight, centre, sums, self.n_threads)
        return sums

    def gather(self, columns):
        copy = self.X[:, columns]
        return self._over(copy, self.is_sorted, nbytes(copy))

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
        return self._over(copy.tocsr(), True, 2 * nbytes(copy))

    def absolute_sums(self, d):
        out = np.empty(self.shape[1])
        products_sparse.gather_absolute(*self._entries, d, out, self.n_threads)
        return out

    def share(self, columns):
        return (self.X.indptr[columns + 1] - self.X.indptr[columns]).sum() / max(1, self.nnz)

    def column_shares(self, every):
        begins, ends = self.X.indptr[:-1:every], self.X.indptr[1::every]
        return np.maximum(ends - begins, 1) / self.shape[0]

    def gram_price(self):
        return 0.5 * costs.CSC_PRODUCT * self.shape[1]

    def gram(self, weights):
        out = np.empty((self.shape[1], self.shape[1]))
        products_gram.csc(*self._arrays, weights, np.zeros((self.n_threads, self.shape[0])), out)
        return out

    def coordinate_epochs(self, curvature, *model):
        return coordinate_descent.epochs(*self._arrays, curvature, *model)


LAYOUTS["csc"] = CSCMatrix
