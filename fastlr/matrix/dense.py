"""Dense X in memory, C or F order, read through its strides."""

import numpy as np

from fastlr.kernels import (
    coordinate_descent,
    dual_ascent,
    newton_small,
    predict_classes,
    products_dense,
    products_dense_many,
    products_gram,
    products_gram_chunks,
    products_moments,
    structure,
)
from fastlr.matrix import costs
from fastlr.matrix.base import CONSTANT, FEW_FOR_GRAM, InMemoryMatrix, gram_chunk, is_difference
from fastlr.matrix.class_predictions import MOST_ROWS, scratch
from fastlr.matrix.dual_rows import DualRows

#: Entries that are looked at at a time.
PIECE = 1 << 16
#: Numbers that the sums of all chunks of rows may hold together.
MOST_SUMS = 1 << 22
#: Bytes up to which columns are repeated for the Hessian of several classes.
MOST_BYTES = 1 << 28


class DenseMatrix(InMemoryMatrix):
    """Rows or columns contiguous; float32 or float64; any row (or column) stride, so slices are not copied."""

    pair_reads = 1
    can_iterate = True

    @property
    def can_visit_rows(self):
        return self.X.strides[1] == self.X.itemsize

    def dual_rows(self, inverse):
        norms = DenseMatrix(self.X.T, self.n_threads).squares(np.ascontiguousarray(inverse))
        return DualRows((self.X,), dual_ascent.dense_epoch, norms, inverse, self.n_threads)

    def __init__(self, X, n_threads, copied_bytes=0):
        super().__init__(X, X.shape[0] * X.shape[1], n_threads, copied_bytes)
        n, p = X.shape
        by_rows = X.strides[1] == X.itemsize
        # Measured: blocks of 16 rows let the processor fetch the next rows while it adds up these; columns want
        # longer pieces; very few columns want the vector loops of the loss to be long.
        self._block = 64 if p <= 16 else (16 if by_rows else 256)
        n_chunks = min(64, max(1, n // 256))
        self._chunk = -(-n // n_chunks // 64) * 64 if n_chunks > 1 else n
        self._n_chunks = -(-n // self._chunk)
        self._partial = np.empty(0)

    def renew_scratch(self):
        self._partial = np.empty(0)

    def _sums(self, width):
        """Scratch (n_chunks, width) for the sums of each chunk."""
        if self._partial.size < self._n_chunks * width:
            self._partial = np.empty(self._n_chunks * width)
        return self._partial[: self._n_chunks * width].reshape(self._n_chunks, width)

    @property
    def _shape_of_work(self):
        return self._chunk, self._block, self.n_threads

    def forward(self, v, shift, eta):
        products_dense.forward(self.X, v, shift, eta, *self._shape_of_work)

    def adjoint(self, u):
        out = np.empty(self.shape[1])
        products_dense.adjoint(self.X, u, self._sums(len(out)), out, *self._shape_of_work)
        return out

    def adjoint_pair(self, u, d):
        out = np.empty(2 * self.shape[1])
        products_dense.adjoint_pair(self.X, u, d, self._sums(len(out)), out, *self._shape_of_work)
        return out[: self.shape[1]], out[self.shape[1] :]

    def forward_many(self, V):
        eta = np.empty((self.shape[0], V.shape[1]))
        products_dense_many.forward(self.X, _pieces(V), eta, self.n_threads)
        return eta

    def adjoint_many(self, U, out=None):
        sums, chunk = self._sums_of_pieces(U.shape[1])
        products_dense_many.adjoint(self.X, U, sums, chunk, self.n_threads)
        return _joined(sums, np.empty((self.shape[1], U.shape[1])) if out is None else out)

    def class_hessian_product(self, p, weight, V, Xd, out):
        sums, chunk = self._sums_of_pieces(V.shape[1])
        products_dense_many.class_hessian_product(self.X, p, weight, _pieces(V), Xd, sums, chunk, self.n_threads)
        _joined(sums, out)

    def class_loss_gradient(self, V, labels, weight, eta, p, out):
        sums, chunk = self._sums_of_pieces(V.shape[1])
        losses = np.empty(len(sums))
        arguments = _pieces(V), labels, weight, eta, p, sums, losses, chunk, self.n_threads
        products_dense_many.class_loss_gradient(self.X, *arguments)
        _joined(sums, out)
        return float(losses.sum())

    def class_product_reads(self, K):
        return 1

    def _sums_of_pieces(self, K):
        """Zeros for the sums of chunks of rows, (chunks, pieces, p, PIECE), and how many rows a chunk has."""
        n, p = self.shape
        pieces = -(-K // products_dense_many.PIECE)
        n_chunks = max(1, min(MOST_SUMS // (p * pieces * products_dense_many.PIECE), 16, n // 1024))
        chunk = -(-n // n_chunks // 64) * 64
        return np.zeros((-(-n // chunk), pieces, p, products_dense_many.PIECE)), chunk

    def squares(self, d):
        out = np.empty(self.shape[1])
        products_dense.squares(self.X, d, self._sums(len(out)), out, *self._shape_of_work)
        return out

    def hessian_product(self, curvature, v, shift, Xd, out):
        products_dense.hessian_product(self.X, curvature, v, shift, Xd, self._sums(len(out)), out, *self._shape_of_work)

    def loss_gradient(self, v, shift, loss, eta, residual, curvature):
        out = np.empty(self.shape[1])
        value = products_dense.loss_gradient(
            self.X,
            v,
            shift,
            loss.y,
            loss.weight,
            eta,
            curvature,
            np.empty(self._n_chunks),
            self._sums(len(out)),
            out,
            *self._shape_of_work,
        )
        return value, out

    def _fill_centres(self, rows, n_counted, far, centre):
        return structure.dense_centres(self.X, rows, far, CONSTANT, centre)

    def _centred(self, centre):
        copy, rows = self.X - centre.astype(self.dtype), max(1, PIECE // self.shape[1])
        pieces = (slice(begin, begin + rows) for begin in range(0, self.shape[0], rows))
        if self.dtype == np.float32 and not all(is_difference(copy[piece], self.X[piece], centre) for piece in pieces):
            copy = self.X - centre
        return DenseMatrix(copy, self.n_threads, self.copied_bytes + copy.nbytes)

    def every_kth_row(self, every):
        rows = self.X[::every]
        if self.X.strides[1] == self.X.itemsize:
            return DenseMatrix(rows, self.n_threads)
        copy = np.ascontiguousarray(rows)  # every k-th entry of a column is not contiguous
        return DenseMatrix(copy, self.n_threads, copy.nbytes)

    def between(self, begin, end):
        return DenseMatrix(self.X[begin:end], self.n_threads)

    def transposed(self):
        return DenseMatrix(self.X.T, self.n_threads)

    def gram_price(self):
        return costs.DENSE_PACKING + 0.5 * costs.DENSE_PRODUCT * self.shape[1]

    def gram(self, weights):
        n, p = self.shape
        down, across = products_gram.panel_shape(p)
        if p <= FEW_FOR_GRAM:
            chunk, rows = gram_chunk(n), 128
            scratch = np.zeros((self.n_threads, down, rows)), np.zeros((self.n_threads, across, rows))
            sums = np.zeros((-(-n // chunk), across, across))
            products_gram_chunks.dense(self.X, weights, *scratch, sums, chunk, self.n_threads)
            out = sums.sum(axis=0)
            products_gram.mirror(out)
            return out[:p, :p]
        rows = max(64, min(1024, (1 << 16) // across // 8 * 8))  # packed rows stay in the second-level cache
        out = np.zeros((across, across))
        products_gram.dense(self.X, weights, np.zeros((down, rows)), np.zeros((across, rows)), out, self.n_threads)
        return out[:p, :p]

    def predict(self, v, shift, output):
        # measured: 64 rows keep the vector loops of outputs busy; columns stream at 2048 rows (at 256 a third slower)
        block = 64 if self.X.strides[1] == self.X.itemsize else 2048
        return products_dense.predict(self.X, v, shift, *output.for_kernels(), self._chunk, block, self.n_threads)

    def predict_many(self, coef, intercept, output, n_threads):
        K, p = coef.shape
        n_panels = -(-K // predict_classes.PADDING)
        start = np.zeros(n_panels * predict_classes.PADDING)
        start[:K] = intercept
        rows = min(self.shape[0], MOST_ROWS)
        if rows == self.shape[0]:
            work, panels = scratch(rows, len(start), 1), np.empty((n_threads, p, predict_classes.PADDING))
            return predict_classes.few_rows(self.X, coef, start, *output.for_kernels(), work, panels, n_threads)
        panels = np.empty((n_panels, p, predict_classes.PADDING))
        predict_classes.by_column(coef, panels, n_threads)
        work = scratch(rows, len(start), n_threads)
        return predict_classes.dense(self.X, panels, start, K, *output.for_kernels(), work, rows, n_threads)

    def moments_about(self, centre, weight):
        sums = np.empty((self._n_chunks, 2, self.shape[1]))
        products_moments.dense(self.X, weight, centre, sums, self._chunk, self.n_threads)
        return sums.sum(axis=0)

    def row(self, i):
        return self.X[i].astype(np.float64)

    def take(self, index, columns):
        return self.X[np.ix_(index, columns)].astype(np.float64, copy=False)

    def gather(self, columns):
        copy = np.empty((self.shape[0], len(columns)), dtype=self.dtype, order="F")
        products_dense.gather(self.X, np.asarray(columns, dtype=np.int64), copy, self.n_threads)
        return DenseMatrix(copy, self.n_threads, copy.nbytes)

    def by_column(self):
        none = np.empty(0, dtype=np.int32)
        return none, none, self.X.reshape(-1, order="F")

    def equal(self, other):
        return np.array([np.array_equal(self.X[:, j], self.X[:, k]) for j, k in enumerate(other)])

    def repeated_gram_price(self, columns):
        count = len(columns)
        if 8 * self.shape[0] * count > MOST_BYTES:
            return np.inf
        return self.shape[0] * count * (costs.DENSE_PACKING + 0.5 * costs.DENSE_PRODUCT * count)

    def multiplied(self, columns, factors):
        product = np.multiply(self.X[:, columns], factors, order="F")
        return DenseMatrix(product, self.n_threads, product.nbytes)

    def coordinate_epochs(self, curvature, *model):
        return coordinate_descent.epochs(*self.by_column(), curvature, *model)

    def newton_iterations(self, *fit):
        return newton_small.dense(self.X, *fit)

    def locate_nonfinite(self):
        rows = max(1, (1 << 20) // self.shape[1])
        for begin in range(0, self.shape[0], rows):
            bad = np.argwhere(~np.isfinite(self.X[begin : begin + rows]))
            if len(bad):
                return begin + int(bad[0, 0]), int(bad[0, 1])
        return None


def _pieces(V):
    """V (m, K) in pieces of PIECE columns each, (pieces, m, PIECE), zeros past the last."""
    m, K = V.shape
    out = np.zeros((-(-K // products_dense_many.PIECE), m, products_dense_many.PIECE))
    for k, piece in enumerate(out):
        columns = V[:, k * products_dense_many.PIECE : (k + 1) * products_dense_many.PIECE]
        piece[:, : columns.shape[1]] = columns
    return out


def _joined(sums, out):
    """out (m, K) from the sums (chunks, pieces, m, PIECE) of chunks of rows."""
    for k, piece in enumerate(sums.sum(axis=0)):
        columns = out[:, k * products_dense_many.PIECE : (k + 1) * products_dense_many.PIECE]
        columns[:] = piece[:, : columns.shape[1]]
    return out
