"""Products of a dense X, of any strides, with K columns at once.

Matrices over rows are (n, K) with unit stride along K.  Those over columns come in pieces of TILE_COLUMNS of the K
numbers each, (pieces, p, TILE_COLUMNS), zeros past K.  Rows are cut into chunks of fixed length with sums of their own,
so that bits do not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset

import numpy as np

from fastlr.kernels.many cimport product
from fastlr.kernels.tiles cimport TILE_COLUMNS
from fastlr.kernels.types cimport floating

cdef extern from "core/loss_softmax.h" nogil:
    void class_curve "fastlr_class_curve"(Py_ssize_t rows, Py_ssize_t K, const double* p, const double* weight,
                                          const double* z, double* h) noexcept
    double class_block "fastlr_class_block"(Py_ssize_t rows, Py_ssize_t K, const double* eta, const int64_t* label,
                                            const double* weight, double* p, double* residual) noexcept

cdef enum:
    BLOCK = 64   # rows whose entries stay in cache while all pieces of K pass by
    STRIP = 128  # columns whose sums stay in the first-level cache

#: Numbers in a piece of K.
PIECE = TILE_COLUMNS


cdef struct Values:
    Py_ssize_t p
    Py_ssize_t row
    Py_ssize_t column
    Py_ssize_t K


cdef inline Values shape_of(const floating[:, :] X, Py_ssize_t K) noexcept nogil:
    cdef Values v
    v.p = X.shape[1]
    v.row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    v.column = X.strides[1] // <Py_ssize_t>sizeof(floating)
    v.K = K
    return v


cdef void forward_block(const floating* x, Py_ssize_t rows, Values at, const double* V, double* eta) noexcept nogil:
    """eta = x V for up to BLOCK rows."""
    cdef double out[BLOCK * TILE_COLUMNS]
    cdef Py_ssize_t k = 0, i
    while k < at.K:
        memset(out, 0, rows * TILE_COLUMNS * sizeof(double))
        product(x, at.p, at.column, rows, at.row, V + k * at.p, TILE_COLUMNS, out, TILE_COLUMNS)
        for i in range(rows):
            memcpy(eta + i * at.K + k, out + i * TILE_COLUMNS, min(at.K - k, TILE_COLUMNS) * sizeof(double))
        k = k + TILE_COLUMNS


cdef void adjoint_block(const floating* x, Py_ssize_t rows, Values at, const double* U, double* sums) noexcept nogil:
    """sums += x' U for up to BLOCK rows; room for TILE_COLUMNS numbers must follow U."""
    cdef Py_ssize_t k = 0, j
    while k < at.K:
        j = 0
        while j < at.p:
            product(x + j * at.column, rows, at.row, min(at.p - j, STRIP), at.column, U + k, at.K,
                    sums + k * at.p + j * TILE_COLUMNS, TILE_COLUMNS)
            j = j + STRIP
        k = k + TILE_COLUMNS


def forward(const floating[:, :] X, const double[:, :, ::1] V, double[:, ::1] eta, int n_threads):
    """eta = X V"""
    cdef Py_ssize_t n = X.shape[0], b
    cdef Values at = shape_of(X, eta.shape[1])
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic", chunksize=2):
            forward_block(&X[0, 0] + b * BLOCK * at.row, min(n - b * BLOCK, BLOCK), at, &V[0, 0, 0], &eta[b * BLOCK, 0])


cdef void adjoint_chunk(const floating* x, Py_ssize_t n, Values at, const double* U, double* room,
                        double* sums) noexcept nogil:
    """sums += x' U over a chunk of rows; blocks with too little of it behind them are read from a copy with room."""
    cdef Py_ssize_t i = 0, rows
    while i < n:
        rows = min(n - i, BLOCK)
        if (n - i - BLOCK) * at.K >= TILE_COLUMNS:
            adjoint_block(x + i * at.row, rows, at, U + i * at.K, sums)
        else:
            memcpy(room, U + i * at.K, rows * at.K * sizeof(double))
            adjoint_block(x + i * at.row, rows, at, room, sums)
        i = i + BLOCK


