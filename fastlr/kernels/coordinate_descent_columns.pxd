"""Inline functions on one column of X: of CSC arrays or, where indptr is NULL, of a dense X whose columns of length n
lie end to end in `data`."""

from fastlr.kernels.products_sparse_slices cimport slice_dot
from fastlr.kernels.simd cimport axpy_f32, axpy_f64, dot_f32, dot_f64, dot_squares_f32, dot_squares_f64
from fastlr.kernels.types cimport floating, integer


cdef inline double column_dot(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                              Py_ssize_t n, const double* v) noexcept nogil:
    """x_j . v"""
    if indptr != NULL:
        return slice_dot(indices, data, indptr[j], indptr[j + 1], v)
    if floating is float:
        return dot_f32(data + j * n, v, n)
    else:
        return dot_f64(data + j * n, v, n)


cdef inline void add_column(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                            Py_ssize_t n, double factor, double* out) noexcept nogil:
    """out += factor x_j"""
    cdef Py_ssize_t k
    if indptr != NULL:
        for k in range(indptr[j], indptr[j + 1]):
            out[indices[k]] += factor * data[k]
    elif floating is float:
        axpy_f32(factor, data + j * n, n, out)
    else:
        axpy_f64(factor, data + j * n, n, out)


cdef inline double column_squares(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                                  Py_ssize_t n, const double* d) noexcept nogil:
    """sum_i d_i x_ij^2"""
    cdef Py_ssize_t k
    cdef double sum = 0.0
    if indptr != NULL:
        for k in range(indptr[j], indptr[j + 1]):
            sum = sum + d[indices[k]] * (<double> data[k] * data[k])
        return sum
    if floating is float:
        return dot_squares_f32(data + j * n, d, n)
    else:
        return dot_squares_f64(data + j * n, d, n)
