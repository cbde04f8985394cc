"""Cholesky factorisation of a small symmetric matrix and the solution with it; inline, without Python."""

from libc.math cimport sqrt

from fastlr.kernels.types cimport axpy_f64, dot_f64


cdef inline bint factorise(double* a, Py_ssize_t p, const double* noise) noexcept nogil:
    """Turn the lower triangle of a (p, p) into its factor L, a = L L'; False where a pivot is not above noise[j].

    A pivot is what is left of a column once the columns before it have explained what they can.
    """
    cdef Py_ssize_t i, j
    cdef double pivot
    cdef double* row
    for i in range(p):
        row = a + i * p
        for j in range(i):
            row[j] = (row[j] - dot_f64(row, a + j * p, j)) / a[j * p + j]
        pivot = row[i] - dot_f64(row, row, i)
        if not pivot > noise[i]:  # also where it is NaN
            return False
        row[i] = sqrt(pivot)
    return True


cdef inline void solve(const double* factor, Py_ssize_t p, double* x) noexcept nogil:
    """x = (L L')^-1 x."""
    cdef Py_ssize_t i
    for i in range(p):
        x[i] = (x[i] - dot_f64(factor + i * p, x, i)) / factor[i * p + i]
    for i in range(p - 1, -1, -1):
        x[i] = x[i] / factor[i * p + i]
        axpy_f64(-x[i], factor + i * p, i, x)
