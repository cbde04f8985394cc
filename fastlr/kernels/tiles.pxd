"""Inline functions for products of dense matrices by register tiles (gemm.h), for products_gram.pyx and
linalg_cholesky.pyx.

A block of rows is packed into panels: `plain` holds panels of TILE_ROWS columns, `scaled` (rows times h) panels of
TILE_COLUMNS columns, each panel row by row; columns and rows past the end are zero.
"""

from fastlr.kernels.types cimport floating

cdef extern from "core/gemm.h" nogil:
    enum:
        TILE_ROWS "FASTLR_TILE_ROWS"
        TILE_COLUMNS "FASTLR_TILE_COLUMNS"
    void tile "fastlr_tile"(Py_ssize_t n, const double* a, const double* b, double* out, Py_ssize_t ld) noexcept

cdef enum:
    GROUP = 8  # rows packed together: a cache line where columns are contiguous


cdef inline void pack_row(const floating* row, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t width, double scale,
                          double* panel) noexcept nogil:
    """scale times the n entries of a piece of a row, then zeros, into a panel of this width."""
    cdef Py_ssize_t j
    if stride == 1:  # told apart so that the compiler makes vectors of it
        for j in range(n):
            panel[j] = scale * row[j]
    else:
        for j in range(n):
            panel[j] = scale * row[j * stride]
    for j in range(n, width):
        panel[j] = 0.0


cdef inline void pack_panels(const floating* row, Py_ssize_t stride, Py_ssize_t n, Py_ssize_t rows, double weight,
                             double* plain, double* scaled) noexcept nogil:
    """The n <= TILE_COLUMNS entries of a row into one panel of `scaled`, and into the panels of `plain` they fill."""
    cdef Py_ssize_t j = 0
    pack_row(row, stride, n, TILE_COLUMNS, weight, scaled)
    while j < n:
        pack_row(row + j * stride, stride, min(n - j, TILE_ROWS), TILE_ROWS, 1.0, plain + j * rows)
        j = j + TILE_ROWS


cdef inline void pack_group(const floating* X, Py_ssize_t row_stride, Py_ssize_t column_stride, const double* h,
                            Py_ssize_t n, Py_ssize_t p, Py_ssize_t first, Py_ssize_t rows, double* plain,
                            double* scaled) noexcept nogil:
    """Rows first, ..., first + GROUP - 1 of the n rows at X into panels `rows` long; zeros past the last row."""
    cdef Py_ssize_t j = 0, r, width
    while j < p:  # one panel after the other, so that lines are still in the cache where columns are contiguous
        width = min(p - j, TILE_COLUMNS)
        for r in range(first, first + GROUP):
            pack_panels(X + r * row_stride + j * column_stride, column_stride, width if r < n else 0, rows,
                        h[r] if r < n else 0.0, plain + j * rows + r * TILE_ROWS, scaled + j * rows + r * TILE_COLUMNS)
        j = j + TILE_COLUMNS


cdef inline void panel_products(const double* plain, const double* scaled, Py_ssize_t used, Py_ssize_t rows,
                                Py_ssize_t n_panels, Py_ssize_t k, double* out, Py_ssize_t ld) noexcept nogil:
    """out += plain' scaled over the first `used` of their rows in the columns of panel k, for the lower triangle."""
    cdef Py_ssize_t i
    for i in range(k * TILE_COLUMNS // TILE_ROWS, n_panels):
        tile(used, plain + i * rows * TILE_ROWS, scaled + k * rows * TILE_COLUMNS,
             out + i * TILE_ROWS * ld + k * TILE_COLUMNS, ld)
