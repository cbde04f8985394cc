"""Products of a compressed sparse X with K columns at once, along either axis; see sparse.pyx.

Matrices over rows and columns, (n, K) and (p, K), have unit stride along K: an entry of X meets K numbers side by side.
"""

from cython.parallel cimport prange

from fastlr.kernels.slices cimport entry
from fastlr.kernels.types cimport integer, stored

cdef extern from "many.h" nogil:
    void add_row "fastlr_add_row"(Py_ssize_t K, double x, const double* v, double* g) noexcept

cdef enum:
    BLOCK = 16  # major slices a thread takes at a time


cdef inline void gather_slice(const integer* indices, const stored* data, Py_ssize_t begin, Py_ssize_t end,
                              const double* V, Py_ssize_t K, double* out) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(begin, end):
        add_row(K, entry(data, k), V + indices[k] * K, out)


def gather(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[:, ::1] V,
           double[:, ::1] out, int n_threads):
    """out[i] += X[i] V, i on the major axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=BLOCK):
            gather_slice(&indices[0], &data[0], indptr[i], indptr[i + 1], &V[0, 0], V.shape[1], &out[i, 0])


cdef void scatter_range(const integer* indptr, const integer* indices, const stored* data, const integer* splits,
                        Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n, const double* U, Py_ssize_t K,
                        double* out) noexcept nogil:
    """out[j] += sum_i X[i, j] U[i] over the entries of minor range t."""
    cdef Py_ssize_t i, k, first, last
    for i in range(n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            add_row(K, entry(data, k), U + i * K, out + indices[k] * K)


def scatter(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
            const integer[:, ::1] splits, const double[:, ::1] U, double[:, ::1] out):
    """out[j] += sum_i X[i, j] U[i], j on the minor axis; one thread per range of `splits`."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_range(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &U[0, 0], U.shape[1],
                          &out[0, 0])
