"""Inline functions on blocks of n rows of a dense X; see dense.pyx.  They alone know which axis has unit stride."""

from fastlr.kernels.simd cimport (
    axpy4_f32,
    axpy4_f64,
    axpy_f32,
    axpy_f64,
    axpy_pair_f32,
    axpy_pair_f64,
    axpy_squares_f32,
    axpy_squares_f64,
    dot4_f32,
    dot4_f64,
    dot_f32,
    dot_f64,
    dot_squares_f32,
    dot_squares_f64,
)
from fastlr.kernels.types cimport floating

ctypedef struct Layout:
    Py_ssize_t p
    Py_ssize_t row_stride
    Py_ssize_t column_stride
    Py_ssize_t chunk
    Py_ssize_t block


cdef inline void block_dot(const floating* X, Layout lay, Py_ssize_t n, const double* v, double* out) noexcept nogil:
    """out[i] = X[i] . v."""
    cdef Py_ssize_t i = 0, j
    if lay.column_stride == 1:
        while i + 4 <= n:
            if floating is float:
                dot4_f32(X + i * lay.row_stride, lay.row_stride, v, lay.p, out + i)
            else:
                dot4_f64(X + i * lay.row_stride, lay.row_stride, v, lay.p, out + i)
            i = i + 4
        while i < n:
            if floating is float:
                out[i] = dot_f32(X + i * lay.row_stride, v, lay.p)
            else:
                out[i] = dot_f64(X + i * lay.row_stride, v, lay.p)
            i = i + 1
        return
    for i in range(n):
        out[i] = 0.0
    for j in range(lay.p):
        if v[j] != 0.0:
            if floating is float:
                axpy_f32(v[j], X + j * lay.column_stride, n, out)
            else:
                axpy_f64(v[j], X + j * lay.column_stride, n, out)


cdef inline void whole_dot(const floating* X, Layout lay, Py_ssize_t n, const double* v, double shift,
                           double* out) noexcept nogil:
    """out[i] = X[i] . v + shift; entries that meet a zero of v are read too, so that NaN there comes through."""
    cdef Py_ssize_t i, j = 0
    if lay.column_stride == 1:
        block_dot(X, lay, n, v, out)
        for i in range(n):
            out[i] += shift
        return
    for i in range(n):
        out[i] = shift
    while j + 4 <= lay.p:  # four columns at a time
        if floating is float:
            axpy4_f32(X + j * lay.column_stride, lay.column_stride, v + j, n, out)
        else:
            axpy4_f64(X + j * lay.column_stride, lay.column_stride, v + j, n, out)
        j = j + 4
    while j < lay.p:
        if floating is float:
            axpy_f32(v[j], X + j * lay.column_stride, n, out)
        else:
            axpy_f64(v[j], X + j * lay.column_stride, n, out)
        j = j + 1


cdef inline void block_axpy(const floating* X, Layout lay, Py_ssize_t n, const double* u, double* g) noexcept nogil:
    """g += sum_i u[i] X[i]."""
    cdef Py_ssize_t i = 0, j
    if lay.column_stride == 1:
        while i + 4 <= n:
            if floating is float:
                axpy4_f32(X + i * lay.row_stride, lay.row_stride, u + i, lay.p, g)
            else:
                axpy4_f64(X + i * lay.row_stride, lay.row_stride, u + i, lay.p, g)
            i = i + 4
        while i < n:
            if floating is float:
                axpy_f32(u[i], X + i * lay.row_stride, lay.p, g)
            else:
                axpy_f64(u[i], X + i * lay.row_stride, lay.p, g)
            i = i + 1
        return
    for j in range(lay.p):
        if floating is float:
            g[j] += dot_f32(X + j * lay.column_stride, u, n)
        else:
            g[j] += dot_f64(X + j * lay.column_stride, u, n)


cdef inline void block_axpy_pair(const floating* X, Layout lay, Py_ssize_t n, const double* u, const double* d,
                                 double* g) noexcept nogil:
    """g[:p] += sum_i u[i] X[i], g[p:] += sum_i d[i] X[i]."""
    cdef Py_ssize_t i, j
    if lay.column_stride == 1:
        for i in range(n):
            if floating is float:
                axpy_pair_f32(u[i], d[i], X + i * lay.row_stride, lay.p, g, g + lay.p)
            else:
                axpy_pair_f64(u[i], d[i], X + i * lay.row_stride, lay.p, g, g + lay.p)
        return
    for j in range(lay.p):
        if floating is float:
            g[j] += dot_f32(X + j * lay.column_stride, u, n)
            g[lay.p + j] += dot_f32(X + j * lay.column_stride, d, n)
        else:
            g[j] += dot_f64(X + j * lay.column_stride, u, n)
            g[lay.p + j] += dot_f64(X + j * lay.column_stride, d, n)


cdef inline void block_squares(const floating* X, Layout lay, Py_ssize_t n, const double* d, double* g) noexcept nogil:
    """g += sum_i d[i] X[i]^2, entry by entry."""
    cdef Py_ssize_t i, j
    if lay.column_stride == 1:
        for i in range(n):
            if floating is float:
                axpy_squares_f32(d[i], X + i * lay.row_stride, lay.p, g)
            else:
                axpy_squares_f64(d[i], X + i * lay.row_stride, lay.p, g)
        return
    for j in range(lay.p):
        if floating is float:
            g[j] += dot_squares_f32(X + j * lay.column_stride, d, n)
        else:
            g[j] += dot_squares_f64(X + j * lay.column_stride, d, n)
