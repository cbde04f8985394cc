/* The register tile that dense matrix products are made of: X' diag(h) X, and the updates of a Cholesky factor.
 *
 * Vectors are gcc's and clang's, as wide as the CPU level has them; elsewhere a "vector" is one number.  The sums of a
 * tile fill the registers, so that each number loaded is used FASTLR_TILE_ROWS or FASTLR_TILE_COLUMNS times (measured:
 * 58 GFlop/s on a core that can do no more, at both AVX levels, against 8 for 4 x 4 tiles of dot products).
 */
#ifndef FASTLR_GEMM_H
#define FASTLR_GEMM_H

#include <stddef.h>

#include "simd.h"

#if defined(__GNUC__) && defined(__AVX512F__)
#define FASTLR_LANES 8
#define FASTLR_TILE_ROWS 8
#define FASTLR_TILE_VECTORS 2
#elif defined(__GNUC__) && defined(__AVX2__)
#define FASTLR_LANES 4
#define FASTLR_TILE_ROWS 4
#define FASTLR_TILE_VECTORS 3
#elif defined(__GNUC__)
#define FASTLR_LANES 2
#define FASTLR_TILE_ROWS 4
#define FASTLR_TILE_VECTORS 2
#else
#define FASTLR_LANES 1
#define FASTLR_TILE_ROWS 4
#define FASTLR_TILE_VECTORS 4
#endif
#define FASTLR_TILE_COLUMNS (FASTLR_TILE_VECTORS * FASTLR_LANES)

#if FASTLR_LANES > 1
typedef double fastlr_lanes __attribute__((vector_size(8 * FASTLR_LANES), aligned(8), may_alias));
#else
typedef double fastlr_lanes;
#endif

/* out[i ld + k] += sum_r a[r TILE_ROWS + i] b[r TILE_COLUMNS + k] for the i and k of one tile. */
static inline void fastlr_tile(ptrdiff_t n, const double *FASTLR_RESTRICT a, const double *FASTLR_RESTRICT b,
                               double *FASTLR_RESTRICT out, ptrdiff_t ld)
{
    fastlr_lanes sum[FASTLR_TILE_ROWS][FASTLR_TILE_VECTORS];
    for (int i = 0; i < FASTLR_TILE_ROWS; i++)
        for (int k = 0; k < FASTLR_TILE_VECTORS; k++)
            sum[i][k] = ((const fastlr_lanes *)(out + i * ld))[k];
    for (ptrdiff_t r = 0; r < n; r++) {
        const fastlr_lanes *right = (const fastlr_lanes *)(b + r * FASTLR_TILE_COLUMNS);
        for (int i = 0; i < FASTLR_TILE_ROWS; i++)
            for (int k = 0; k < FASTLR_TILE_VECTORS; k++)
                sum[i][k] += a[r * FASTLR_TILE_ROWS + i] * right[k];
    }
    for (int i = 0; i < FASTLR_TILE_ROWS; i++)
        for (int k = 0; k < FASTLR_TILE_VECTORS; k++)
            ((fastlr_lanes *)(out + i * ld))[k] = sum[i][k];
}

#endif
