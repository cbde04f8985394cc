"""Vectors over columns, for K right-hand sides at once: the steps of conjugate gradients, fused and threaded.

Arrays are (p, K) float64, C order; one scalar per right-hand side goes in or comes out as an array (K,).  Sums run over
blocks of fixed length added in order.  BLAS is not used here: a threaded BLAS call between two passes makes its threads
and ours fight over the cores.  A second thread is woken for some 50 us of work at least: below, it brings next to
nothing on idle cores, and on cores shared with other processes each meeting of threads may wait for one of them.
"""

from cython.parallel cimport prange

import numpy as np

from fastlr.kernels.dense_rows cimport axpy, dot as dot_product

cdef extern from "core/linalg_vector.h" nogil:
    double add_diagonal_block "fastlr_add_diagonal"(Py_ssize_t n, const double* diagonal, Py_ssize_t stride,
                                                    const double* v, double* out) noexcept
    double weighted_dot_block "fastlr_weighted_dot"(Py_ssize_t n, const double* diagonal, Py_ssize_t stride,
                                                    const double* a, const double* b) noexcept
    void cg_step_block "fastlr_cg_step"(Py_ssize_t n, double alpha, const double* v, const double* hv,
                                        const double* scale, double* x, double* rho, double* rz, double* rr) noexcept
    void cg_direction_block "fastlr_cg_direction"(Py_ssize_t n, double beta, const double* rho, const double* scale,
                                                  double* v) noexcept

cdef enum:
    BLOCK = 8192           # rows of an array
    MIN_PARALLEL = 131072  # entries: 30 to 80 us on one thread


cdef inline Py_ssize_t blocks(Py_ssize_t p) noexcept nogil:
    return (p + BLOCK - 1) // BLOCK


cdef inline bint shared(const double[:, ::1] a, int n_threads) noexcept nogil:
    return n_threads > 1 and a.shape[0] * a.shape[1] >= MIN_PARALLEL


def dot(const double[:, ::1] a, const double[:, ::1] b, int n_threads):
    """out[k] = sum_j a[j, k] b[j, k]."""
    cdef Py_ssize_t p = a.shape[0], K = a.shape[1], c
    cdef double[:, ::1] sums = np.zeros((blocks(p), K))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(a, n_threads), schedule="dynamic"):
            dot_rows(&a[c * BLOCK, 0], &b[c * BLOCK, 0], min(BLOCK, p - c * BLOCK), K, &sums[c, 0])
    return np.add.reduce(sums, axis=0)


cdef void dot_rows(const double* a, const double* b, Py_ssize_t n, Py_ssize_t K, double* out) noexcept nogil:
    cdef Py_ssize_t j, k
    if K == 1:
        out[0] = dot_product(a, b, n)
        return
    for j in range(n):
        for k in range(K):
            out[k] += a[j * K + k] * b[j * K + k]


def weighted_dot(const double[:, :] diagonal, const double[:, ::1] a, const double[:, ::1] b, int n_threads):
    """out[k] = sum_j diagonal[j, k] a[j, k] b[j, k]; `diagonal` may be a broadcast scalar."""
    cdef Py_ssize_t p = a.shape[0], K = a.shape[1], c, row = diagonal.strides[0] // 8, column = diagonal.strides[1] // 8
    cdef double[:, ::1] sums = np.zeros((blocks(p), K))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(a, n_threads), schedule="dynamic"):
            weighted_dot_rows(&diagonal[c * BLOCK, 0], row, column, &a[c * BLOCK, 0], &b[c * BLOCK, 0],
                              min(BLOCK, p - c * BLOCK), K, &sums[c, 0])
    return np.add.reduce(sums, axis=0)


cdef void weighted_dot_rows(const double* diagonal, Py_ssize_t row, Py_ssize_t column, const double* a,
                            const double* b, Py_ssize_t n, Py_ssize_t K, double* out) noexcept nogil:
    cdef Py_ssize_t j, k
    if K == 1:
        out[0] = weighted_dot_block(n, diagonal, row, a, b)
        return
    for j in range(n):
        for k in range(K):
            out[k] += diagonal[j * row + k * column] * a[j * K + k] * b[j * K + k]


def add_scaled(const double[::1] alpha, const double[:, ::1] a, double[:, ::1] out, int n_threads):
    """out[j, k] += alpha[k] a[j, k]."""
    cdef Py_ssize_t p = a.shape[0], K = a.shape[1], c
    with nogil:
        for c in prange(blocks(p), num_threads=n_threads, use_threads_if=shared(a, n_threads), schedule="dynamic"):
            add_scaled_rows(&alpha[0], &a[c * BLOCK, 0], min(BLOCK, p - c * BLOCK), K, &out[c * BLOCK, 0])


