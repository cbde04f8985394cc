/* The words in which the headers of this folder ask a compiler for vector code.
 *
 * Everything in them is static inline, branch-free in its hot loops, allocates nothing, keeps no state and needs no
 * Python.h: the same source, compiled once per CPU level, becomes SSE2, AVX2 + FMA or AVX-512 code.  All arithmetic is
 * double, whatever X is stored in.
 */
#ifndef FASTLR_SIMD_H
#define FASTLR_SIMD_H

#include <stddef.h>

#if defined(_MSC_VER)
#define FASTLR_RESTRICT __restrict
#define FASTLR_SIMD
#define FASTLR_SIMD_SUM(...)
#else
#define FASTLR_RESTRICT restrict
#define FASTLR_PRAGMA(text) _Pragma(#text)
#define FASTLR_SIMD FASTLR_PRAGMA(omp simd)
#define FASTLR_SIMD_SUM(...) FASTLR_PRAGMA(omp simd reduction(+ : __VA_ARGS__))
#endif

/* Rows handled at a time: their linear predictors, residuals and weights stay in the first-level cache. */
#define FASTLR_BLOCK 64

/* The smaller of two lengths. */
static inline ptrdiff_t fastlr_shorter(ptrdiff_t a, ptrdiff_t b) { return b < a ? b : a; }

/* v = 0. */
static inline void fastlr_clear(double *v, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        v[i] = 0.0;
}

#endif
