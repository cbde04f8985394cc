"""Passes over a dense X: unit stride along rows (C order) or along columns (F order), float32 or float64.

Rows are cut into chunks of fixed length; a chunk adds what it finds to its own row of `partial`, and the rows of
`partial` are added up in order at the end.  Threads take chunks as they come, so the bits of a result depend on the
chunk length alone, never on the number of threads.  Within a chunk, rows go by in blocks that stay in cache between
the two uses of each entry (linear predictor, then gradient): X is read from memory once a pass.

Shapes: X (n, p); y, eta, u, d and other vectors over rows (n,); weight (n,), or a block of at least 256 equal weights;
v and out (p,); partial (n_chunks, p).
Nothing is allocated here and nothing is checked: fastlr.matrix does both.  Only the functions of dense_blocks.h know
which axis has unit stride.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

from fastlr.kernels.chunks cimport add_chunks
from fastlr.kernels.loss_logistic cimport logistic_block
from fastlr.kernels.predict cimport Target, put, target_of
from fastlr.kernels.products_dense_blocks cimport (
    Layout,
    block_axpy,
    block_axpy_pair,
    block_dot,
    block_squares,
    whole_dot,
)
from fastlr.kernels.simd cimport clear
from fastlr.kernels.types cimport floating

cdef enum:
    MAX_BLOCK = 256   # rows: the scratch of a block lies on the stack
    MAX_PIECE = 2048  # rows of a prediction, whose scratch is one vector
    TILE = 512        # columns of which a thread adds up the chunks


cdef Layout layout_of(const floating[:, :] X, Py_ssize_t block) noexcept:
    cdef Layout lay
    lay.p = X.shape[1]
    lay.row_stride = X.strides[0] // <Py_ssize_t>sizeof(floating)
    lay.column_stride = X.strides[1] // <Py_ssize_t>sizeof(floating)
    lay.block = min(block, MAX_BLOCK)
    return lay


# --- chunks: rows begin..end ----------------------------------------------------------------------------------------

cdef void forward_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* v,
                        double shift, double* eta) noexcept nogil:
    cdef double Xd[MAX_BLOCK]
    cdef Py_ssize_t i = begin, k, n
    while i < end:
        n = min(lay.block, end - i)
        block_dot(X + i * lay.row_stride, lay, n, v, Xd)
        for k in range(n):
            eta[i + k] += Xd[k] + shift
        i = i + n


cdef void adjoint_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* u,
                        double* g) noexcept nogil:
    cdef Py_ssize_t i = begin, n
    clear(g, lay.p)
    while i < end:
        n = min(lay.block, end - i)
        block_axpy(X + i * lay.row_stride, lay, n, u + i, g)
        i = i + n


cdef void pair_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* u,
                     const double* d, double* g) noexcept nogil:
    cdef Py_ssize_t i = begin, n
    clear(g, 2 * lay.p)
    while i < end:
        n = min(lay.block, end - i)
        block_axpy_pair(X + i * lay.row_stride, lay, n, u + i, d + i, g)
        i = i + n


cdef void squares_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* d,
                        double* g) noexcept nogil:
    cdef Py_ssize_t i = begin, n
    clear(g, lay.p)
    while i < end:
        n = min(lay.block, end - i)
        block_squares(X + i * lay.row_stride, lay, n, d + i, g)
        i = i + n


cdef void product_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* curvature,
                        const double* v, double shift, double* Xd, double* g) noexcept nogil:
    cdef double scaled[MAX_BLOCK]
    cdef Py_ssize_t i = begin, k, n
    clear(g, lay.p)
    while i < end:
        n = min(lay.block, end - i)
        block_dot(X + i * lay.row_stride, lay, n, v, Xd + i)
        for k in range(n):
            Xd[i + k] += shift
            scaled[k] = curvature[i + k] * Xd[i + k]
        block_axpy(X + i * lay.row_stride, lay, n, scaled, g)
        i = i + n


cdef double loss_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* v, double shift,
                       const double* y, const double* weight, Py_ssize_t weight_step, double* eta, double* curvature,
                       double* g) noexcept nogil:
    cdef double Xd[MAX_BLOCK]
    cdef double residual[MAX_BLOCK]
    cdef double loss = 0.0
    cdef Py_ssize_t i = begin, k, n
    clear(g, lay.p)
    while i < end:
        n = min(lay.block, end - i)
        block_dot(X + i * lay.row_stride, lay, n, v, Xd)
        for k in range(n):
            eta[i + k] += Xd[k] + shift
        loss += logistic_block(n, eta + i, y + i, weight + i * weight_step, residual, curvature + i)
        block_axpy(X + i * lay.row_stride, lay, n, residual, g)
        i = i + n
    return loss


cdef int predict_chunk(const floating* X, Layout lay, Py_ssize_t begin, Py_ssize_t end, const double* v, double shift,
                       const Target* target) noexcept nogil:
    cdef double eta[MAX_PIECE]
    cdef Py_ssize_t i = begin, n
    cdef int bad = 0
    while i < end:
        n = min(lay.block, end - i)
        whole_dot(X + i * lay.row_stride, lay, n, v, shift, eta)
        bad |= put(target, i, n, eta)
        i = i + n
    return bad


cdef void reduce_chunks(const double[:, ::1] partial, double[::1] out, int n_threads) noexcept nogil:
    """out[j] = sum of partial[:, j], in order."""
    cdef Py_ssize_t p = out.shape[0], tile, n_tiles = (p + TILE - 1) // TILE
    for tile in prange(n_tiles, num_threads=n_threads, use_threads_if=n_threads > 1 and n_tiles > 8,
                       schedule="static"):
        add_chunks(&partial[0, 0], partial.shape[0], p, tile * TILE, min(p, tile * TILE + TILE), &out[0])


# --- passes ---------------------------------------------------------------------------------------------------------

def forward(const floating[:, :] X, const double[::1] v, double shift, double[::1] eta, Py_ssize_t chunk,
            Py_ssize_t block, int n_threads):
    """eta += X v + shift."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c, n_chunks = (n + chunk - 1) // chunk
    with nogil:
        for c in prange(n_chunks, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            forward_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &v[0], shift, &eta[0])


