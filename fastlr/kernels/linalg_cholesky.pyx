"""Cholesky factors and solutions of their triangular systems, on OpenMP threads.

A threaded LAPACK would leave a second pool of threads spinning on the cores that the passes over X run on.
"""

from cython.parallel cimport prange
from libc.math cimport sqrt

from fastlr.kernels.dense_rows cimport axpy, dot
from fastlr.kernels.tiles cimport GROUP, TILE_COLUMNS, TILE_ROWS, pack_group, panel_products

PANEL = 48

cdef enum:
    WIDTH = 48  # PANEL: columns factored between two updates of the rest; whole tiles and GROUPs

#: Pivots below this share of the diagonal are rounding: their column depends on those before it.
cdef double DEPENDENT = 1e-13


cdef Py_ssize_t factor_square(double* A, Py_ssize_t m, Py_ssize_t ld, const double* diagonal,
                              double substitute) noexcept nogil:
    """A = L L' for the m x m square at A, row by row; how many pivots were replaced."""
    cdef Py_ssize_t i, j, replaced = 0
    cdef double pivot
    for i in range(m):
        for j in range(i):
            A[i * ld + j] = (A[i * ld + j] - dot(A + i * ld, A + j * ld, j)) / A[j * ld + j]
        pivot = A[i * ld + i] - dot(A + i * ld, A + i * ld, i)
        if not pivot > DEPENDENT * diagonal[i]:
            pivot = substitute * diagonal[i] if diagonal[i] > 0.0 else 1.0
            replaced += 1
        A[i * ld + i] = sqrt(pivot)
    return replaced


cdef void transpose(const double* L, Py_ssize_t m, Py_ssize_t ld, double* out) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(m):
        for j in range(i + 1):
            out[j * WIDTH + i] = L[i * ld + j]


cdef void divide_row(const double* upper, Py_ssize_t m, double* row) noexcept nogil:
    """row = row U^-1 for the m x m upper factor U."""
    cdef Py_ssize_t j
    for j in range(m):
        row[j] /= upper[j * WIDTH + j]
        axpy(-row[j], upper + j * WIDTH + j + 1, m - j - 1, row + j + 1)


def factor(double[:, ::1] A, Py_ssize_t p, const double[::1] diagonal, double substitute, double[:, ::1] plain,
           double[:, ::1] scaled, int n_threads):
    """A = L L' in the lower triangle of the first p rows and columns of A, in place; how many pivots were replaced.

    A column that depends on those before it to rounding (without a penalty, say) gets `substitute` times its diagonal
    entry as pivot: L L' is then A plus something on the diagonal, positive definite all the same.

    With (a, b) = panel_shape(p): A (b, b), diagonal (p,) that of A; scratch plain (a, 48) and scaled (b, 48), zeroed.
    """
    cdef Py_ssize_t ld = A.shape[1], k = 0, below, i, g, panels, replaced = 0
    cdef double upper[WIDTH * WIDTH]
    cdef double minus[WIDTH]
    for i in range(WIDTH):
        minus[i] = -1.0
    with nogil:
        while k < p:
            below = max(0, p - k - WIDTH)
            replaced += factor_square(&A[k, k], min(WIDTH, p - k), ld, &diagonal[k],
                                      substitute)
            if below == 0:
                break
            transpose(&A[k, k], WIDTH, ld, upper)
            for i in prange(k + WIDTH, p, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
                divide_row(upper, WIDTH, &A[i, k])
            for g in prange(WIDTH // GROUP, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
                pack_group(&A[k + WIDTH, k], 1, ld, minus, WIDTH, below, g * GROUP, WIDTH, &plain[0, 0],
                           &scaled[0, 0])
            panels = (below + TILE_ROWS - 1) // TILE_ROWS
            for i in prange((below + TILE_COLUMNS - 1) // TILE_COLUMNS, num_threads=n_threads,
                            use_threads_if=n_threads > 1, schedule="dynamic"):
                panel_products(&plain[0, 0], &scaled[0, 0], WIDTH, WIDTH, panels, i, &A[k + WIDTH, k + WIDTH], ld)
            k = k + WIDTH
    return replaced


def solve(const double[:, ::1] L, double[:, ::1] b):
    """b = L^-1 b, in place; b (K, p), one right-hand side a row."""
    cdef Py_ssize_t i, c
    with nogil:
        for c in range(b.shape[0]):
            for i in range(b.shape[1]):
                b[c, i] = (b[c, i] - dot(&L[i, 0], &b[c, 0], i)) / L[i, i]


def solve_transposed(const double[:, ::1] L, double[:, ::1] b):
    """b = L'^-1 b, in place; b (K, p), one right-hand side a row."""
    cdef Py_ssize_t i, c
    with nogil:
        for c in range(b.shape[0]):
            for i in range(b.shape[1] - 1, -1, -1):
                b[c, i] /= L[i, i]
                axpy(-b[c, i], &L[i, 0], i, &b[c, 0])
