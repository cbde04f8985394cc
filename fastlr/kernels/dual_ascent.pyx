"""Epochs of coordinate ascent on the dual of an L2-penalised logistic objective, over the rows of CSR and of dense X.

A dual point u in (0, 1)^n is held as logits z, u = sigma(z), and as residuals r = u - y; it implies the weights

    w_j = -inverse_j sum_i weight_i r_i x_ij,      inverse = 1 / l2.

The dual is largest in u_i alone where z = x_i . w + offset_i =: eta_i.  With  a = weight_i sum_j inverse_j x_ij^2  that
is the root of  z + a (sigma(z) - y) = c,  c = eta + a r  at the old point: a function with slopes in [1, 1 + a/4], on
which Newton's method takes one step and one exponential where the rows have nearly settled.

Rows go in groups of `group` consecutive ones, which keeps memory traffic regular, in the order given.  `weights`
(n_blocks, m + 2) holds a copy of w for each block of groups.  Blocks run at the same time, each as if the others did to
w what it does itself: its changes count n_blocks-fold in its copy, and the mean of the copies, which is what w becomes,
has each change once.  The number of blocks, not of threads, decides about bits.

Behind the m weights lie the column of all entries that are alone in theirs, which stays zero (such entries matter to
their own row only, through `own`, their part of sum_j inverse_j x_ij^2), and the intercept: a column of ones whose
inverse penalty `free` a multiplier step at each epoch makes up for.

weight, offset: (n,), or shorter where all are equal (the first counts); inverse (m,), possibly a broadcast scalar; the
other vectors over rows (n,).
"""

from cython.parallel cimport prange
from libc.math cimport fabs, isfinite

from fastlr.kernels.dense_rows cimport axpy, dot, weighted_axpy
from fastlr.kernels.loss_logistic cimport residual_of
from fastlr.kernels.products_sparse_slices cimport slice_dot
from fastlr.kernels.types cimport floating, integer

import numpy as np

cdef extern from "core/exp_log.h" nogil:
    double log_positive "fastlr_log"(double u) noexcept

cdef enum:
    CHUNK = 4096     # columns averaged at a time
    STEPS = 100      # of Newton's method or bisection in one row, at most

cdef double ENOUGH = 0.1         # share of the distance to the root that may be left: w moves on anyway
cdef double RESOLVED = 1e-15
cdef double SMALLEST = 1e-300    # of u and 1 - u

ctypedef struct Rows:
    Py_ssize_t n
    const double* y
    const double* weight
    const double* offset
    const double* norms
    const double* own
    double* logit
    double* residual
    Py_ssize_t weight_step
    Py_ssize_t offset_step


ctypedef struct Columns:
    Py_ssize_t m
    const double* inverse
    Py_ssize_t step
    double free
    double share      # how often a change counts: once for each block


cdef double ascend(const Rows* rows, Py_ssize_t i, double product, double* gain) noexcept nogil:
    """Maximise the dual in row i, given x_i . w + intercept; returns the change of weight_i r_i."""
    cdef double s = rows.weight[i * rows.weight_step], y = rows.y[i], z = rows.logit[i], r = rows.residual[i]
    cdef double a = s * rows.norms[i], eta = product + rows.offset[i * rows.offset_step] - s * r * rows.own[i]
    cdef double error = eta - z, c = eta + a * r, low = c - a * (1.0 - y), high = c + a * y
    cdef double tolerance = ENOUGH * fabs(error) + RESOLVED * (fabs(z) + a), miss, new = r
    cdef int _
    z = z + error / (1.0 + a * (y + r) * (1.0 - y - r))
    z = min(max(z, low), high)
    for _ in range(STEPS):
        new = residual_of(z, y)
        miss = z + a * new - c
        if fabs(miss) <= tolerance:
            break
        if miss > 0.0:
            high = z
        else:
            low = z
        z = z - miss / (1.0 + a * (y + new) * (1.0 - y - new))
        if not low < z < high:
            z = 0.5 * (low + high)
    rows.logit[i] = z
    rows.residual[i] = new
    gain[0] += 0.5 * s * error * (new - r)
    return s * (new - r)


