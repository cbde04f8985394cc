/* First and second moments about a centre, for columns of dense storage.  Rules as in simd.h. */
#ifndef FASTLR_MOMENTS_H
#define FASTLR_MOMENTS_H

#include "simd.h"
#include "storage.h"

/* fastlr_add_moments: one row of X, into the sums of its columns.
 * fastlr_column_moments: one contiguous piece of a column. */
#define FASTLR_MOMENTS(T, suffix)                                                                                      \
    static inline void fastlr_add_moments_##suffix(ptrdiff_t p, double weight, const T *FASTLR_RESTRICT x,             \
                                                   const double *FASTLR_RESTRICT centre,                               \
                                                   double *FASTLR_RESTRICT first, double *FASTLR_RESTRICT second)      \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++) {                                                                            \
            double off = x[j] - centre[j];                                                                             \
            first[j] += weight * off;                                                                                  \
            second[j] += weight * (off * off);                                                                         \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void fastlr_column_moments_##suffix(ptrdiff_t n, const double *FASTLR_RESTRICT weight,               \
                                                      const T *FASTLR_RESTRICT x, double centre, double *first,        \
                                                      double *second)                                                  \
    {                                                                                                                  \
        double a = 0.0, b = 0.0;                                                                                       \
        FASTLR_SIMD_SUM(a, b)                                                                                          \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            double off = x[i] - centre;                                                                                \
            a += weight[i] * off;                                                                                      \
            b += weight[i] * (off * off);                                                                              \
        }                                                                                                              \
        *first = a;                                                                                                    \
        *second = b;                                                                                                   \
    }

FASTLR_MOMENTS(double, f64)
FASTLR_MOMENTS(float, f32)

#define fastlr_add_moments(p, weight, x, centre, first, second)                                                        \
    FASTLR_BY_VALUE(x, fastlr_add_moments)(p, weight, x, centre, first, second)
#define fastlr_column_moments(n, weight, x, centre, first, second)                                                     \
    FASTLR_BY_VALUE(x, fastlr_column_moments)(n, weight, x, centre, first, second)

#endif
