"""Epochs of coordinate ascent on the duals of several labels at once, over the rows of CSR X; see dual_ascent.pyx.

Labels lie in blocks of `width` lanes side by side, width being 4, 8, 12 or 16: logit and residual (n_blocks, n, width),
label the same in uint8, weights (n_blocks, m + 2, width), factor (n_blocks, 2, width) as in loss_labels.pyx.  A row
that has been read serves all labels of a block.  Threads take blocks; what happens to a label does not depend on its
block.  Row m of the weights stands for all columns of one entry and stays zero, row m + 1 is the intercept.
"""

from cython.parallel cimport prange
from libc.math cimport fabs
from libc.stdint cimport uint8_t

import numpy as np

from fastlr.kernels.types cimport floating, integer

cdef extern from "core/dual_ascent_labels.h" nogil:
    void row_dot "fastlr_lane_dot"(
        Py_ssize_t width, const void* j, const void* x, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t last,
        const double* W, double* out) noexcept
    void row_add "fastlr_lane_add"(
        Py_ssize_t width, const void* j, const void* x, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t ahead,
        Py_ssize_t last, const double* inverse, Py_ssize_t step, const double* change, double* W) noexcept
    void ascend_lanes "fastlr_ascend_lanes"(
        Py_ssize_t width, double norm, double own, double weight, const double* factor, const uint8_t* label, double* z,
        double* r, double* change, double* gain) noexcept

cdef enum:
    MOST_LANES = 16
    AHEAD = 24   # entries whose weights are fetched before they are needed
    CHUNK = 4096  # columns of the result that a thread fills at a time


cdef inline double weight_of(double weight, const double* factor, Py_ssize_t width, Py_ssize_t k,
                             uint8_t y) noexcept nogil:
    return weight * factor[y * width + k]


cdef void ascend_block(const integer* indptr, const integer* indices, const floating* data, const Py_ssize_t* order,
                       Py_ssize_t n_groups, Py_ssize_t group, Py_ssize_t n, Py_ssize_t m, Py_ssize_t width,
                       const uint8_t* label, const double* weight, const double* factor, const double* norms,
                       const double* own, const double* inverse, Py_ssize_t step, double free, double* logit,
                       double* residual, double* W, double* gain) noexcept nogil:
    cdef Py_ssize_t g, i, k
    cdef double change[MOST_LANES]
    cdef double* intercept = W + (m + 1) * width
    cdef double* lonely = W + m * width
    for k in range(width):
        change[k] = 0.0
    for i in range(n):  # the multiplier step: residuals must add up to zero
        for k in range(width):
            change[k] += weight_of(weight[i], factor, width, k, label[i * width + k]) * residual[i * width + k]
    for k in range(width):
        intercept[k] -= free * change[k]
    for g in range(n_groups):
        for i in range(order[g] * group, min(n, (order[g] + 1) * group)):
            row_dot(width, indices, data, indptr[i], indptr[i + 1], indptr[n] - 1, W, change)
            for k in range(width):
                change[k] += intercept[k]
            ascend_lanes(width, norms[i], own[i], weight[i], factor, label + i * width, logit + i * width,
                         residual + i * width, change, gain)
            row_add(width, indices, data, indptr[i], indptr[i + 1], 0, 0, inverse, step, change, W)
            for k in range(width):
                intercept[k] += free * change[k]
                lonely[k] = 0.0


def epoch(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
          const Py_ssize_t[::1] order, Py_ssize_t group, const uint8_t[:, :, ::1] label, const double[::1] weight,
          const double[:, :, ::1] factor, const double[::1] norms, const double[::1] own, const double[:] inverse,
          double free, double[:, :, ::1] logit, double[:, :, ::1] residual, double[:, :, ::1] weights, int n_threads):
    """One epoch over all rows; returns about what each dual gained, (n_blocks, width).

    `order` is a permutation of the groups of rows.  logit, residual and weights move along."""
    cdef Py_ssize_t n_blocks = weights.shape[0], width = weights.shape[2], b, step = inverse.strides[0] != 0
    gains = np.zeros((n_blocks, width))
    cdef double[:, ::1] gain = gains
    with nogil:
        for b in prange(n_blocks, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=1):
            ascend_block(&indptr[0], &indices[0], &data[0], &order[0], order.shape[0], group, label.shape[1],
                         weights.shape[1] - 2, width, &label[b, 0, 0], &weight[0], &factor[b, 0, 0], &norms[0],
                         &own[0], &inverse[0], step, free, &logit[b, 0, 0], &residual[b, 0, 0], &weights[b, 0, 0],
                         &gain[b, 0])
    return gains


