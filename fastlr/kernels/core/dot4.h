/* Four rows of a dense X times one vector: out[k] = sum_j x[k stride + j] v[j], k = 0..3, for float and double storage.
 *
 * With AVX2 the four sums are added up across lanes together.  What compilers make of four sums in an `omp simd` loop
 * adds up each by itself and takes the columns past a multiple of the vector length singly: measured (gcc 12, ns a row,
 * double, AVX-512) 5.8 against 1.5 at 20 columns, 6.0 against 3.5 at 50, 82 against 76 at 800.  Vectors of 512 bits gain
 * nothing over this. */
#ifndef FASTLR_DOT4_H
#define FASTLR_DOT4_H

#include "simd.h"
#include "storage.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

static inline __m256d fastlr_load4_f64(const double *x) { return _mm256_loadu_pd(x); }
static inline __m256d fastlr_load4_f32(const float *x) { return _mm256_cvtps_pd(_mm_loadu_ps(x)); }

#define FASTLR_DOT4(T, suffix)                                                                                         \
    static inline void fastlr_dot4_##suffix(const T *FASTLR_RESTRICT x, ptrdiff_t stride,                              \
                                            const double *FASTLR_RESTRICT v, ptrdiff_t p, double *out)                 \
    {                                                                                                                  \
        const T *x1 = x + stride, *x2 = x1 + stride, *x3 = x2 + stride;                                                \
        __m256d s0 = _mm256_setzero_pd(), s1 = s0, s2 = s0, s3 = s0;                                                   \
        ptrdiff_t j = 0;                                                                                               \
        for (; j + 4 <= p; j += 4) {                                                                                   \
            __m256d w = _mm256_loadu_pd(v + j);                                                                        \
            s0 = _mm256_fmadd_pd(fastlr_load4_##suffix(x + j), w, s0);                                                 \
            s1 = _mm256_fmadd_pd(fastlr_load4_##suffix(x1 + j), w, s1);                                                \
            s2 = _mm256_fmadd_pd(fastlr_load4_##suffix(x2 + j), w, s2);                                                \
            s3 = _mm256_fmadd_pd(fastlr_load4_##suffix(x3 + j), w, s3);                                                \
        }                                                                                                              \
        __m256d a = _mm256_hadd_pd(s0, s1), b = _mm256_hadd_pd(s2, s3);                                                \
        __m256d sums = _mm256_add_pd(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));          \
        for (; j < p; j++)                                                                                             \
            sums = _mm256_fmadd_pd(_mm256_set_pd(x3[j], x2[j], x1[j], x[j]), _mm256_set1_pd(v[j]), sums);              \
        _mm256_storeu_pd(out, sums);                                                                                   \
    }

#else

#define FASTLR_DOT4(T, suffix)                                                                                         \
    static inline void fastlr_dot4_##suffix(const T *FASTLR_RESTRICT x, ptrdiff_t stride,                              \
                                            const double *FASTLR_RESTRICT v, ptrdiff_t p, double *out)                 \
    {                                                                                                                  \
        const T *x1 = x + stride, *x2 = x1 + stride, *x3 = x2 + stride;                                                \
        double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;                                                                 \
        FASTLR_SIMD_SUM(s0, s1, s2, s3)                                                                                \
        for (ptrdiff_t j = 0; j < p; j++) {                                                                            \
            s0 += x[j] * v[j];                                                                                         \
            s1 += x1[j] * v[j];                                                                                        \
            s2 += x2[j] * v[j];                                                                                        \
            s3 += x3[j] * v[j];                                                                                        \
        }                                                                                                              \
        out[0] = s0;                                                                                                   \
        out[1] = s1;                                                                                                   \
        out[2] = s2;                                                                                                   \
        out[3] = s3;                                                                                                   \
    }

#endif

FASTLR_DOT4(double, f64)
FASTLR_DOT4(float, f32)

#define fastlr_dot4(x, stride, v, p, out) FASTLR_BY_VALUE(x, fastlr_dot4)(x, stride, v, p, out)

#endif
