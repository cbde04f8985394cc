/* X of a small problem, dense or CSR of any storage type, and what exact Newton asks of it. */
#ifndef FASTLR_NEWTON_SMALL_MATRIX_H
#define FASTLR_NEWTON_SMALL_MATRIX_H

#include <float.h>

#include "dense_blocks.h"
#include "products_sparse.h"

enum { FASTLR_GRAM_TILE = 4 };
/* Rows packed at a time: sums over rows should outweigh their reduction; columns 4096 bytes apart would evict each
 * other. */
enum { FASTLR_PACKED_ROWS = 504 };

typedef enum {
    FASTLR_DENSE_F64,
    FASTLR_DENSE_F32,
    FASTLR_CSR_F64_I32,
    FASTLR_CSR_F64_I64,
    FASTLR_CSR_F32_I32,
    FASTLR_CSR_F32_I64
} fastlr_storage;

typedef struct {
    fastlr_storage storage;
    ptrdiff_t n, p;
    const void *values;
    fastlr_layout layout; /* of dense X */
    const void *indptr;   /* of CSR: (n + 1,) */
    const void *indices;  /* of CSR: in any order within a row, none twice */
} fastlr_small_matrix;

static inline int fastlr_is_dense(const fastlr_small_matrix *X)
{
    return X->storage == FASTLR_DENSE_F64 || X->storage == FASTLR_DENSE_F32;
}

/* Rows of a packed block: a multiple of the longest vector. */
static inline ptrdiff_t fastlr_packed_rows(ptrdiff_t n)
{
    return (fastlr_shorter(n, FASTLR_PACKED_ROWS) + 7) / 8 * 8;
}

static inline ptrdiff_t fastlr_gram_tiles(ptrdiff_t p) { return (p + FASTLR_GRAM_TILE - 1) / FASTLR_GRAM_TILE; }

/* Doubles in the tiles of a triangle. */
static inline ptrdiff_t fastlr_triangle_length(ptrdiff_t tiles)
{
    return FASTLR_GRAM_TILE * FASTLR_GRAM_TILE * (tiles * (tiles + 1) / 2);
}

/* Doubles of scratch that a Gram matrix of dense X needs: two packed blocks, and the sums of a triangle of tiles. */
static inline ptrdiff_t fastlr_packing_length(ptrdiff_t n, ptrdiff_t p)
{
    ptrdiff_t tiles = fastlr_gram_tiles(p);
    return 2 * FASTLR_GRAM_TILE * tiles * fastlr_packed_rows(n) + fastlr_triangle_length(tiles);
}

/* out[4 i + k] += sum_r a[i n + r] b[k n + r] for i, k < 4: a tile of dot products, for few columns, which leave most
 * of the register tile of gemm.h empty (X' diag(h) X of 200 x 5: 1 us against 4; of 72 x 72: 16 against 14). */
static inline void fastlr_dot_tile(ptrdiff_t n, const double *FASTLR_RESTRICT a, const double *FASTLR_RESTRICT b,
                                   double *FASTLR_RESTRICT out)
{
    const double *a1 = a + n, *a2 = a1 + n, *a3 = a2 + n, *b1 = b + n, *b2 = b1 + n, *b3 = b2 + n;
    double s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    double s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    FASTLR_SIMD_SUM(s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33)
    for (ptrdiff_t r = 0; r < n; r++) {
        const double x0 = a[r], x1 = a1[r], x2 = a2[r], x3 = a3[r];
        const double y0 = b[r], y1 = b1[r], y2 = b2[r], y3 = b3[r];
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
        s20 += x2 * y0; s21 += x2 * y1; s22 += x2 * y2; s23 += x2 * y3;
        s30 += x3 * y0; s31 += x3 * y1; s32 += x3 * y2; s33 += x3 * y3;
    }
    out[0] += s00; out[1] += s01; out[2] += s02; out[3] += s03;
    out[4] += s10; out[5] += s11; out[6] += s12; out[7] += s13;
    out[8] += s20; out[9] += s21; out[10] += s22; out[11] += s23;
    out[12] += s30; out[13] += s31; out[14] += s32; out[15] += s33;
}

#define FASTLR_VALUE double
#define FASTLR_OF(name) name##_f64
#include "newton_small_dense_of_type.h"
#define FASTLR_VALUE float
#define FASTLR_OF(name) name##_f32
#include "newton_small_dense_of_type.h"

#define FASTLR_INDEX int32_t
#define FASTLR_VALUE double
#define FASTLR_OF(name) name##_i32_f64
#include "newton_small_csr_of_type.h"
#define FASTLR_INDEX int64_t
#define FASTLR_VALUE double
#define FASTLR_OF(name) name##_i64_f64
#include "newton_small_csr_of_type.h"
#define FASTLR_INDEX int32_t
#define FASTLR_VALUE float
#define FASTLR_OF(name) name##_i32_f32
#include "newton_small_csr_of_type.h"
#define FASTLR_INDEX int64_t
#define FASTLR_VALUE float
#define FASTLR_OF(name) name##_i64_f32
#include "newton_small_csr_of_type.h"

/* DENSE(T, suffix) or CSR(T, I, suffix), whichever X is stored as. */
#define FASTLR_BY_STORAGE(X, DENSE, CSR)                                                                               \
    do {                                                                                                               \
        switch ((X)->storage) {                                                                                        \
        case FASTLR_DENSE_F64: DENSE(double, f64); break;                                                              \
        case FASTLR_DENSE_F32: DENSE(float, f32); break;                                                               \
        case FASTLR_CSR_F64_I32: CSR(double, int32_t, i32_f64); break;                                                 \
        case FASTLR_CSR_F64_I64: CSR(double, int64_t, i64_f64); break;                                                 \
        case FASTLR_CSR_F32_I32: CSR(float, int32_t, i32_f32); break;                                                  \
        case FASTLR_CSR_F32_I64: CSR(float, int64_t, i64_f32); break;                                                  \
        }                                                                                                              \
    } while (0)
