"""Cholesky factorisation of a small symmetric matrix and the solution with it; inline, without Python.

The matrix is the upper triangle of a (p, p), row by row: a = U' U.
"""

from libc.math cimport sqrt

from fastlr.kernels.simd cimport axpy4_f64, axpy_f64, dot_f64

cdef enum:
    PANEL = 4


cdef inline bint factorise(double* a, Py_ssize_t p, const double* noise) noexcept nogil:
    """Turn the upper triangle of a into its factor U; False where a pivot is not above noise[k].

    A pivot is what is left of a column once the columns before it have explained what they can.  Rows are finished four
    at a time and then taken from all rows below at once.
    """
    cdef Py_ssize_t begin = 0, k, j
    cdef double[PANEL] factors
    while begin < p:
        for k in range(begin, min(begin + PANEL, p)):
            for j in range(begin, k):
                axpy_f64(-a[j * p + k], a + j * p + k, p - k, a + k * p + k)
            if not a[k * p + k] > noise[k]:  # also where it is NaN
                return False
            scale(1.0 / sqrt(a[k * p + k]), a + k * p + k, p - k)
        for j in range(begin + PANEL, p):
            for k in range(PANEL):
                factors[k] = -a[(begin + k) * p + j]
            axpy4_f64(a + begin * p + j, p, factors, p - j, a + j * p + j)
        begin = begin + PANEL
    return True


cdef inline void scale(double factor, double* v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(n):
        v[k] = factor * v[k]


cdef inline void solve(const double* factor, Py_ssize_t p, double* x) noexcept nogil:
    """x = (U' U)^-1 x."""
    cdef Py_ssize_t k
    for k in range(p):
        x[k] = x[k] / factor[k * p + k]
        axpy_f64(-x[k], factor + k * p + k + 1, p - k - 1, x + k + 1)
    for k in range(p - 1, -1, -1):
        x[k] = (x[k] - dot_f64(factor + k * p + k + 1, x + k + 1, p - k - 1)) / factor[k * p + k]
