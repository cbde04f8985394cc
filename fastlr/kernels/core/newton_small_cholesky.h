/* The Cholesky factor of a small symmetric matrix and solutions with it: the matrix is the upper triangle of a (p, p),
 * row by row, a = U' U. */
#ifndef FASTLR_NEWTON_SMALL_CHOLESKY_H
#define FASTLR_NEWTON_SMALL_CHOLESKY_H

#include <math.h>

#include "dense_rows.h"

enum { FASTLR_PANEL = 4 }; /* rows finished together: fastlr_axpy4 takes four */

static inline void fastlr_scale(double factor, double *v, ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < n; k++)
        v[k] = factor * v[k];
}

/* Turn the upper triangle of a into its factor U; 0 where a pivot is not above noise[k].
 *
 * A pivot is what is left of a column once the columns before it have explained what they can.  Rows are finished four
 * at a time and then taken from all rows below at once. */
static inline int fastlr_factorise(double *a, ptrdiff_t p, const double *noise)
{
    double factors[FASTLR_PANEL];
    for (ptrdiff_t begin = 0; begin < p; begin += FASTLR_PANEL) {
        for (ptrdiff_t k = begin; k < fastlr_shorter(begin + FASTLR_PANEL, p); k++) {
            for (ptrdiff_t j = begin; j < k; j++)
                fastlr_axpy(-a[j * p + k], a + j * p + k, p - k, a + k * p + k);
            if (!(a[k * p + k] > noise[k])) /* also where it is NaN */
                return 0;
            fastlr_scale(1.0 / sqrt(a[k * p + k]), a + k * p + k, p - k);
        }
        for (ptrdiff_t j = begin + FASTLR_PANEL; j < p; j++) {
            for (ptrdiff_t k = 0; k < FASTLR_PANEL; k++)
                factors[k] = -a[(begin + k) * p + j];
            fastlr_axpy4(a + begin * p + j, p, factors, p - j, a + j * p + j);
        }
    }
    return 1;
}

/* x = (U' U)^-1 x. */
static inline void fastlr_cholesky_solve(const double *factor, ptrdiff_t p, double *x)
{
    for (ptrdiff_t k = 0; k < p; k++) {
        x[k] = x[k] / factor[k * p + k];
        fastlr_axpy(-x[k], factor + k * p + k + 1, p - k - 1, x + k + 1);
    }
    for (ptrdiff_t k = p - 1; k >= 0; k--)
        x[k] = (x[k] - fastlr_dot(factor + k * p + k + 1, x + k + 1, p - k - 1)) / factor[k * p + k];
}

#endif