def adjoint(const floating[:, :] X, const double[:, ::1] U, double[:, :, :, ::1] sums, Py_ssize_t chunk, int n_threads):
    """sums[c] += X' U over the rows of chunk c; sums (n_chunks, pieces, p, TILE_COLUMNS)."""
    cdef Py_ssize_t n = X.shape[0], K = U.shape[1], c
    cdef Values at = shape_of(X, K)
    cdef double[:, ::1] room = np.zeros((sums.shape[0], BLOCK * K + TILE_COLUMNS))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            adjoint_chunk(&X[0, 0] + c * chunk * at.row, min(n - c * chunk, chunk), at, &U[c * chunk, 0], &room[c, 0],
                          &sums[c, 0, 0, 0])


cdef void curved_chunk(const floating* x, Py_ssize_t n, Values at, const double* p, const double* weight,
                       const double* V, double* Xd, double* room, double* sums) noexcept nogil:
    cdef Py_ssize_t i = 0, rows
    while i < n:
        rows = min(n - i, BLOCK)
        forward_block(x + i * at.row, rows, at, V, Xd + i * at.K)
        class_curve(rows, at.K, p + i * at.K, weight + i, Xd + i * at.K, room)
        adjoint_block(x + i * at.row, rows, at, room, sums)
        i = i + BLOCK


def class_hessian_product(const floating[:, :] X, const double[:, ::1] p, const double[::1] weight,
                          const double[:, :, ::1] V, double[:, ::1] Xd, double[:, :, :, ::1] sums, Py_ssize_t chunk,
                          int n_threads):
    """Xd = X V and sums[c] += X' [weight_i (diag(p_i) - p_i p_i') Xd_i]_i, rows while they are in the cache."""
    cdef Py_ssize_t n = X.shape[0], K = p.shape[1], c
    cdef Values at = shape_of(X, K)
    cdef double[:, ::1] room = np.zeros((sums.shape[0], BLOCK * K + TILE_COLUMNS))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            curved_chunk(&X[0, 0] + c * chunk * at.row, min(n - c * chunk, chunk), at, &p[c * chunk, 0],
                         &weight[c * chunk], &V[0, 0, 0], &Xd[c * chunk, 0], &room[c, 0], &sums[c, 0, 0, 0])


cdef double evaluated_chunk(const floating* x, Py_ssize_t n, Values at, const double* V, const int64_t* label,
                            const double* weight, double* eta, double* p, double* room, double* sums) noexcept nogil:
    cdef Py_ssize_t i = 0, rows
    cdef double loss = 0.0
    while i < n:
        rows = min(n - i, BLOCK)
        forward_block(x + i * at.row, rows, at, V, eta + i * at.K)
        loss = loss + class_block(rows, at.K, eta + i * at.K, label + i, weight + i, p + i * at.K, room)
        adjoint_block(x + i * at.row, rows, at, room, sums)
        i = i + BLOCK
    return loss


def class_loss_gradient(const floating[:, :] X, const double[:, :, ::1] V, const int64_t[::1] label,
                        const double[::1] weight, double[:, ::1] eta, double[:, ::1] p, double[:, :, :, ::1] sums,
                        double[::1] losses, Py_ssize_t chunk, int n_threads):
    """eta = X V, p = softmax(eta), losses[c] = weighted loss and sums[c] += X' [weight_i (p_i - y_i)]_i of chunk c."""
    cdef Py_ssize_t n = X.shape[0], K = p.shape[1], c
    cdef Values at = shape_of(X, K)
    cdef double[:, ::1] room = np.zeros((sums.shape[0], BLOCK * K + TILE_COLUMNS))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            losses[c] = evaluated_chunk(&X[0, 0] + c * chunk * at.row, min(n - c * chunk, chunk), at, &V[0, 0, 0],
                                        &label[c * chunk], &weight[c * chunk], &eta[c * chunk, 0], &p[c * chunk, 0],
                                        &room[c, 0], &sums[c, 0, 0, 0])
