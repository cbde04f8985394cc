"""Products of a dense X, of any strides, with K columns at once.

Matrices over rows and columns, (n, K) and (p, K), have unit stride along K and rows padded with zeros to a multiple of
TILE_COLUMNS numbers: `width` of them.  Rows are cut into chunks of fixed length with sums of their own, so that bits do
not depend on the number of threads.
"""

from cython.parallel cimport prange

from fastlr.kernels.tiles cimport TILE_COLUMNS, TILE_ROWS
from fastlr.kernels.types cimport floating

cdef extern from "many.h" nogil:
    void tile_f64 "fastlr_strided_tile_f64"(Py_ssize_t n, const double* x, Py_ssize_t step, Py_ssize_t side,
                                            const double* b, Py_ssize_t width, double* out, Py_ssize_t ld) noexcept
    void tile_f32 "fastlr_strided_tile_f32"(Py_ssize_t n, const float* x, Py_ssize_t step, Py_ssize_t side,
                                            const double* b, Py_ssize_t width, double* out, Py_ssize_t ld) noexcept
    void row_f64 "fastlr_strided_row_f64"(Py_ssize_t n, const double* x, Py_ssize_t step, Py_ssize_t side,
                                          const double* b, Py_ssize_t width, double* out, Py_ssize_t ld) noexcept
    void row_f32 "fastlr_strided_row_f32"(Py_ssize_t n, const float* x, Py_ssize_t step, Py_ssize_t side,
                                          const double* b, Py_ssize_t width, double* out, Py_ssize_t ld) noexcept

cdef enum:
    BLOCK = 64  # rows whose entries stay in cache while all panels of K pass by

#: Numbers that rows of K are padded to a multiple of.
PADDING = TILE_COLUMNS


cdef inline void product(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t sides, Py_ssize_t side,
                         const double* b, double* out, Py_ssize_t width) noexcept nogil:
    """out[i] += sum_r x[r step + i side] b[r] for i < sides, rows of b and out `width` long."""
    cdef Py_ssize_t i, k = 0
    while k < width:
        i = 0
        while i + TILE_ROWS <= sides:
            if floating is double:
                tile_f64(n, x + i * side, step, side, b + k, width, out + i * width + k, width)
            else:
                tile_f32(n, x + i * side, step, side, b + k, width, out + i * width + k, width)
            i = i + TILE_ROWS
        while i < sides:
            if floating is double:
                row_f64(n, x + i * side, step, side, b + k, width, out + i * width + k, width)
            else:
                row_f32(n, x + i * side, step, side, b + k, width, out + i * width + k, width)
            i = i + 1
        k = k + TILE_COLUMNS


def forward(const floating[:, :] X, const double[:, ::1] V, double[:, ::1] eta, int n_threads):
    """eta += X V"""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], width = V.shape[1], b
    cdef Py_ssize_t rows = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t columns = X.strides[1] // <Py_ssize_t>sizeof(floating)
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic", chunksize=2):
            product(&X[0, 0] + b * BLOCK * rows, p, columns, min(n - b * BLOCK, BLOCK), rows, &V[0, 0],
                    &eta[b * BLOCK, 0], width)


cdef void adjoint_chunk(const floating* x, Py_ssize_t n, Py_ssize_t p, Py_ssize_t rows, Py_ssize_t columns,
                        const double* U, double* g, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t i = 0
    while i < n:
        product(x + i * rows, min(n - i, BLOCK), rows, p, columns, U + i * width, g, width)
        i = i + BLOCK


def adjoint(const floating[:, :] X, const double[:, ::1] U, double[:, :, ::1] sums, Py_ssize_t chunk, int n_threads):
    """sums[c] += X' U over the rows of chunk c; sums (n_chunks, p, width)."""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], width = U.shape[1], c
    cdef Py_ssize_t rows = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t columns = X.strides[1] // <Py_ssize_t>sizeof(floating)
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            adjoint_chunk(&X[0, 0] + c * chunk * rows, min(n - c * chunk, chunk), p, rows, columns,
                          &U[c * chunk, 0], &sums[c, 0, 0], width)