cdef double sparse_block(const integer* indptr, const integer* indices, const floating* data, const Py_ssize_t* order,
                         Py_ssize_t n_groups, Py_ssize_t group, const Rows* rows, const Columns* columns,
                         double* w) noexcept nogil:
    """One block of groups of CSR rows; returns the gain of the dual."""
    cdef Py_ssize_t g, i, k, m = columns.m
    cdef double change, gain = 0.0
    for g in range(n_groups):
        for i in range(order[g] * group, min(rows.n, (order[g] + 1) * group)):
            change = slice_dot(indices, data, indptr[i], indptr[i + 1], w) + w[m + 1]
            change = columns.share * ascend(rows, i, change, &gain)
            w[m + 1] -= columns.free * change
            if columns.step == 0:
                change = change * columns.inverse[0]
                for k in range(indptr[i], indptr[i + 1]):
                    w[indices[k]] -= change * data[k]
            else:
                for k in range(indptr[i], indptr[i + 1]):
                    w[indices[k]] -= change * columns.inverse[indices[k]] * data[k]
            w[m] = 0.0
    return gain


cdef double dense_block(const floating* X, Py_ssize_t stride, const Py_ssize_t* order, Py_ssize_t n_groups,
                        Py_ssize_t group, const Rows* rows, const Columns* columns, double* w) noexcept nogil:
    """One block of groups of dense rows; returns the gain of the dual."""
    cdef Py_ssize_t g, i, m = columns.m
    cdef double change, gain = 0.0
    cdef const floating* x
    for g in range(n_groups):
        for i in range(order[g] * group, min(rows.n, (order[g] + 1) * group)):
            x = X + i * stride
            change = columns.share * ascend(rows, i, dot(x, w, m) + w[m + 1], &gain)
            w[m + 1] -= columns.free * change
            if columns.step == 0:
                axpy(-change * columns.inverse[0], x, m, w)
            else:
                weighted_axpy(m, -change, columns.inverse, x, w)
    return gain


cdef Rows rows_of(const double[::1] y, const double[::1] weight, const double[::1] offset, const double[::1] norms,
                  const double[::1] own, double[::1] logit, double[::1] residual) noexcept:
    cdef Rows rows
    rows.n = y.shape[0]
    rows.y = &y[0]
    rows.weight = &weight[0]
    rows.offset = &offset[0]
    rows.norms = &norms[0]
    rows.own = &own[0]
    rows.logit = &logit[0]
    rows.residual = &residual[0]
    rows.weight_step = weight.shape[0] == rows.n
    rows.offset_step = offset.shape[0] == rows.n
    return rows


cdef Columns columns_of(const double[:] inverse, double free, double[:, ::1] weights) noexcept:
    cdef Columns columns
    columns.m = weights.shape[1] - 2
    columns.inverse = &inverse[0]
    columns.step = inverse.strides[0] != 0
    columns.free = free
    columns.share = weights.shape[0]
    return columns


cdef void multiplier_step(const Rows* rows, double free, double[:, ::1] weights) noexcept nogil:
    """Move the intercept by what the residuals, which must add up to zero, do add up to."""
    cdef Py_ssize_t i, b, last = weights.shape[1] - 1
    cdef double sum = 0.0
    for i in range(rows.n):
        sum += rows.weight[i * rows.weight_step] * rows.residual[i]
    for b in range(weights.shape[0]):
        weights[b, last] -= free * sum


