"""The elastic-net penalty over columns: subgradients and the columns' share of the duality gap.

coef, gradient and adjoint are (m,) float64, all coefficients one after the other; l1 and l2 are (m,), possibly
broadcast scalars (stride 0).  Sums run over blocks of fixed length added in order.
"""

from cython.parallel cimport prange

from fastlr.kernels.simd cimport largest_ratio_block, penalty_gap_block, subgradient_block

import numpy as np

cdef enum:
    BLOCK = 8192
    MIN_PARALLEL = 32768


cdef inline Py_ssize_t step(const double[:] strength) noexcept:
    return strength.strides[0] // <Py_ssize_t>sizeof(double)


def subgradient(const double[::1] coef, const double[::1] gradient, const double[:] l1, double[::1] out,
                int n_threads):
    """out = subgradient of least norm, from the gradient of the smooth part; returns its inf-norm."""
    cdef Py_ssize_t m = coef.shape[0], c, stride = step(l1)
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            largest[c] = subgradient_block(min(BLOCK, m - c * BLOCK), &coef[c * BLOCK], &gradient[c * BLOCK],
                                           &l1[c * BLOCK], stride, &out[c * BLOCK])
    return float(np.max(largest))


def gap(const double[::1] coef, const double[::1] adjoint, double scale, const double[:] l1, const double[:] l2,
        int n_threads):
    """sum_j l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) + z w  with  z = scale * adjoint.

    Where l2 = 0, |z| <= l1 is taken for granted."""
    cdef Py_ssize_t m = coef.shape[0], c, stride1 = step(l1), stride2 = step(l2)
    cdef double[::1] sums = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            sums[c] = penalty_gap_block(min(BLOCK, m - c * BLOCK), &coef[c * BLOCK], &adjoint[c * BLOCK], scale,
                                        &l1[c * BLOCK], stride1, &l2[c * BLOCK], stride2)
    return float(np.add.reduce(sums))


def largest_ratio(const double[::1] adjoint, const double[:] l1, const double[:] l2, int n_threads):
    """max_j |adjoint_j| / l1_j over the columns with l2_j = 0 (0 if there are none)."""
    cdef Py_ssize_t m = adjoint.shape[0], c, stride1 = step(l1), stride2 = step(l2)
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            largest[c] = largest_ratio_block(min(BLOCK, m - c * BLOCK), &adjoint[c * BLOCK], &l1[c * BLOCK], stride1,
                                             &l2[c * BLOCK], stride2)
    return float(np.max(largest))
