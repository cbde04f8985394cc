"""Inline functions on slices of a compressed sparse matrix; see sparse.pyx, csr_by_columns.pyx, csr_by_rows.pyx."""

from libc.math cimport fabs
from libc.stdint cimport int64_t

from fastlr.kernels.types cimport integer, stored


cdef inline double entry(const stored* data, Py_ssize_t k) noexcept nogil:
    """Value k; where all are equal, memory holds it once."""
    if stored is int64_t:
        return (<const double*> data)[0]
    else:
        return data[k]


cdef inline double slice_dot(const integer* indices, const stored* data, Py_ssize_t begin, Py_ssize_t end,
                             const double* v) noexcept nogil:
    """Four sums hide the latency of the gathers; left scalar on purpose: vector gathers are slower here."""
    cdef double a = 0.0, b = 0.0, c = 0.0, d = 0.0
    cdef Py_ssize_t k = begin
    while k + 4 <= end:
        a = a + entry(data, k) * v[indices[k]]
        b = b + entry(data, k + 1) * v[indices[k + 1]]
        c = c + entry(data, k + 2) * v[indices[k + 2]]
        d = d + entry(data, k + 3) * v[indices[k + 3]]
        k = k + 4
    while k < end:
        a = a + entry(data, k) * v[indices[k]]
        k = k + 1
    return (a + b) + (c + d)


cdef inline void scatter_rows(const integer* indptr, const integer* indices, const stored* data,
                              const integer* splits, Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t begin,
                              Py_ssize_t end, const double* u, double* out) noexcept nogil:
    """out[j] += sum_i u[i] X[i, j] over majors begin..end and the entries of minor range t."""
    cdef Py_ssize_t i, k, first, last
    cdef double scale
    for i in range(begin, end):
        scale = u[i]
        if scale == 0.0:
            continue
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            out[indices[k]] += scale * entry(data, k)


cdef inline void scatter_all_rows(const integer* indptr, const integer* indices, const stored* data,
                                  const integer* splits, Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n,
                                  const double* u, double* out) noexcept nogil:
    """As scatter_rows over majors 0..n; entries that meet a zero of u are read too, so that NaN there comes through."""
    cdef Py_ssize_t i, k, first, last
    for i in range(n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            out[indices[k]] += u[i] * entry(data, k)


cdef inline void scatter_squares_rows(const integer* indptr, const integer* indices, const stored* data,
                                      const integer* splits, Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t begin,
                                      Py_ssize_t end, const double* d, double* out) noexcept nogil:
    """out[j] += sum_i d[i] X[i, j]^2 over majors begin..end and the entries of minor range t."""
    cdef Py_ssize_t i, k, first, last
    cdef double x
    for i in range(begin, end):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            x = entry(data, k)
            out[indices[k]] += d[i] * (x * x)


cdef inline void scatter_absolute_rows(const integer* indptr, const integer* indices, const stored* data,
                                       const integer* splits, Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n,
                                       const double* d, double* out) noexcept nogil:
    """out[j] += sum_i d[i] |X[i, j]| over majors 0..n and the entries of minor range t."""
    cdef Py_ssize_t i, k, first, last
    for i in range(n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            out[indices[k]] += d[i] * fabs(entry(data, k))


cdef inline void gather_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                              Py_ssize_t end, const double* v, double shift, double* out) noexcept nogil:
    """out[i] += X[i] . v + shift"""
    cdef Py_ssize_t i
    for i in range(begin, end):
        out[i] += slice_dot(indices, data, indptr[i], indptr[i + 1], v) + shift