def forward(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const double[:, :, ::1] weights, double[:, :, ::1] out, int n_threads):
    """out[b, i] = X[i] weights[b], for the columns of more than one entry."""
    cdef Py_ssize_t n = out.shape[1], width = out.shape[2], b, i
    cdef Py_ssize_t last = indices.shape[0] - 1
    with nogil:
        for b in range(out.shape[0]):
            for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=64):
                row_dot(width, &indices[0], &data[0], indptr[i], indptr[i + 1], last, &weights[b, 0, 0], &out[b, i, 0])


def adjoint(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const double[:, :, ::1] u, const double[:] inverse, double[:, :, ::1] weights, int n_threads):
    """weights[b, j] += inverse_j sum_i X[i, j] u[b, i], for the columns of more than one entry."""
    cdef Py_ssize_t n = u.shape[1], m = weights.shape[1] - 2, width = u.shape[2], b, i, k
    cdef Py_ssize_t step = inverse.strides[0] != 0, last = indices.shape[0] - 1
    with nogil:
        for b in prange(u.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            for i in range(n):
                row_add(width, &indices[0], &data[0], indptr[i], indptr[i + 1], AHEAD, last, &inverse[0], step,
                        &u[b, i, 0], &weights[b, 0, 0])
            for k in range(width):
                weights[b, m, k] = 0.0


def lonely(const integer[::1] indptr, const integer[::1] indices, const integer[::1] renumbered,
           const floating[::1] data, integer m, integer[::1] home, double[::1] value):
    """home[j], value[j]: row and value of the one entry of each column that is numbered m; others are left alone."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i, k
    with nogil:
        for i in range(n):
            for k in range(indptr[i], indptr[i + 1]):
                if renumbered[k] == m:
                    home[indices[k]] = <integer>i
                    value[indices[k]] = data[k]


def lonely_peaks(const integer[::1] home, const double[::1] value, const double[:, ::1] v, double[::1] out):
    """out[k] = max(out[k], |value_j v[home_j, k]|) over the columns that have a home."""
    cdef Py_ssize_t j, k
    with nogil:
        for j in range(home.shape[0]):
            if home[j] >= 0:
                for k in range(v.shape[1]):
                    out[k] = max(out[k], fabs(value[j] * v[home[j], k]))


def coefficients(const integer[::1] number, const integer[::1] home, const double[::1] value, const double[:] inverse,
                 const double[:, ::1] weights, const double[:, ::1] u, const Py_ssize_t[::1] lanes,
                 double[:, ::1] out, int n_threads):
    """out[t, j] = weights[number_j, lanes_t],  or  inverse_j value_j u[home_j, lanes_t]  in columns of one entry."""
    cdef Py_ssize_t p = number.shape[0], m = weights.shape[0] - 2, c, j, t
    cdef Py_ssize_t step = inverse.strides[0] != 0
    with nogil:
        for c in prange((p + CHUNK - 1) // CHUNK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic"):
            for j in range(c * CHUNK, min(p, (c + 1) * CHUNK)):
                if number[j] < m:
                    for t in range(lanes.shape[0]):
                        out[t, j] = weights[number[j], lanes[t]]
                elif home[j] >= 0:
                    for t in range(lanes.shape[0]):
                        out[t, j] = (&inverse[0])[step * j] * value[j] * u[home[j], lanes[t]]
                else:
                    for t in range(lanes.shape[0]):
                        out[t, j] = 0.0
