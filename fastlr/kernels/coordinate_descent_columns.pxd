"""Inline functions on one column of X: of CSC arrays or, where indptr is NULL, of a dense X whose columns of length n
lie end to end in `data`."""

from fastlr.kernels.dense_rows cimport axpy, dot, dot_squares, weighted_axpy
from fastlr.kernels.products_sparse_slices cimport slice_dot
from fastlr.kernels.types cimport floating, integer


cdef inline double column_dot(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                              Py_ssize_t n, const double* v) noexcept nogil:
    """x_j . v"""
    if indptr != NULL:
        return slice_dot(indices, data, indptr[j], indptr[j + 1], v)
    return dot(data + j * n, v, n)


cdef inline void add_column(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                            Py_ssize_t n, double factor, double* out) noexcept nogil:
    """out += factor x_j"""
    cdef Py_ssize_t k
    if indptr != NULL:
        for k in range(indptr[j], indptr[j + 1]):
            out[indices[k]] += factor * data[k]
    else:
        axpy(factor, data + j * n, n, out)


cdef inline void add_weighted_column(const integer* indptr, const integer* indices, const floating* data,
                                     Py_ssize_t j, Py_ssize_t n, double factor, const double* d,
                                     double* out) noexcept nogil:
    """out += factor d x_j"""
    cdef Py_ssize_t k
    if indptr != NULL:
        for k in range(indptr[j], indptr[j + 1]):
            out[indices[k]] += factor * d[indices[k]] * data[k]
    else:
        weighted_axpy(n, factor, d, data + j * n, out)


cdef inline double column_squares(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                                  Py_ssize_t n, const double* d) noexcept nogil:
    """sum_i d_i x_ij^2"""
    cdef Py_ssize_t k
    cdef double sum = 0.0
    if indptr != NULL:
        for k in range(indptr[j], indptr[j + 1]):
            sum = sum + d[indices[k]] * (<double> data[k] * data[k])
        return sum
    return dot_squares(data + j * n, d, n)
