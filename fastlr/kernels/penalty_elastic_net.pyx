"""The elastic-net penalty over coefficients, also within bounds: soft thresholds, subgradients, shares of the gap.

Arrays are (m,) float64, all coefficients one after the other; l1, l2, lower and upper may be broadcast scalars (stride
0), bounds may be infinite.  coef lies within them.  Sums run over blocks of fixed length added in order.
"""

from cython.parallel cimport prange

import numpy as np

cdef extern from "core/penalty.h" nogil:
    void soft_thresholds "fastlr_soft_thresholds"(
        Py_ssize_t begin, Py_ssize_t end, const double* v, const double* threshold, double* out) noexcept
    ctypedef struct Penalty "fastlr_penalty":
        const double* l1
        const double* l2
        const double* lower
        const double* upper
        Py_ssize_t l1_step
        Py_ssize_t l2_step
        Py_ssize_t lower_step
        Py_ssize_t upper_step
    double subgradient_block "fastlr_subgradient"(
        const Penalty* psi, Py_ssize_t begin, Py_ssize_t end, const double* coef, const double* gradient,
        double* out) noexcept
    double largest_ratio_block "fastlr_largest_ratio"(
        const Penalty* psi, Py_ssize_t begin, Py_ssize_t end, const double* adjoint) noexcept
    double gap_block "fastlr_penalty_gap"(
        const Penalty* psi, Py_ssize_t begin, Py_ssize_t end, const double* coef, const double* adjoint,
        double scale) noexcept
    double gap_block_within "fastlr_penalty_gap_within"(
        const Penalty* psi, Py_ssize_t begin, Py_ssize_t end, const double* coef, const double* adjoint,
        double scale) noexcept

cdef enum:
    BLOCK = 8192
    MIN_PARALLEL = 32768


cdef inline Py_ssize_t step(const double[:] numbers) noexcept:
    return numbers.strides[0] // <Py_ssize_t>sizeof(double)


cdef Penalty penalty_of(const double[:] l1, const double[:] l2, const double[:] lower, const double[:] upper) noexcept:
    """The penalty; None stands for what a function does not read."""
    cdef Penalty psi
    psi.l1, psi.l1_step = &l1[0], step(l1)
    psi.l2 = psi.lower = psi.upper = NULL
    psi.l2_step = psi.lower_step = psi.upper_step = 0
    if l2 is not None:
        psi.l2, psi.l2_step = &l2[0], step(l2)
    if lower is not None:
        psi.lower, psi.lower_step = &lower[0], step(lower)
        psi.upper, psi.upper_step = &upper[0], step(upper)
    return psi


cdef inline bint shared(Py_ssize_t m, int n_threads) noexcept nogil:
    return n_threads > 1 and m >= MIN_PARALLEL


def soft_threshold(const double[::1] v, const double[::1] threshold, double[::1] out, int n_threads):
    """out = sign(v) max(|v| - threshold, 0); -0.0 where v < 0 comes to zero."""
    cdef Py_ssize_t m = v.shape[0], c
    with nogil:
        for c in prange((m + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=shared(m, n_threads),
                        schedule="static"):
            soft_thresholds(c * BLOCK, min(m, (c + 1) * BLOCK), &v[0], &threshold[0], &out[0])


def subgradient(const double[::1] coef, const double[::1] gradient, const double[:] l1, const double[:] lower,
                const double[:] upper, double[::1] out, int n_threads):
    """out = subgradient of least norm, from the gradient of the smooth part; returns its inf-norm."""
    cdef Py_ssize_t m = coef.shape[0], c
    cdef Penalty psi = penalty_of(l1, None, lower, upper)
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=shared(m, n_threads),
                        schedule="static"):
            largest[c] = subgradient_block(&psi, c * BLOCK, min(m, (c + 1) * BLOCK), &coef[0], &gradient[0], &out[0])
    return float(np.max(largest))


def largest_ratio(const double[::1] adjoint, const double[:] l1, const double[:] l2, const double[:] lower,
                  const double[:] upper, int n_threads):
    """max_j |adjoint_j| / l1_j towards an infinite bound over the coefficients with l2_j = 0; 0 if there are none."""
    cdef Py_ssize_t m = adjoint.shape[0], c
    cdef Penalty psi = penalty_of(l1, l2, lower, upper)
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=shared(m, n_threads),
                        schedule="static"):
            largest[c] = largest_ratio_block(&psi, c * BLOCK, min(m, (c + 1) * BLOCK), &adjoint[0])
    return float(np.max(largest))


def gap(const double[::1] coef, const double[::1] adjoint, double scale, const double[:] l1, const double[:] l2,
        int n_threads):
    """sum_j l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) + z w  with  z = scale * adjoint.

    Where l2 = 0, |z| <= l1 is taken for granted."""
    cdef Py_ssize_t m = coef.shape[0], c
    cdef Penalty psi = penalty_of(l1, l2, None, None)
    cdef double[::1] sums = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(m, n_threads), schedule="static"):
            sums[c] = gap_block(&psi, c * BLOCK, min(m, (c + 1) * BLOCK), &coef[0], &adjoint[0], scale)
    return float(np.add.reduce(sums))


def gap_within(const double[::1] coef, const double[::1] adjoint, double scale, const double[:] l1,
               const double[:] l2, const double[:] lower, const double[:] upper, int n_threads):
    """sum_j psi(w) + psi*(-z) + z w  with  z = scale * adjoint  and  psi(w) = l1 |w| + l2 w^2 / 2  within the bounds.

    Where l2 = 0 and a bound is infinite, z is taken to be feasible there, see `largest_ratio`."""
    cdef Py_ssize_t m = coef.shape[0], c
    cdef Penalty psi = penalty_of(l1, l2, lower, upper)
    cdef double[::1] sums = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=shared(m, n_threads), schedule="static"):
            sums[c] = gap_block_within(&psi, c * BLOCK, min(m, (c + 1) * BLOCK), &coef[0], &adjoint[0], scale)
    return float(np.add.reduce(sums))
