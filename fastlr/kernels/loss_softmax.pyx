"""The softmax loss summed over rows: values, probabilities, residuals, curvature, the rows' part of the gap.

eta, p, residual, z and h are (n, K) float64, C order; label (n,) int64 in 0..K-1; weight (n,) float64.  Rows go by
blocks of BLOCK; sums of blocks are added in order, so that bits do not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

import numpy as np

from fastlr.kernels.simd cimport BLOCK

cdef extern from "core/loss_softmax.h" nogil:
    double class_block "fastlr_class_block"(Py_ssize_t rows, Py_ssize_t K, const double* eta, const int64_t* label,
                                            const double* weight, double* p, double* residual) noexcept
    void class_curve "fastlr_class_curve"(Py_ssize_t rows, Py_ssize_t K, const double* p, const double* weight,
                                          const double* z, double* h) noexcept
    double class_loss "fastlr_class_loss"(Py_ssize_t rows, Py_ssize_t K, const double* eta, const double* z, double t,
                                          const int64_t* label, const double* weight, double* scratch) noexcept
    double class_divergence "fastlr_class_divergence"(
        Py_ssize_t rows, Py_ssize_t K, const double* eta, const double* p, const double* z, double t, double back,
        double scale, const int64_t* label, const double* weight, double* scratch, double* cut) noexcept

cdef enum:
    MIN_PARALLEL = 8192  # entries; below, waking a second thread costs more than it brings


cdef inline bint shared(Py_ssize_t n, Py_ssize_t K, int n_threads) noexcept nogil:
    return n_threads > 1 and n * K >= MIN_PARALLEL


def evaluate(const double[:, ::1] eta, const int64_t[::1] label, const double[::1] weight, double[:, ::1] p,
             double[:, ::1] residual, int n_threads):
    """p = softmax(eta), residual = weight (p - y); the weighted loss."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[::1] sums = np.empty((n + BLOCK - 1) // BLOCK)
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            sums[b] = class_block(min(BLOCK, n - i), K, &eta[i, 0], &label[i], &weight[i], &p[i, 0], &residual[i, 0])
    return float(np.add.reduce(sums))


def curve(const double[:, ::1] p, const double[::1] weight, const double[:, ::1] z, double[:, ::1] h, int n_threads):
    """h = weight (diag(p) - p p') z"""
    cdef Py_ssize_t n = p.shape[0], K = p.shape[1], b, i
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            class_curve(min(BLOCK, n - i), K, &p[i, 0], &weight[i], &z[i, 0], &h[i, 0])


def loss(const double[:, ::1] eta, const double[:, ::1] z, double t, const int64_t[::1] label, const double[::1] weight,
         double[:, ::1] scratch, int n_threads):
    """The weighted loss at eta + t z; scratch (n, K)."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[::1] sums = np.empty((n + BLOCK - 1) // BLOCK)
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            sums[b] = class_loss(min(BLOCK, n - i), K, &eta[i, 0], &z[i, 0], t, &label[i], &weight[i], &scratch[i, 0])
    return float(np.add.reduce(sums))


def divergence(const double[:, ::1] eta, const double[:, ::1] p, const double[:, ::1] z, double t, double back,
               double scale, const int64_t[::1] label, const double[::1] weight, double[:, ::1] scratch, int n_threads):
    """sum_i weight_i KL(u_i || softmax(eta_i + t z_i)) with u = y + scale (p + back (diag(p) - p p') z - y), and how
    many entries of u are negative, which takes them out of the dual domain."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[:, ::1] sums = np.zeros((2, (n + BLOCK - 1) // BLOCK))
    with nogil:
        for b in prange(sums.shape[1], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            sums[0, b] = class_divergence(min(BLOCK, n - i), K, &eta[i, 0], &p[i, 0], &z[i, 0], t, back, scale,
                                          &label[i], &weight[i], &scratch[i, 0], &sums[1, b])
    total = np.add.reduce(np.asarray(sums), axis=1)
    return float(total[0]), int(total[1])