cdef void average(double[:, ::1] weights, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Replace each of the copies by their mean in columns begin..end."""
    cdef Py_ssize_t b, j
    cdef double share = 1.0 / weights.shape[0]
    for b in range(1, weights.shape[0]):
        for j in range(begin, end):
            weights[0, j] += weights[b, j]
    for j in range(begin, end):
        weights[0, j] *= share
    for b in range(1, weights.shape[0]):
        for j in range(begin, end):
            weights[b, j] = weights[0, j]


cdef double settle(double[:, ::1] weights, const double[::1] gains, int n_threads) noexcept:
    """Average the copies of w; returns the sum of the blocks' gains."""
    cdef Py_ssize_t c, b, length = weights.shape[1]
    cdef double gain = 0.0
    with nogil:
        if weights.shape[0] > 1:
            for c in prange((length + CHUNK - 1) // CHUNK, num_threads=n_threads,
                            use_threads_if=n_threads > 1 and length > 8 * CHUNK, schedule="static"):
                average(weights, c * CHUNK, min(length, (c + 1) * CHUNK))
        for b in range(gains.shape[0]):
            gain = gain + gains[b]
    return gain


def sparse_epoch(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
                 const Py_ssize_t[::1] order, Py_ssize_t group, const double[::1] y, const double[::1] weight,
                 const double[::1] offset, const double[::1] norms, const double[::1] own, const double[:] inverse,
                 double free, double[::1] logit, double[::1] residual, double[:, ::1] weights, int n_threads):
    """One epoch over CSR rows; returns about what the dual gained.

    `order` is a permutation of the groups of rows.  logit, residual and weights move along."""
    cdef Rows rows = rows_of(y, weight, offset, norms, own, logit, residual)
    cdef Columns columns = columns_of(inverse, free, weights)
    cdef Py_ssize_t b, n_blocks = weights.shape[0], n = order.shape[0]
    cdef double[::1] gains = np.zeros(n_blocks)
    with nogil:
        multiplier_step(&rows, free, weights)
        for b in prange(n_blocks, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static", chunksize=1):
            gains[b] = sparse_block(&indptr[0], &indices[0], &data[0], &order[0] + b * n // n_blocks,
                                    (b + 1) * n // n_blocks - b * n // n_blocks, group, &rows, &columns,
                                    &weights[b, 0])
    return settle(weights, gains, n_threads)


def dense_epoch(const floating[:, :] X, const Py_ssize_t[::1] order, Py_ssize_t group, const double[::1] y,
                const double[::1] weight, const double[::1] offset, const double[::1] norms, const double[::1] own,
                const double[:] inverse, double free, double[::1] logit, double[::1] residual,
                double[:, ::1] weights, int n_threads):
    """One epoch over the rows of a dense X, each contiguous, as sparse_epoch."""
    cdef Rows rows = rows_of(y, weight, offset, norms, own, logit, residual)
    cdef Columns columns = columns_of(inverse, free, weights)
    cdef Py_ssize_t b, n_blocks = weights.shape[0], n = order.shape[0]
    cdef Py_ssize_t stride = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef double[::1] gains = np.zeros(n_blocks)
    with nogil:
        multiplier_step(&rows, free, weights)
        for b in prange(n_blocks, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static", chunksize=1):
            gains[b] = dense_block(&X[0, 0], stride, &order[0] + b * n // n_blocks,
                                   (b + 1) * n // n_blocks - b * n // n_blocks, group, &rows, &columns,
                                   &weights[b, 0])
    return settle(weights, gains, n_threads)


def scaled_residuals(const double[::1] eta, const double[::1] y, double scale, double[::1] logit,
                     double[::1] residual):
    """The dual point  u = y + scale (sigma(eta) - y),  0 < scale <= 1, kept away from 0 and 1 by a hair."""
    cdef Py_ssize_t i
    cdef double r, up, down
    with nogil:
        for i in range(eta.shape[0]):
            r = scale * residual_of(eta[i], y[i])
            up = max(y[i] + r, SMALLEST)
            down = max((1.0 - y[i]) - r, SMALLEST)
            residual[i] = r
            logit[i] = eta[i] if scale == 1.0 and isfinite(eta[i]) else log_positive(up) - log_positive(down)