/* The rows of X from `begin` on, as arguments of a function on dense or on CSR rows. */
#define FASTLR_DENSE_ROWS_FROM(T) (const T *)X->values + begin * X->layout.row_stride, X->layout
#define FASTLR_CSR_ROWS_FROM(T, I) (const T *)X->values, (const I *)X->indices, (const I *)X->indptr + begin

/* out[i] = x_(begin + i) . v for i < rows. */
static inline void fastlr_small_dot(const fastlr_small_matrix *X, ptrdiff_t begin, ptrdiff_t rows, const double *v,
                                     double *out)
{
#define FASTLR_DENSE(T, suffix) fastlr_block_dot_##suffix(FASTLR_DENSE_ROWS_FROM(T), rows, v, out)
#define FASTLR_CSR(T, I, suffix) fastlr_csr_dot_##suffix(FASTLR_CSR_ROWS_FROM(T, I), rows, v, out)
    FASTLR_BY_STORAGE(X, FASTLR_DENSE, FASTLR_CSR);
#undef FASTLR_DENSE
#undef FASTLR_CSR
}

/* g += sum_i u_i x_(begin + i) over i < rows. */
static inline void fastlr_small_add(const fastlr_small_matrix *X, ptrdiff_t begin, ptrdiff_t rows, const double *u,
                                     double *g)
{
#define FASTLR_DENSE(T, suffix) fastlr_block_axpy_##suffix(FASTLR_DENSE_ROWS_FROM(T), rows, u, g)
#define FASTLR_CSR(T, I, suffix) fastlr_csr_add_##suffix(FASTLR_CSR_ROWS_FROM(T, I), rows, u, g)
    FASTLR_BY_STORAGE(X, FASTLR_DENSE, FASTLR_CSR);
#undef FASTLR_DENSE
#undef FASTLR_CSR
}

/* g[:p] += sum_i u_i x_(begin + i) and g[p:] += sum_i d_i x_(begin + i) over i < rows. */
static inline void fastlr_small_add_pair(const fastlr_small_matrix *X, ptrdiff_t begin, ptrdiff_t rows, const double *u,
                                          const double *d, double *g)
{
    if (X->storage == FASTLR_DENSE_F64)
        fastlr_block_axpy_pair_f64(FASTLR_DENSE_ROWS_FROM(double), rows, u, d, g);
    else if (X->storage == FASTLR_DENSE_F32)
        fastlr_block_axpy_pair_f32(FASTLR_DENSE_ROWS_FROM(float), rows, u, d, g);
    else {
        fastlr_small_add(X, begin, rows, u, g);
        fastlr_small_add(X, begin, rows, d, g + X->p);
    }
}

/* sum_ij weight_i x_(begin + i)j^2 / l2_j over i < rows and all j. */
static inline double fastlr_small_squares(const fastlr_small_matrix *X, ptrdiff_t begin, ptrdiff_t rows,
                                           const double *weight, const double *l2, ptrdiff_t l2_step)
{
    double total = 0.0;
#define FASTLR_DENSE(T, suffix)                                                                                        \
    total = fastlr_dense_squares_##suffix(FASTLR_DENSE_ROWS_FROM(T), rows, weight, l2, l2_step)
#define FASTLR_CSR(T, I, suffix)                                                                                       \
    total = fastlr_csr_squares_##suffix(FASTLR_CSR_ROWS_FROM(T, I), rows, weight, l2, l2_step)
    FASTLR_BY_STORAGE(X, FASTLR_DENSE, FASTLR_CSR);
#undef FASTLR_DENSE
#undef FASTLR_CSR
    return total;
}

/* Upper triangle of X' diag(h) X, out (p, p); of dense X, of (X - 1 centre')' diag(h) (X - 1 centre'). */
static inline void fastlr_small_gram(const fastlr_small_matrix *X, const double *h, const double *centre,
                                     double *packing, double *out)
{
    const ptrdiff_t begin = 0; /* all rows */
#define FASTLR_DENSE(T, suffix) fastlr_dense_gram_##suffix((const T *)X->values, X, h, centre, packing, out)
#define FASTLR_CSR(T, I, suffix) fastlr_csr_gram_##suffix(FASTLR_CSR_ROWS_FROM(T, I), X->n, X->p, h, out)
    FASTLR_BY_STORAGE(X, FASTLR_DENSE, FASTLR_CSR);
#undef FASTLR_DENSE
#undef FASTLR_CSR
}

/* Upper triangle of (X - 1 centre')' diag(h) (X - 1 centre'), where trace_D centre = X' h or centre = 0.
 *
 * noise[j] is what rounding may leave of a diagonal entry that is zero: of a column equal to its centre. */
static inline void fastlr_centred_gram(const fastlr_small_matrix *X, const double *h, const double *centre,
                                       double trace_D, double *packing, double *out, double *noise)
{
    const ptrdiff_t p = X->p;
    const double of_sums = 4.0 * DBL_EPSILON, of_centre = DBL_EPSILON * (16.0 + X->n);
    fastlr_small_gram(X, h, centre, packing, out);
    for (ptrdiff_t i = 0; i < p; i++) {
        double error = of_centre * centre[i];
        noise[i] = p * of_sums * out[i * p + i];
        if (fastlr_is_dense(X))
            noise[i] += p * trace_D * (error * error);
        else
            for (ptrdiff_t j = i; j < p; j++)
                out[i * p + j] -= trace_D * centre[i] * centre[j];
    }
}

#endif
