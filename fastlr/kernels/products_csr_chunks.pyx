"""Fused passes over the rows of CSR in which threads share the gradient by chunks of rows.

For few columns and many rows.  Each chunk (a fixed number of rows, a multiple of 64) has its own row of `partial`
(n_chunks, p), and these are added up in order at the end, so bits do not depend on the number of threads.  Indices need
not be sorted.  Other shapes and types as in products_sparse.pyx.
"""

from cython.parallel cimport prange

from fastlr.kernels.chunks cimport add_chunks
from fastlr.kernels.loss_logistic cimport logistic_block
from fastlr.kernels.products_sparse_slices cimport gather_block, scatter_rows, scatter_squares_rows, slice_dot
from fastlr.kernels.simd cimport clear
from fastlr.kernels.types cimport integer, stored

cdef enum:
    BLOCK = 64        # rows between two uses of their entries for a loss
    PIECE = 1024      # rows between two uses of their entries for a Hessian product


cdef void adjoint_chunk(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                        Py_ssize_t end, const double* u, double* g, Py_ssize_t p) noexcept nogil:
    clear(g, p)
    scatter_rows(indptr, indices, data, indptr, 0, 0, begin, end, u, g)


cdef void squares_chunk(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                        Py_ssize_t end, const double* d, double* g, Py_ssize_t p) noexcept nogil:
    clear(g, p)
    scatter_squares_rows(indptr, indices, data, indptr, 0, 0, begin, end, d, g)


cdef void product_chunk(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                        Py_ssize_t end, const double* curvature, const double* v, double shift, double* Xd,
                        double* g, Py_ssize_t p) noexcept nogil:
    cdef double scaled[PIECE]
    cdef Py_ssize_t i, last
    clear(g, p)
    while begin < end:
        last = min(end, begin + PIECE)
        for i in range(begin, last):
            Xd[i] = slice_dot(indices, data, indptr[i], indptr[i + 1], v) + shift
            scaled[i - begin] = curvature[i] * Xd[i]
        scatter_rows(indptr + begin, indices, data, indptr, 0, 0, 0, last - begin, scaled, g)
        begin = last


cdef double loss_chunk(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                       Py_ssize_t end, const double* v, double shift, const double* y, const double* weight,
                       Py_ssize_t weight_step, double* eta, double* curvature, double* g, Py_ssize_t p) noexcept nogil:
    cdef double residual[BLOCK]
    cdef double loss = 0.0
    cdef Py_ssize_t last
    clear(g, p)
    while begin < end:
        last = min(end, begin + BLOCK)
        gather_block(indptr, indices, data, begin, last, v, shift, eta)
        loss += logistic_block(last - begin, eta + begin, y + begin, weight + begin * weight_step, residual,
                               curvature + begin)
        scatter_rows(indptr + begin, indices, data, indptr, 0, 0, 0, last - begin, residual, g)
        begin = last
    return loss


def adjoint(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[::1] u,
            double[:, ::1] partial, double[::1] out, Py_ssize_t chunk, int n_threads):
    """out = X' u."""
    cdef Py_ssize_t n = u.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            adjoint_chunk(&indptr[0], &indices[0], &data[0], c * chunk, min(n, c * chunk + chunk), &u[0],
                          &partial[c, 0], partial.shape[1])
        add_chunks(&partial[0, 0], partial.shape[0], partial.shape[1], 0, partial.shape[1], &out[0])


def squares(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[::1] d,
            double[:, ::1] partial, double[::1] out, Py_ssize_t chunk, int n_threads):
    """out[j] = sum_i d[i] X[i, j]^2."""
    cdef Py_ssize_t n = d.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            squares_chunk(&indptr[0], &indices[0], &data[0], c * chunk, min(n, c * chunk + chunk), &d[0],
                          &partial[c, 0], partial.shape[1])
        add_chunks(&partial[0, 0], partial.shape[0], partial.shape[1], 0, partial.shape[1], &out[0])


def hessian_product(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                    const double[::1] curvature, const double[::1] v, double shift, double[::1] Xd,
                    double[:, ::1] partial, double[::1] out, Py_ssize_t chunk, int n_threads):
    """Xd = X v + shift; out = X' (curvature * Xd)."""
    cdef Py_ssize_t n = Xd.shape[0], c
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            product_chunk(&indptr[0], &indices[0], &data[0], c * chunk, min(n, c * chunk + chunk), &curvature[0],
                          &v[0], shift, &Xd[0], &partial[c, 0], partial.shape[1])
        add_chunks(&partial[0, 0], partial.shape[0], partial.shape[1], 0, partial.shape[1], &out[0])


def loss_gradient(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                  const double[::1] v, double shift, const double[::1] y, const double[::1] weight,
                  double[::1] eta, double[::1] curvature, double[::1] chunk_loss, double[:, ::1] partial,
                  double[::1] out, Py_ssize_t chunk, int n_threads):
    """eta += X v + shift; curvature of the logistic loss at eta; out = X' residual; returns the loss."""
    cdef Py_ssize_t n = eta.shape[0], c, step = weight.shape[0] == n
    cdef double loss = 0.0
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            chunk_loss[c] = loss_chunk(&indptr[0], &indices[0], &data[0], c * chunk, min(n, c * chunk + chunk),
                                       &v[0], shift, &y[0], &weight[0], step, &eta[0], &curvature[0],
                                       &partial[c, 0], partial.shape[1])
        add_chunks(&partial[0, 0], partial.shape[0], partial.shape[1], 0, partial.shape[1], &out[0])
        for c in range(partial.shape[0]):
            loss = loss + chunk_loss[c]
    return loss