cdef void add_scaled_rows(const double* alpha, const double* a, Py_ssize_t n, Py_ssize_t K, double* out) noexcept nogil:
    cdef Py_ssize_t j, k
    if K == 1:
        axpy(alpha[0], a, n, out)
        return
    for j in range(n):
        for k in range(K):
            out[j * K + k] += alpha[k] * a[j * K + k]


def add_diagonal(const double[:, :] diagonal, const double[:, ::1] v, double[:, ::1] out, int n_threads):
    """out += diagonal * v; returns v . out per right-hand side.  `diagonal` may be a broadcast scalar."""
    cdef Py_ssize_t p = v.shape[0], K = v.shape[1], c, row = diagonal.strides[0] // 8, column = diagonal.strides[1] // 8
    cdef double[:, ::1] sums = np.zeros((blocks(p), K))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(v, n_threads), schedule="dynamic"):
            add_diagonal_rows(&diagonal[c * BLOCK, 0], row, column, &v[c * BLOCK, 0], min(BLOCK, p - c * BLOCK), K,
                              &out[c * BLOCK, 0], &sums[c, 0])
    return np.add.reduce(sums, axis=0)


cdef void add_diagonal_rows(const double* diagonal, Py_ssize_t row, Py_ssize_t column, const double* v, Py_ssize_t n,
                            Py_ssize_t K, double* out, double* sums) noexcept nogil:
    cdef Py_ssize_t j, k
    if K == 1:
        sums[0] = add_diagonal_block(n, diagonal, row, v, out)
        return
    for j in range(n):
        for k in range(K):
            out[j * K + k] += diagonal[j * row + k * column] * v[j * K + k]
            sums[k] += v[j * K + k] * out[j * K + k]


def cg_step(const double[::1] alpha, const double[:, ::1] v, const double[:, ::1] hv, const double[:, ::1] scale,
            double[:, ::1] x, double[:, ::1] rho, int n_threads):
    """x += alpha v; rho += alpha hv; returns (rho . (scale * rho), rho . rho) per right-hand side."""
    cdef Py_ssize_t p = v.shape[0], K = v.shape[1], c
    cdef double[:, :, ::1] sums = np.zeros((blocks(p), 2, K))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(v, n_threads), schedule="dynamic"):
            cg_step_rows(&alpha[0], &v[c * BLOCK, 0], &hv[c * BLOCK, 0], &scale[c * BLOCK, 0],
                         min(BLOCK, p - c * BLOCK), K, &x[c * BLOCK, 0], &rho[c * BLOCK, 0], &sums[c, 0, 0],
                         &sums[c, 1, 0])
    return np.add.reduce(sums, axis=0)


cdef void cg_step_rows(const double* alpha, const double* v, const double* hv, const double* scale, Py_ssize_t n,
                       Py_ssize_t K, double* x, double* rho, double* rz, double* rr) noexcept nogil:
    cdef Py_ssize_t j, k, at
    if K == 1:
        cg_step_block(n, alpha[0], v, hv, scale, x, rho, rz, rr)
        return
    for j in range(n):
        for k in range(K):
            at = j * K + k
            x[at] += alpha[k] * v[at]
            rho[at] += alpha[k] * hv[at]
            rz[k] += rho[at] * rho[at] * scale[at]
            rr[k] += rho[at] * rho[at]


def cg_direction(const double[::1] beta, const double[:, ::1] rho, const double[:, ::1] scale, double[:, ::1] v,
                 int n_threads):
    """v = beta v - scale * rho."""
    cdef Py_ssize_t p = v.shape[0], K = v.shape[1], c
    with nogil:
        for c in prange(blocks(p), num_threads=n_threads, use_threads_if=shared(v, n_threads), schedule="dynamic"):
            cg_direction_rows(&beta[0], &rho[c * BLOCK, 0], &scale[c * BLOCK, 0], min(BLOCK, p - c * BLOCK), K,
                              &v[c * BLOCK, 0])


cdef void cg_direction_rows(const double* beta, const double* rho, const double* scale, Py_ssize_t n, Py_ssize_t K,
                            double* v) noexcept nogil:
    cdef Py_ssize_t j, k
    if K == 1:
        cg_direction_block(n, beta[0], rho, scale, v)
        return
    for j in range(n):
        for k in range(K):
            v[j * K + k] = beta[k] * v[j * K + k] - scale[j * K + k] * rho[j * K + k]
