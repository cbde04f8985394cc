/* Products of X with K columns at once, in pieces of one tile's width.
 *
 * `b` holds a row of numbers for each number summed over, `ld` apart; of each row a piece of TILE_COLUMNS is read
 * (gemm.h), also where fewer are wanted: room must follow the last row.  X is read through its strides, neither packed
 * nor converted beforehand.
 */
#ifndef FASTLR_MANY_H
#define FASTLR_MANY_H

#include "gemm.h"
#include "storage.h"

/* out[i pitch + k] += sum_r x[r step + i side] b[r ld + k] for i < SIDE and the k of one piece, the sums in
 * registers: where X is contiguous along r, each line of it is read once. */
#define FASTLR_STRIDED_TILE(name, type, SIDE)                                                                          \
    static inline void name(ptrdiff_t n, const type *FASTLR_RESTRICT x, ptrdiff_t step, ptrdiff_t side,                \
                            const double *FASTLR_RESTRICT b, ptrdiff_t ld, double *FASTLR_RESTRICT out,                \
                            ptrdiff_t pitch)                                                                           \
    {                                                                                                                  \
        fastlr_lanes sum[SIDE][FASTLR_TILE_VECTORS];                                                                   \
        for (int i = 0; i < SIDE; i++)                                                                                 \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                              \
                sum[i][k] = ((const fastlr_lanes *)(out + i * pitch))[k];                                              \
        for (ptrdiff_t r = 0; r < n; r++) {                                                                            \
            const fastlr_lanes *right = (const fastlr_lanes *)(b + r * ld);                                            \
            for (int i = 0; i < SIDE; i++)                                                                             \
                for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                          \
                    sum[i][k] += (double)x[r * step + i * side] * right[k];                                            \
        }                                                                                                              \
        for (int i = 0; i < SIDE; i++)                                                                                 \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                              \
                ((fastlr_lanes *)(out + i * pitch))[k] = sum[i][k];                                                    \
    }
FASTLR_STRIDED_TILE(fastlr_strided_tile_f64, double, FASTLR_TILE_ROWS)
FASTLR_STRIDED_TILE(fastlr_strided_tile_f32, float, FASTLR_TILE_ROWS)
FASTLR_STRIDED_TILE(fastlr_strided_row_f64, double, 1)
FASTLR_STRIDED_TILE(fastlr_strided_row_f32, float, 1)

/* The same sums over ROWS values of r for i < sides, the rows of b in registers: where X is contiguous along i. */
#define FASTLR_STRIDED_RANK(name, type, ROWS)                                                                          \
    static inline void name(ptrdiff_t sides, const type *FASTLR_RESTRICT x, ptrdiff_t step, ptrdiff_t side,            \
                            const double *FASTLR_RESTRICT b, ptrdiff_t ld, double *FASTLR_RESTRICT out,                \
                            ptrdiff_t pitch)                                                                           \
    {                                                                                                                  \
        fastlr_lanes right[ROWS][FASTLR_TILE_VECTORS];                                                                 \
        for (int r = 0; r < ROWS; r++)                                                                                 \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                              \
                right[r][k] = ((const fastlr_lanes *)(b + r * ld))[k];                                                 \
        for (ptrdiff_t i = 0; i < sides; i++) {                                                                        \
            fastlr_lanes *sum = (fastlr_lanes *)(out + i * pitch);                                                     \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++) {                                                            \
                fastlr_lanes s = sum[k];                                                                               \
                for (int r = 0; r < ROWS; r++)                                                                         \
                    s += (double)x[r * step + i * side] * right[r][k];                                                 \
                sum[k] = s;                                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }
FASTLR_STRIDED_RANK(fastlr_strided_rank_f64, double, FASTLR_TILE_ROWS)
FASTLR_STRIDED_RANK(fastlr_strided_rank_f32, float, FASTLR_TILE_ROWS)
FASTLR_STRIDED_RANK(fastlr_strided_rank_one_f64, double, 1)
FASTLR_STRIDED_RANK(fastlr_strided_rank_one_f32, float, 1)

#define fastlr_strided_tile(n, x, step, side, b, ld, out, pitch)                                                       \
    FASTLR_BY_VALUE(x, fastlr_strided_tile)(n, x, step, side, b, ld, out, pitch)
#define fastlr_strided_row(n, x, step, side, b, ld, out, pitch)                                                        \
    FASTLR_BY_VALUE(x, fastlr_strided_row)(n, x, step, side, b, ld, out, pitch)
#define fastlr_strided_rank(sides, x, step, side, b, ld, out, pitch)                                                   \
    FASTLR_BY_VALUE(x, fastlr_strided_rank)(sides, x, step, side, b, ld, out, pitch)
#define fastlr_strided_rank_one(sides, x, step, side, b, ld, out, pitch)                                               \
    FASTLR_BY_VALUE(x, fastlr_strided_rank_one)(sides, x, step, side, b, ld, out, pitch)

/* g[k] += x v[k] for K numbers. */
static inline void fastlr_add_row(ptrdiff_t K, double x, const double *FASTLR_RESTRICT v, double *FASTLR_RESTRICT g)
{
    FASTLR_SIMD
    for (ptrdiff_t k = 0; k < K; k++)
        g[k] += x * v[k];
}

#endif
