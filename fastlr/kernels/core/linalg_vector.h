/* Vectors over columns: the fused steps of conjugate gradients.  A stride of 0 broadcasts a number. */
#ifndef FASTLR_LINALG_VECTOR_H
#define FASTLR_LINALG_VECTOR_H

#include "simd.h"

static inline double fastlr_add_diagonal(ptrdiff_t n, const double *FASTLR_RESTRICT diagonal, ptrdiff_t stride,
                                         const double *FASTLR_RESTRICT v, double *FASTLR_RESTRICT out)
{
    double s = 0.0;
    if (stride == 1) {
        FASTLR_SIMD_SUM(s)
        for (ptrdiff_t i = 0; i < n; i++) {
            out[i] += diagonal[i] * v[i];
            s += v[i] * out[i];
        }
        return s;
    }
    FASTLR_SIMD_SUM(s)
    for (ptrdiff_t i = 0; i < n; i++) {
        out[i] += diagonal[i * stride] * v[i];
        s += v[i] * out[i];
    }
    return s;
}

static inline double fastlr_weighted_dot(ptrdiff_t n, const double *FASTLR_RESTRICT diagonal, ptrdiff_t stride,
                                         const double *FASTLR_RESTRICT a, const double *FASTLR_RESTRICT b)
{
    double s = 0.0;
    FASTLR_SIMD_SUM(s)
    for (ptrdiff_t i = 0; i < n; i++)
        s += diagonal[i * stride] * a[i] * b[i];
    return s;
}

static inline void fastlr_cg_step(ptrdiff_t n, double alpha, const double *FASTLR_RESTRICT v,
                                  const double *FASTLR_RESTRICT hv, const double *FASTLR_RESTRICT scale,
                                  double *FASTLR_RESTRICT x, double *FASTLR_RESTRICT rho, double *FASTLR_RESTRICT rz,
                                  double *FASTLR_RESTRICT rr)
{
    double a = 0.0, b = 0.0;
    FASTLR_SIMD_SUM(a, b)
    for (ptrdiff_t i = 0; i < n; i++) {
        double r = rho[i] + alpha * hv[i];
        x[i] += alpha * v[i];
        rho[i] = r;
        a += r * scale[i] * r;
        b += r * r;
    }
    *rz = a;
    *rr = b;
}

static inline void fastlr_cg_direction(ptrdiff_t n, double beta, const double *FASTLR_RESTRICT rho,
                                       const double *FASTLR_RESTRICT scale, double *FASTLR_RESTRICT v)
{
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < n; i++)
        v[i] = beta * v[i] - scale[i] * rho[i];
}

#endif
