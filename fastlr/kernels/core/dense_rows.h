/* Rows, or contiguous pieces of columns, of a dense X beside vectors: dot products and updates. */
#ifndef FASTLR_DENSE_ROWS_H
#define FASTLR_DENSE_ROWS_H

#include "dot4.h"

/* For float and double storage; sums are double.
 *   fastlr_dot(x, v, p), fastlr_axpy(u, x, p, g): sum_j x_j v_j;  g += u x.
 *   fastlr_axpy4(x, stride, u, p, g): g[j] += sum_k u[k] x[k stride + j], k = 0..3.
 *   fastlr_axpy_pair(u, d, x, p, g, h): g += u x, h += d x.
 *   fastlr_axpy_squares(d, x, p, g): g += d x^2.
 *   fastlr_dot_squares(x, d, n): sum_i d_i x_i^2.
 *   fastlr_weighted_axpy(n, change, d, x, q): q += change d x, a coordinate step along a column x. */
#define FASTLR_DENSE_ROWS_H

#include "dot4.h"

/* Dense rows.  Each function exists for float and double storage; sums are double.
 *   fastlr_axpy4: g[j] += sum_k u[k] x[k stride + j], k = 0..3
 *   fastlr_dot, fastlr_axpy: one row (or one contiguous piece of a column).
 *   fastlr_axpy_pair: g += u x, h += d x;  fastlr_axpy_squares: g += d x^2;  fastlr_dot_squares: sum_i d_i x_i^2. */
#define FASTLR_DENSE_ROWS(T, suffix)                                                                                   \
    static inline void fastlr_axpy4_##suffix(const T *FASTLR_RESTRICT x, ptrdiff_t stride, const double *u,            \
                                             ptrdiff_t p, double *FASTLR_RESTRICT g)                                   \
    {                                                                                                                  \
        const T *x1 = x + stride, *x2 = x1 + stride, *x3 = x2 + stride;                                                \
        const double u0 = u[0], u1 = u[1], u2 = u[2], u3 = u[3];                                                       \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += u0 * x[j] + u1 * x1[j] + (u2 * x2[j] + u3 * x3[j]);                                                \
    }                                                                                                                  \
    static inline double fastlr_dot_##suffix(const T *FASTLR_RESTRICT x, const double *FASTLR_RESTRICT v, ptrdiff_t p) \
    {                                                                                                                  \
        double s = 0.0;                                                                                                \
        FASTLR_SIMD_SUM(s)                                                                                             \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            s += x[j] * v[j];                                                                                          \
        return s;                                                                                                      \
    }                                                                                                                  \
    static inline void fastlr_axpy_##suffix(double u, const T *FASTLR_RESTRICT x, ptrdiff_t p,                         \
                                            double *FASTLR_RESTRICT g)                                                 \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += u * x[j];                                                                                          \
    }                                                                                                                  \
    static inline void fastlr_axpy_pair_##suffix(double u, double d, const T *FASTLR_RESTRICT x, ptrdiff_t p,          \
                                                 double *FASTLR_RESTRICT g, double *FASTLR_RESTRICT h)                 \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++) {                                                                            \
            g[j] += u * x[j];                                                                                          \
            h[j] += d * x[j];                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void fastlr_axpy_squares_##suffix(double d, const T *FASTLR_RESTRICT x, ptrdiff_t p,                 \
                                                    double *FASTLR_RESTRICT g)                                         \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += d * ((double)x[j] * x[j]);                                                                         \
    }                                                                                                                  \
    static inline double fastlr_dot_squares_##suffix(const T *FASTLR_RESTRICT x, const double *FASTLR_RESTRICT d,      \
                                                     ptrdiff_t n)                                                      \
    {                                                                                                                  \
        double s = 0.0;                                                                                                \
        FASTLR_SIMD_SUM(s)                                                                                             \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            s += d[i] * ((double)x[i] * x[i]);                                                                         \
        return s;                                                                                                      \
    }                                                                                                                  \
    static inline void fastlr_weighted_axpy_##suffix(ptrdiff_t n, double change, const double *FASTLR_RESTRICT d,      \
                                                     const T *FASTLR_RESTRICT x, double *FASTLR_RESTRICT q)            \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            q[i] += change * d[i] * x[i];                                                                              \
    }

FASTLR_DENSE_ROWS(double, f64)
FASTLR_DENSE_ROWS(float, f32)

#define fastlr_dot(x, v, p) FASTLR_BY_VALUE(x, fastlr_dot)(x, v, p)
#define fastlr_axpy(u, x, p, g) FASTLR_BY_VALUE(x, fastlr_axpy)(u, x, p, g)
#define fastlr_axpy4(x, stride, u, p, g) FASTLR_BY_VALUE(x, fastlr_axpy4)(x, stride, u, p, g)
#define fastlr_axpy_pair(u, d, x, p, g, h) FASTLR_BY_VALUE(x, fastlr_axpy_pair)(u, d, x, p, g, h)
#define fastlr_axpy_squares(d, x, p, g) FASTLR_BY_VALUE(x, fastlr_axpy_squares)(d, x, p, g)
#define fastlr_dot_squares(x, d, n) FASTLR_BY_VALUE(x, fastlr_dot_squares)(x, d, n)
#define fastlr_weighted_axpy(n, change, d, x, q) FASTLR_BY_VALUE(x, fastlr_weighted_axpy)(n, change, d, x, q)

#endif
