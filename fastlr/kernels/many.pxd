"""A dense X, of any strides, times TILE_COLUMNS columns of another matrix: register tiles, or rank updates where
numbers of X that lie side by side belong to different sums; the sums are added in the same order.  See many.h."""

from fastlr.kernels.tiles cimport TILE_ROWS
from fastlr.kernels.types cimport floating

cdef extern from "core/many.h" nogil:
    void tile "fastlr_strided_tile"(
        Py_ssize_t n, const void* x, Py_ssize_t step, Py_ssize_t side, const double* b, Py_ssize_t ld, double* out,
        Py_ssize_t pitch) noexcept
    void row "fastlr_strided_row"(
        Py_ssize_t n, const void* x, Py_ssize_t step, Py_ssize_t side, const double* b, Py_ssize_t ld, double* out,
        Py_ssize_t pitch) noexcept
    void rank "fastlr_strided_rank"(
        Py_ssize_t sides, const void* x, Py_ssize_t step, Py_ssize_t side, const double* b, Py_ssize_t ld,
        double* out, Py_ssize_t pitch) noexcept
    void rank_one "fastlr_strided_rank_one"(
        Py_ssize_t sides, const void* x, Py_ssize_t step, Py_ssize_t side, const double* b, Py_ssize_t ld,
        double* out, Py_ssize_t pitch) noexcept
    void add_row "fastlr_add_row"(Py_ssize_t K, double x, const double* v, double* g) noexcept


cdef inline void by_tiles(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t sides, Py_ssize_t side,
                          const double* b, Py_ssize_t ld, double* out, Py_ssize_t pitch) noexcept nogil:
    cdef Py_ssize_t i = 0
    while i + TILE_ROWS <= sides:
        tile(n, x + i * side, step, side, b, ld, out + i * pitch, pitch)
        i = i + TILE_ROWS
    while i < sides:
        row(n, x + i * side, step, side, b, ld, out + i * pitch, pitch)
        i = i + 1


cdef inline void by_ranks(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t sides, Py_ssize_t side,
                          const double* b, Py_ssize_t ld, double* out, Py_ssize_t pitch) noexcept nogil:
    cdef Py_ssize_t r = 0
    while r + TILE_ROWS <= n:
        rank(sides, x + r * step, step, side, b + r * ld, ld, out, pitch)
        r = r + TILE_ROWS
    while r < n:
        rank_one(sides, x + r * step, step, side, b + r * ld, ld, out, pitch)
        r = r + 1


cdef inline void product(const floating* x, Py_ssize_t n, Py_ssize_t step, Py_ssize_t sides, Py_ssize_t side,
                         const double* b, Py_ssize_t ld, double* out, Py_ssize_t pitch) noexcept nogil:
    """out[i pitch + k] += sum_r x[r step + i side] b[r ld + k] for i < sides and TILE_COLUMNS values of k."""
    if side == 1 and step != 1:
        by_ranks(x, n, step, sides, side, b, ld, out, pitch)
    else:
        by_tiles(x, n, step, sides, side, b, ld, out, pitch)
