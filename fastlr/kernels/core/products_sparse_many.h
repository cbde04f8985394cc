/* A slice of a compressed matrix meets rows of K numbers: pieces of up to four vectors stay in registers. */
#ifndef FASTLR_PRODUCTS_SPARSE_MANY_H
#define FASTLR_PRODUCTS_SPARSE_MANY_H

#include <string.h>

#include "gemm.h"
#include "storage.h"

/* K numbers are covered by whole vectors, the last of which ends at K and may overlap the one before. */
static inline ptrdiff_t fastlr_vector_at(ptrdiff_t v, ptrdiff_t K)
{
    ptrdiff_t first = v * FASTLR_LANES;
    return first + FASTLR_LANES <= K ? first : K - FASTLR_LANES;
}

/* Vector v of u, zero where the vector before covers it. */
static inline fastlr_lanes fastlr_new_lanes(const double *u, ptrdiff_t v, ptrdiff_t K)
{
    fastlr_lanes part = *(const fastlr_lanes *)(u + fastlr_vector_at(v, K));
#if FASTLR_LANES > 1
    for (ptrdiff_t k = 0; k < v * FASTLR_LANES - fastlr_vector_at(v, K); k++)
        part[k] = 0.0;
#endif
    return part;
}

/* out[k] = sum_r x_r V[index_r K + k]  for the k of `vectors` vectors from number v on. */
#define FASTLR_GATHER_PIECE(vectors, value)                                                                            \
    do {                                                                                                               \
        fastlr_lanes sum[vectors];                                                                                     \
        ptrdiff_t at[vectors];                                                                                         \
        memset(sum, 0, sizeof sum);                                                                                    \
        for (int c = 0; c < vectors; c++)                                                                              \
            at[c] = fastlr_vector_at(v + c, K);                                                                        \
        for (ptrdiff_t r = 0; r < n; r++) {                                                                            \
            const double x = value, *row = V + (ptrdiff_t)index[r] * K;                                                \
            for (int c = 0; c < vectors; c++)                                                                          \
                sum[c] += x * *(const fastlr_lanes *)(row + at[c]);                                                    \
        }                                                                                                              \
        for (int c = 0; c < vectors; c++)                                                                              \
            *(fastlr_lanes *)(out + at[c]) = sum[c];                                                                   \
    } while (0)

/* out[index_r K + k] += x_r u[k]  likewise. */
#define FASTLR_SCATTER_PIECE(vectors, value)                                                                           \
    do {                                                                                                               \
        fastlr_lanes part[vectors];                                                                                    \
        ptrdiff_t at[vectors];                                                                                         \
        for (int c = 0; c < vectors; c++) {                                                                            \
            at[c] = fastlr_vector_at(v + c, K);                                                                        \
            part[c] = fastlr_new_lanes(u, v + c, K);                                                                   \
        }                                                                                                              \
        for (ptrdiff_t r = 0; r < n; r++) {                                                                            \
            const double x = value;                                                                                    \
            double *row = out + (ptrdiff_t)index[r] * K;                                                               \
            for (int c = 0; c < vectors; c++)                                                                          \
                *(fastlr_lanes *)(row + at[c]) += x * part[c];                                                         \
        }                                                                                                              \
    } while (0)

/* Up to four vectors stay in registers while the slice is read. */
#define FASTLR_ALL_PIECES(PIECE, value)                                                                                \
    for (ptrdiff_t v = 0, left = (K + FASTLR_LANES - 1) / FASTLR_LANES; left > 0; v += 4, left -= 4) {                 \
        if (left >= 4)                                                                                                 \
            PIECE(4, value);                                                                                           \
        else if (left == 3)                                                                                            \
            PIECE(3, value);                                                                                           \
        else if (left == 2)                                                                                            \
            PIECE(2, value);                                                                                           \
        else                                                                                                           \
            PIECE(1, value);                                                                                           \
    }

#define FASTLR_SLICES(name, index_type, value_type, value)                                                             \
    static inline void fastlr_gather_slice_##name(ptrdiff_t n, const index_type *index, const value_type *data,        \
                                                  ptrdiff_t K, const double *V, double *out)                           \
    {                                                                                                                  \
        if (K >= FASTLR_LANES) {                                                                                       \
            FASTLR_ALL_PIECES(FASTLR_GATHER_PIECE, value)                                                              \
            return;                                                                                                    \
        }                                                                                                              \
        for (ptrdiff_t k = 0; k < K; k++) {                                                                            \
            double sum = 0.0;                                                                                          \
            for (ptrdiff_t r = 0; r < n; r++)                                                                          \
                sum += (value) * V[(ptrdiff_t)index[r] * K + k];                                                       \
            out[k] = sum;                                                                                              \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void fastlr_scatter_slice_##name(ptrdiff_t n, const index_type *index, const value_type *data,       \
                                                   ptrdiff_t K, const double *u, double *out)                          \
    {                                                                                                                  \
        if (K >= FASTLR_LANES) {                                                                                       \
            FASTLR_ALL_PIECES(FASTLR_SCATTER_PIECE, value)                                                             \
            return;                                                                                                    \
        }                                                                                                              \
        for (ptrdiff_t r = 0; r < n; r++)                                                                              \
            for (ptrdiff_t k = 0; k < K; k++)                                                                          \
                out[(ptrdiff_t)index[r] * K + k] += (value) * u[k];                                                    \
    }

/* int64 values: all are equal, data[0] holds the bits of that double. */
FASTLR_SLICES(i32_f32, int32_t, float, (double)data[r])
FASTLR_SLICES(i32_f64, int32_t, double, data[r])
FASTLR_SLICES(i32_same, int32_t, int64_t, *(const double *)data)
FASTLR_SLICES(i64_f32, int64_t, float, (double)data[r])
FASTLR_SLICES(i64_f64, int64_t, double, data[r])
FASTLR_SLICES(i64_same, int64_t, int64_t, *(const double *)data)

/* out = sum_r data[r] V[index[r]],  V (., K) */
#define fastlr_gather_slice(n, index, data, K, V, out)                                                                 \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_gather_slice)(n, index, data, K, V, out)
/* out[index[r]] += data[r] u,  out (., K) */
#define fastlr_scatter_slice(n, index, data, K, u, out)                                                                \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_scatter_slice)(n, index, data, K, u, out)

#endif
