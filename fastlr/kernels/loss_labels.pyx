"""K logistic losses over rows with K labels 0 or 1 each: values, residuals, curvature, the rows' part of K gaps.

eta, Xd, residual and curvature are (n, K) float64, C order; label (n, K) uint8; weight (n,); factor (2, K), by which
the weight of an entry with label 0 or 1 is multiplied.  Rows go by blocks of BLOCK; sums of blocks are added in order,
so that bits do not depend on the number of threads.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint8_t

import numpy as np

from fastlr.kernels.simd cimport BLOCK

cdef extern from "core/loss_labels.h" nogil:
    void label_block "fastlr_label_block"(
        Py_ssize_t rows, Py_ssize_t K, const double* eta, const uint8_t* label, const double* weight,
        const double* factor, double* residual, double* curvature, double* out) noexcept
    void label_slopes "fastlr_label_slopes"(
        Py_ssize_t rows, Py_ssize_t K, const double* eta, const double* shift, const uint8_t* label,
        const double* weight, const double* factor, double* out) noexcept
    void label_losses "fastlr_label_losses"(
        Py_ssize_t rows, Py_ssize_t K, const double* eta, const double* Xd, const double* t, const uint8_t* label,
        const double* weight, const double* factor, double* out) noexcept
    void label_divergence "fastlr_label_divergence"(
        Py_ssize_t rows, Py_ssize_t K, const double* eta, const double* Xd, const double* t, const double* scale,
        double back, const uint8_t* label, const double* weight, const double* factor, double* out) noexcept

cdef enum:
    MIN_PARALLEL = 8192  # entries; below, waking a second thread costs more than it brings


cdef inline bint shared(Py_ssize_t n, Py_ssize_t K, int n_threads) noexcept nogil:
    return n_threads > 1 and n * K >= MIN_PARALLEL


def evaluate(const double[:, ::1] eta, const uint8_t[:, ::1] label, const double[::1] weight,
             const double[:, ::1] factor, double[:, ::1] residual, double[:, ::1] curvature, int n_threads):
    """residual = weight (sigma(eta) - y), curvature = weight sigma'(eta); the weighted loss of each column, (K,)."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[:, ::1] sums = np.zeros(((n + BLOCK - 1) // BLOCK, K))
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            label_block(min(BLOCK, n - i), K, &eta[i, 0], &label[i, 0], &weight[i], &factor[0, 0], &residual[i, 0],
                        &curvature[i, 0], &sums[b, 0])
    return np.add.reduce(sums, axis=0)


def slopes(const double[:, ::1] eta, const double[::1] shift, const uint8_t[:, ::1] label, const double[::1] weight,
           const double[:, ::1] factor, int n_threads):
    """First and second derivative of each column's loss in a shift, at eta + shift: (2, K)."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[:, :, ::1] sums = np.zeros(((n + BLOCK - 1) // BLOCK, 2, K))
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            label_slopes(min(BLOCK, n - i), K, &eta[i, 0], &shift[0], &label[i, 0], &weight[i], &factor[0, 0],
                         &sums[b, 0, 0])
    return np.add.reduce(sums, axis=0)


def losses(const double[:, ::1] eta, const double[:, ::1] Xd, const double[::1] t, const uint8_t[:, ::1] label,
           const double[::1] weight, const double[:, ::1] factor, int n_threads):
    """The weighted loss of each column at eta + t Xd, (K,)."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[:, ::1] sums = np.zeros(((n + BLOCK - 1) // BLOCK, K))
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            label_losses(min(BLOCK, n - i), K, &eta[i, 0], &Xd[i, 0], &t[0], &label[i, 0], &weight[i],
                         &factor[0, 0], &sums[b, 0])
    return np.add.reduce(sums, axis=0)


def divergence(const double[:, ::1] eta, const double[:, ::1] Xd, const double[::1] t, const double[::1] scale,
               double back, const uint8_t[:, ::1] label, const double[::1] weight, const double[:, ::1] factor,
               int n_threads):
    """Each column's share of the duality gap at eta + t Xd, and how many rows were cut: (2, K).

    The dual point is  u = y + scale (sigma(eta) - y + back sigma'(eta) Xd)  cut to [0, 1].
    """
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], b, i
    cdef double[:, :, ::1] sums = np.zeros(((n + BLOCK - 1) // BLOCK, 2, K))
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            label_divergence(min(BLOCK, n - i), K, &eta[i, 0], &Xd[i, 0], &t[0], &scale[0], back, &label[i, 0],
                             &weight[i], &factor[0, 0], &sums[b, 0, 0])
    return np.add.reduce(sums, axis=0)


cdef void bend_block(Py_ssize_t rows, Py_ssize_t K, const double* curvature, const double* Xd, double* curved,
                     double* out) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(rows):
        for k in range(K):
            curved[i * K + k] = curvature[i * K + k] * Xd[i * K + k]
            out[k] += curved[i * K + k]


def bend(const double[:, ::1] curvature, const double[:, ::1] Xd, double[:, ::1] curved, int n_threads):
    """curved = curvature Xd; the sum of each column, (K,)."""
    cdef Py_ssize_t n = Xd.shape[0], K = Xd.shape[1], b, i
    cdef double[:, ::1] sums = np.zeros(((n + BLOCK - 1) // BLOCK, K))
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            bend_block(min(BLOCK, n - i), K, &curvature[i, 0], &Xd[i, 0], &curved[i, 0], &sums[b, 0])
    return np.add.reduce(sums, axis=0)


cdef void move_block(Py_ssize_t rows, Py_ssize_t K, const double* curvature, const double* shift, double* Xd,
                     double* curved) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(rows):
        for k in range(K):
            Xd[i * K + k] += shift[k]
            curved[i * K + k] = curvature[i * K + k] * Xd[i * K + k]


def move(const double[:, ::1] curvature, const double[::1] shift, double[:, ::1] Xd, double[:, ::1] curved,
         int n_threads):
    """Xd += shift; curved = curvature Xd."""
    cdef Py_ssize_t n = Xd.shape[0], K = Xd.shape[1], b, i
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=shared(n, K, n_threads),
                        schedule="static"):
            i = b * BLOCK
            move_block(min(BLOCK, n - i), K, &curvature[i, 0], &shift[0], &Xd[i, 0], &curved[i, 0])
