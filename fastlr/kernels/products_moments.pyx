"""First and second moments of the columns of X about given centres: what the variance of a column is made of.

    first[j] = sum_i weight[i] (x_ij - centre[j]),   second[j] = sum_i weight[i] (x_ij - centre[j])^2

Dense X: over all rows.  Compressed X: over the stored entries, with mass[j] = sum of their weights and count[j] = how
many of the weights are positive, from which fastlr.matrix adds the implicit zeros.  weight (n,), centre (p,).
Bits do not depend on the number of threads.  Nothing is allocated here and nothing is checked.
"""

from cython.parallel cimport prange

from fastlr.kernels.simd cimport clear
from fastlr.kernels.types cimport floating, integer


cdef extern from "core/moments.h" nogil:
    void add_moments "fastlr_add_moments"(Py_ssize_t p, double weight, const void* x, const double* centre,
                                          double* first, double* second) noexcept
    void column_moments "fastlr_column_moments"(Py_ssize_t n, const double* weight, const void* x, double centre,
                                                double* first, double* second) noexcept


cdef void dense_rows(const floating* X, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t p, const double* weight,
                     const double* centre, double* first, double* second) noexcept nogil:
    """Rows contiguous; fills first and second (p,)."""
    cdef Py_ssize_t i
    clear(first, p)
    clear(second, p)
    for i in range(n):
        add_moments(p, weight[i], X + i * stride, centre, first, second)


cdef void dense_columns(const floating* X, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t p, const double* weight,
                        const double* centre, double* first, double* second) noexcept nogil:
    """Columns contiguous; fills first and second (p,)."""
    cdef Py_ssize_t j
    for j in range(p):
        column_moments(n, weight, X + j * stride, centre[j], first + j, second + j)


def dense(const floating[:, :] X, const double[::1] weight, const double[::1] centre, double[:, :, ::1] partial,
          Py_ssize_t chunk, int n_threads):
    """partial[c, 0], partial[c, 1] = first and second over the rows of chunk c; (n_chunks, 2, p)."""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], c
    cdef Py_ssize_t row = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t column = X.strides[1] // <Py_ssize_t>sizeof(floating)
    with nogil:
        for c in prange(partial.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            if column == 1:
                dense_rows(&X[0, 0] + c * chunk * row, row, min(chunk, n - c * chunk), p, &weight[c * chunk],
                           &centre[0], &partial[c, 0, 0], &partial[c, 1, 0])
            else:
                dense_columns(&X[0, 0] + c * chunk * row, column, min(chunk, n - c * chunk), p, &weight[c * chunk],
                              &centre[0], &partial[c, 0, 0], &partial[c, 1, 0])


cdef void major_slice(const integer* indices, const floating* data, Py_ssize_t begin, Py_ssize_t end,
                      const double* weight, double centre, double* sums) noexcept nogil:
    cdef double mass = 0.0, count = 0.0, first = 0.0, second = 0.0, w, off
    cdef Py_ssize_t k
    for k in range(begin, end):
        w = weight[indices[k]]
        off = data[k] - centre
        mass = mass + w
        count = count + (w > 0.0)
        first = first + w * off
        second = second + w * (off * off)
    sums[0], sums[1], sums[2], sums[3] = mass, count, first, second


def by_columns(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
               const double[::1] weight, const double[::1] centre, double[:, ::1] sums, int n_threads):
    """CSC: sums[j] = mass, count, first, second of column j; (p, 4)."""
    cdef Py_ssize_t j
    with nogil:
        for j in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=64):
            major_slice(&indices[0], &data[0], indptr[j], indptr[j + 1], &weight[0], centre[j], &sums[j, 0])


cdef void add_range(const integer* indptr, const integer* indices, const floating* data, const integer* splits,
                    Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n, const double* weight, const double* centre,
                    double* sums) noexcept nogil:
    cdef Py_ssize_t i, k, begin, end
    cdef double off, w, used
    cdef double* s
    for i in range(n):
        begin = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        end = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        w = weight[i]
        used = w > 0.0
        for k in range(begin, end):
            s = sums + 4 * <Py_ssize_t> indices[k]
            off = data[k] - centre[indices[k]]
            s[0] += w
            s[1] += used
            s[2] += w * off
            s[3] += w * (off * off)


def by_rows(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const integer[:, ::1] splits, const double[::1] weight, const double[::1] centre, double[:, ::1] sums):
    """CSR: sums[j] += mass, count, first, second of column j; (p, 4).  One thread per range of `splits`."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            add_range(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &weight[0], &centre[0],
                      &sums[0, 0])