def adjoint(const floating[:, :] X, const double[::1] u, double[:, ::1] partial, double[::1] out, Py_ssize_t chunk,
            Py_ssize_t block, int n_threads):
    """out = X' u."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            adjoint_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &u[0], &partial[c, 0])
        reduce_chunks(partial, out, n_threads)


def adjoint_pair(const floating[:, :] X, const double[::1] u, const double[::1] d, double[:, ::1] partial,
                 double[::1] out, Py_ssize_t chunk, Py_ssize_t block, int n_threads):
    """out (2 p,) = X' u, then X' d; partial is (n_chunks, 2 p)."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            pair_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &u[0], &d[0], &partial[c, 0])
        reduce_chunks(partial, out, n_threads)


def squares(const floating[:, :] X, const double[::1] d, double[:, ::1] partial, double[::1] out, Py_ssize_t chunk,
            Py_ssize_t block, int n_threads):
    """out[j] = sum_i d[i] X[i, j]^2."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            squares_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &d[0], &partial[c, 0])
        reduce_chunks(partial, out, n_threads)


def hessian_product(const floating[:, :] X, const double[::1] curvature, const double[::1] v, double shift,
                    double[::1] Xd, double[:, ::1] partial, double[::1] out, Py_ssize_t chunk, Py_ssize_t block,
                    int n_threads):
    """Xd = X v + shift; out = X' (curvature * Xd)."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            product_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &curvature[0], &v[0], shift,
                          &Xd[0], &partial[c, 0])
        reduce_chunks(partial, out, n_threads)


def loss_gradient(const floating[:, :] X, const double[::1] v, double shift, const double[::1] y,
                  const double[::1] weight, double[::1] eta, double[::1] curvature, double[::1] chunk_loss,
                  double[:, ::1] partial, double[::1] out, Py_ssize_t chunk, Py_ssize_t block, int n_threads):
    """eta += X v + shift; curvature of the logistic loss at eta; out = X' residual; returns the loss."""
    cdef Layout lay = layout_of(X, block)
    cdef Py_ssize_t n = X.shape[0], c, step = weight.shape[0] == n
    cdef double loss = 0.0
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            chunk_loss[c] = loss_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &v[0], shift, &y[0],
                                       &weight[0], step, &eta[0], &curvature[0], &partial[c, 0])
        reduce_chunks(partial, out, n_threads)
        for c in range(partial.shape[0]):
            loss = loss + chunk_loss[c]
    return loss


def predict(const floating[:, :] X, const double[::1] v, double shift, int kind, bint single, unsigned char[::1] out,
            const unsigned char[::1] y, const double[::1] weight, double scale, Py_ssize_t chunk, Py_ssize_t block,
            int n_threads):
    """out = what `kind` makes of X v + shift, see predict.pyx; whether that is finite.  `block` a multiple of 64."""
    cdef Layout lay = layout_of(X, block)
    lay.block = min(block, MAX_PIECE)
    cdef Target target = target_of(kind, single, out, y, weight, scale)
    cdef Py_ssize_t n = X.shape[0], c, n_chunks = (n + chunk - 1) // chunk
    cdef int bad = 0
    with nogil:
        for c in prange(n_chunks, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            bad |= predict_chunk(&X[0, 0], lay, c * chunk, min(n, c * chunk + chunk), &v[0], shift, &target)
    return not bad


# --- a few columns ---------------------------------------------------------------------------------------------------

cdef void gather_piece(const floating* X, Py_ssize_t down, Py_ssize_t across, const int64_t* columns, Py_ssize_t m,
                       Py_ssize_t begin, Py_ssize_t end, floating* out, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t k, i
    cdef const floating* column
    for k in range(m):
        column = X + columns[k] * across
        for i in range(begin, end):
            out[k * n + i] = column[i * down]


def gather(const floating[:, :] X, const int64_t[::1] columns, floating[::1, :] out, int n_threads):
    """out (n, m) = X[:, columns], for X of any strides: by few rows at a time, which stay in the cache."""
    cdef Py_ssize_t n = X.shape[0], down = X.strides[0] // sizeof(floating), across = X.strides[1] // sizeof(floating)
    cdef Py_ssize_t piece = 16 if across == 1 else 1024, b
    with nogil:
        for b in prange((n + piece - 1) // piece, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="static"):
            gather_piece(&X[0, 0], down, across, &columns[0], columns.shape[0], b * piece, min(n, b * piece + piece),
                         &out[0, 0], n)
