"""Fused passes over the rows of CSR in which threads share the gradient by ranges of columns.

For X with many columns.  Rows go by in superblocks (a number of rows, a multiple of 64).  Threads first share the rows
of a superblock for the linear predictor, then, past a barrier, its columns for the gradient, which needs no buffers and
gives the same bits for any number of threads.  Shapes and types as in products_sparse.pyx.
"""

from cython.parallel cimport prange

from fastlr.kernels.loss_logistic cimport logistic_block
from fastlr.kernels.products_sparse_slices cimport gather_block, scatter_rows, slice_dot
from fastlr.kernels.simd cimport clear
from fastlr.kernels.types cimport integer, stored

cdef enum:
    BLOCK = 64  # rows a thread takes at a time


cdef void product_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                        Py_ssize_t end, const double* curvature, const double* v, double shift, double* Xd,
                        double* scaled) noexcept nogil:
    """Xd[i] = X[i] . v + shift; scaled = curvature * Xd"""
    cdef Py_ssize_t i
    for i in range(begin, end):
        Xd[i] = slice_dot(indices, data, indptr[i], indptr[i + 1], v) + shift
        scaled[i] = curvature[i] * Xd[i]


cdef double loss_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                       Py_ssize_t end, const double* v, double shift, const double* y, const double* weight,
                       Py_ssize_t weight_step, double* eta, double* residual, double* curvature) noexcept nogil:
    gather_block(indptr, indices, data, begin, end, v, shift, eta)
    return logistic_block(end - begin, eta + begin, y + begin, weight + begin * weight_step, residual + begin,
                          curvature + begin)


def hessian_product(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                    const integer[:, ::1] splits, const double[::1] curvature, const double[::1] v, double shift,
                    double[::1] Xd, double[::1] scaled, double[::1] out, Py_ssize_t superblock, int n_threads):
    """Xd = X v + shift; out = X' (curvature * Xd); `scaled` (n,) is scratch."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], s, b, t, end
    with nogil:
        clear(&out[0], out.shape[0])
        s = 0
        while s < n:  # a superblock
            end = min(n, s + superblock)
            for b in prange((end - s + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                            schedule="dynamic"):
                product_block(&indptr[0], &indices[0], &data[0], s + b * BLOCK, min(end, s + b * BLOCK + BLOCK),
                              &curvature[0], &v[0], shift, &Xd[0], &scaled[0])
            for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0,
                            schedule="static"):
                scatter_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, s, end, &scaled[0],
                             &out[0])
            s = end


def loss_gradient(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                  const integer[:, ::1] splits, const double[::1] v, double shift, const double[::1] y,
                  const double[::1] weight, double[::1] eta, double[::1] residual, double[::1] curvature,
                  double[::1] block_loss, double[::1] out, Py_ssize_t superblock, int n_threads):
    """eta += X v + shift; residual and curvature of the logistic loss at eta; out = X' residual; returns the loss.

    `block_loss` is scratch of length ceil(n / 64)."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], s, b, t, end
    cdef Py_ssize_t step = weight.shape[0] == n
    cdef double loss = 0.0
    with nogil:
        clear(&out[0], out.shape[0])
        s = 0
        while s < n:  # a superblock
            end = min(n, s + superblock)
            for b in prange((end - s + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                            schedule="dynamic"):
                block_loss[s // BLOCK + b] = loss_block(
                    &indptr[0], &indices[0], &data[0], s + b * BLOCK, min(end, s + b * BLOCK + BLOCK), &v[0], shift,
                    &y[0], &weight[0], step, &eta[0], &residual[0], &curvature[0])
            for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0,
                            schedule="static"):
                scatter_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, s, end, &residual[0],
                             &out[0])
            s = end
        for b in range(block_loss.shape[0]):
            loss = loss + block_loss[b]
    return loss
