"""The logistic function and the logistic loss on arrays, for fastlr.special.

y, eta, weight, v are (n,) float64, contiguous; weight may be None, for ones.  Work goes by blocks of BLOCK rows.
`found` (number of blocks, COLUMNS), zeros at the start, takes what a block's rows add up to: its columns are named
below.  The caller may hand over the rows in pieces of whole blocks, each with its rows of `found`; `totals` adds the
blocks in order, so that the bits depend neither on the pieces nor on the number of threads.
"""

from cython.parallel cimport prange
from libc.math cimport fabs, isfinite

from fastlr.kernels.special cimport (
    count_labels,
    expit_block,
    expit_derivative_block,
    log_loss_curve,
    log_loss_slopes,
    log_loss_sum,
    weigh_block,
)
from fastlr.kernels.types cimport floating

import numpy as np

cdef enum:
    ROWS = 4096
    MIN_PARALLEL = 16384  # rows; below, waking a second thread costs more than it brings

BLOCK = ROWS
LOSS, MASS, BAD_WEIGHTS, NEGATIVE, OTHER, ABOVE, COLUMNS = range(7)


cdef inline bint shared(Py_ssize_t n, int n_threads) noexcept nogil:
    return n_threads > 1 and n >= MIN_PARALLEL


cdef inline Py_ssize_t blocks(Py_ssize_t n) noexcept nogil:
    return (n + ROWS - 1) // ROWS


def totals(const double[:, ::1] found):
    """Column sums of `found`, in order, with the rounding errors of the additions carried along (Neumaier's sum)."""
    cdef Py_ssize_t b, c
    cdef double s, t, x, lost
    cdef double[::1] out = np.empty(found.shape[1])
    for c in range(found.shape[1]):
        s = lost = 0.0
        for b in range(found.shape[0]):
            x = found[b, c]
            t = s + x
            lost += (s - t) + x if fabs(s) >= fabs(x) else (x - t) + s
            s = t
        out[c] = s + lost if isfinite(s) else s
    return np.asarray(out)


def expit(const floating[::1] eta, floating[::1] out, int n_threads):
    """out = 1 / (1 + exp(-eta))"""
    cdef Py_ssize_t n = eta.shape[0], b, i
    with nogil:
        for b in prange(blocks(n), num_threads=n_threads, use_threads_if=shared(n, n_threads), schedule="static"):
            i = b * ROWS
            expit_block(min(ROWS, n - i), &eta[i], &out[i])


def expit_derivative(const floating[::1] eta, floating[::1] out, int n_threads):
    """out = exp(-|eta|) / (1 + exp(-|eta|))^2"""
    cdef Py_ssize_t n = eta.shape[0], b, i
    with nogil:
        for b in prange(blocks(n), num_threads=n_threads, use_threads_if=shared(n, n_threads), schedule="static"):
            i = b * ROWS
            expit_derivative_block(min(ROWS, n - i), &eta[i], &out[i])


def weigh(const double[::1] weight, double scale, double[:, ::1] found, int n_threads):
    """found: MASS = sum of scale * weight; BAD_WEIGHTS > 0 where a weight is negative, infinite or NaN."""
    cdef Py_ssize_t n = weight.shape[0], b, i
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(n, n_threads),
                        schedule="static"):
            i = b * ROWS
            weigh_block(min(ROWS, n - i), &weight[i], scale, &found[b, 1])


def log_loss(const double[::1] y, const double[::1] eta, const double[::1] weight, double scale,
             double[:, ::1] found, int n_threads):
    """found: LOSS = sum of scale * weight * loss; MASS and BAD_WEIGHTS as in weigh, if there are weights; NEGATIVE,
    OTHER, ABOVE count the labels below 0, other than -1 and +1, not <= 1."""
    cdef Py_ssize_t n = eta.shape[0], b, i, m
    cdef const double* w = &weight[0] if weight is not None else NULL
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(n, n_threads),
                        schedule="static"):
            i = b * ROWS
            m = min(ROWS, n - i)
            count_labels(m, &y[i], &found[b, 3])
            if w != NULL:
                weigh_block(m, w + i, scale, &found[b, 1])
            found[b, 0] = log_loss_sum(m, &y[i], &eta[i], w + i if w != NULL else NULL, scale)


def log_loss_gradient(const double[::1] y, const double[::1] eta, const double[::1] weight, double[::1] out,
                      double scale, double mass, double[:, ::1] found, int n_threads):
    """out = scale * weight / mass * (sigma(eta) - y); found: NEGATIVE, OTHER, ABOVE."""
    cdef Py_ssize_t n = eta.shape[0], b, i, m
    cdef const double* w = &weight[0] if weight is not None else NULL
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(n, n_threads),
                        schedule="static"):
            i = b * ROWS
            m = min(ROWS, n - i)
            count_labels(m, &y[i], &found[b, 3])
            log_loss_slopes(m, &y[i], &eta[i], w + i if w != NULL else NULL, scale, mass, &out[i])


def log_loss_hessian_product(const double[::1] y, const double[::1] eta, const double[::1] weight,
                             const double[::1] v, double[::1] out, double scale, double mass, double[:, ::1] found,
                             int n_threads):
    """out = scale * weight / mass * sigma'(eta) * v; found: NEGATIVE, OTHER, ABOVE."""
    cdef Py_ssize_t n = eta.shape[0], b, i, m
    cdef const double* w = &weight[0] if weight is not None else NULL
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(n, n_threads),
                        schedule="static"):
            i = b * ROWS
            m = min(ROWS, n - i)
            count_labels(m, &y[i], &found[b, 3])
            log_loss_curve(m, &eta[i], &v[i], w + i if w != NULL else NULL, scale, mass, &out[i])
