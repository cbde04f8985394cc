"""Products of a compressed sparse X with K columns at once, along either axis; see products_sparse.pyx.

Matrices over rows and columns, (n, K) and (p, K), have unit stride along K: an entry of X meets K numbers side by side.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

import numpy as np

from fastlr.kernels.types cimport integer, stored

cdef extern from "core/products_sparse_many.h" nogil:
    void gather_slice "fastlr_gather_slice"(
        Py_ssize_t n, const void* index, const void* data, Py_ssize_t K, const double* V, double* out) noexcept
    void scatter_slice "fastlr_scatter_slice"(
        Py_ssize_t n, const void* index, const void* data, Py_ssize_t K, const double* u, double* out) noexcept

cdef extern from "core/loss_softmax.h" nogil:
    void class_curve "fastlr_class_curve"(Py_ssize_t rows, Py_ssize_t K, const double* p, const double* weight,
                                          const double* z, double* h) noexcept

cdef enum:
    SLICES = 16  # major slices a thread takes at a time


cdef inline const stored* values_from(const stored* data, Py_ssize_t begin) noexcept nogil:
    """Values from number `begin` on; where all are equal, memory holds one."""
    if stored is int64_t:
        return data
    else:
        return data + begin


def gather(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[:, ::1] V,
           double[:, ::1] out, int n_threads):
    """out[i] = X[i] V, i on the major axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, K = V.shape[1], i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=SLICES):
            gather_slice(indptr[i + 1] - indptr[i], &indices[0] + indptr[i], values_from(&data[0], indptr[i]), K,
                         &V[0, 0], &out[i, 0])


cdef void scatter_range(const integer* indptr, const integer* indices, const stored* data, const integer* splits,
                        Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n, const double* U, Py_ssize_t K,
                        double* out) noexcept nogil:
    """out[j] += sum_i X[i, j] U[i] over the entries of minor range t."""
    cdef Py_ssize_t i, first, last
    for i in range(n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        scatter_slice(last - first, indices + first, values_from(data, first), K, U + i * K, out)


def scatter(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
            const integer[:, ::1] splits, const double[:, ::1] U, double[:, ::1] out):
    """out[j] += sum_i X[i, j] U[i], j on the minor axis; one thread per range of `splits`."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_range(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &U[0, 0], U.shape[1],
                          &out[0, 0])


cdef void curved_rows(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                      Py_ssize_t end, const double* p, const double* weight, Py_ssize_t K, const double* V,
                      double* Xd, double* curved, double* sums) noexcept nogil:
    cdef Py_ssize_t i, n
    for i in range(begin, end):
        n = indptr[i + 1] - indptr[i]
        gather_slice(n, indices + indptr[i], values_from(data, indptr[i]), K, V, Xd + i * K)
        class_curve(1, K, p + i * K, weight + i, Xd + i * K, curved)
        scatter_slice(n, indices + indptr[i], values_from(data, indptr[i]), K, curved, sums)


def class_hessian_product(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                          const double[:, ::1] p, const double[::1] weight, const double[:, ::1] V,
                          double[:, ::1] Xd, double[:, :, ::1] sums, Py_ssize_t chunk, int n_threads):
    """Xd = X V and sums[c] += X' [weight_i (diag(p_i) - p_i p_i') Xd_i]_i over the rows of chunk c; rows major,
    each while it is in the cache; sums (n_chunks, columns, K)."""
    cdef Py_ssize_t n = Xd.shape[0], K = Xd.shape[1], c
    cdef double[:, ::1] curved = np.empty((sums.shape[0], K))
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=1):
            curved_rows(&indptr[0], &indices[0], &data[0], c * chunk, min(n, (c + 1) * chunk), &p[0, 0], &weight[0], K,
                        &V[0, 0], &Xd[0, 0], &curved[c, 0], &sums[c, 0, 0])
