/* Products of X with K columns at once: register tiles over rows of K numbers, padded with zeros to whole vectors.
 *
 * A tile holds TILE_ROWS sums of TILE_COLUMNS numbers each (gemm.h).  X is read through its strides, neither packed nor
 * converted beforehand: an entry is used TILE_VECTORS times for each time it is read.
 */
#ifndef FASTLR_MANY_H
#define FASTLR_MANY_H

#include <stddef.h>

#include "gemm.h"

/* out[i ld + k] += sum_r x[r step + i side] b[r width + k] for i < SIDE and the k of one tile. */
#define FASTLR_STRIDED_TILE(name, type, SIDE)                                                                         \
    static inline void name(ptrdiff_t n, const type *FASTLR_RESTRICT x, ptrdiff_t step, ptrdiff_t side,               \
                            const double *FASTLR_RESTRICT b, ptrdiff_t width, double *FASTLR_RESTRICT out,            \
                            ptrdiff_t ld)                                                                             \
    {                                                                                                                 \
        fastlr_lanes sum[SIDE][FASTLR_TILE_VECTORS];                                                                  \
        for (int i = 0; i < SIDE; i++)                                                                                \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                             \
                sum[i][k] = ((const fastlr_lanes *)(out + i * ld))[k];                                                \
        for (ptrdiff_t r = 0; r < n; r++) {                                                                           \
            const fastlr_lanes *right = (const fastlr_lanes *)(b + r * width);                                        \
            for (int i = 0; i < SIDE; i++)                                                                            \
                for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                         \
                    sum[i][k] += (double)x[r * step + i * side] * right[k];                                           \
        }                                                                                                             \
        for (int i = 0; i < SIDE; i++)                                                                                \
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)                                                             \
                ((fastlr_lanes *)(out + i * ld))[k] = sum[i][k];                                                      \
    }
FASTLR_STRIDED_TILE(fastlr_strided_tile_f64, double, FASTLR_TILE_ROWS)
FASTLR_STRIDED_TILE(fastlr_strided_tile_f32, float, FASTLR_TILE_ROWS)
FASTLR_STRIDED_TILE(fastlr_strided_row_f64, double, 1)
FASTLR_STRIDED_TILE(fastlr_strided_row_f32, float, 1)

/* g[k] += x v[k] for K numbers. */
static inline void fastlr_add_row(ptrdiff_t K, double x, const double *FASTLR_RESTRICT v, double *FASTLR_RESTRICT g)
{
    FASTLR_SIMD
    for (ptrdiff_t k = 0; k < K; k++)
        g[k] += x * v[k];
}

#endif
