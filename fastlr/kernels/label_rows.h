/* Rows of K linear predictors, each with a 0/1 label of its own: what K two-class fits do between two products with X.
 *
 * A block is at most FASTLR_BLOCK rows of K numbers, C order.  Entry (i, k) has the weight  weight[i] factor[y K + k]
 * for its label y: factor holds K numbers for label 0, then K for label 1.  Sums go to `out`, K numbers, and are added
 * row by row, so that a column's bits do not depend on its neighbours.
 */
#ifndef FASTLR_LABEL_ROWS_H
#define FASTLR_LABEL_ROWS_H

#include "simd.h"

static inline double fastlr_label_weight(double weight, const double *factor, ptrdiff_t K, ptrdiff_t k, double y)
{
    return weight * (y > 0.5 ? factor[K + k] : factor[k]);
}

/* residual = weight (sigma(eta) - y),  curvature = weight sigma'(eta),  out += weight loss. */
static inline void fastlr_label_block(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                      const uint8_t *FASTLR_RESTRICT label, const double *FASTLR_RESTRICT weight,
                                      const double *FASTLR_RESTRICT factor, double *FASTLR_RESTRICT residual,
                                      double *FASTLR_RESTRICT curvature, double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++) {
            double x = eta[i * K + k], y = label[i * K + k], s = fastlr_label_weight(weight[i], factor, K, k, y);
            double a = fabs(x), e = fastlr_exp_neg(a), big = 1.0 / (1.0 + e), small = e * big;
            double up = x < 0.0 ? small : big, down = x < 0.0 ? big : small;
            double wrong = x > 0.0 ? 1.0 - y : y;
            residual[i * K + k] = s * ((1.0 - y) * up - y * down);
            curvature[i * K + k] = s * small * big;
            out[k] += s * (fastlr_log1p_unit(e) + (wrong > 0.0 ? a : 0.0));
        }
    }
}

/* First and second derivative in a shift of each column, at eta + shift: `out` holds K numbers, then K. */
static inline void fastlr_label_slopes(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                       const double *FASTLR_RESTRICT shift, const uint8_t *FASTLR_RESTRICT label,
                                       const double *FASTLR_RESTRICT weight, const double *FASTLR_RESTRICT factor,
                                       double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++) {
            double x = eta[i * K + k] + shift[k], y = label[i * K + k];
            double s = fastlr_label_weight(weight[i], factor, K, k, y);
            double e = fastlr_exp_neg(fabs(x)), big = 1.0 / (1.0 + e), small = e * big;
            double up = x < 0.0 ? small : big, down = x < 0.0 ? big : small;
            out[k] += s * ((1.0 - y) * up - y * down);
            out[K + k] += s * small * big;
        }
    }
}

/* out += weight loss at eta + t image, with a t for each column. */
static inline void fastlr_label_losses(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                       const double *FASTLR_RESTRICT image, const double *FASTLR_RESTRICT t,
                                       const uint8_t *FASTLR_RESTRICT label, const double *FASTLR_RESTRICT weight,
                                       const double *FASTLR_RESTRICT factor, double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++) {
            double x = eta[i * K + k] + t[k] * image[i * K + k], y = label[i * K + k];
            out[k] += fastlr_label_weight(weight[i], factor, K, k, y) * fastlr_loss(x, y);
        }
    }
}

/* out += weight KL(u || sigma(eta + t image))  for  u = y + scale (sigma(eta) - y + back sigma'(eta) image)  cut to
 * [0, 1], and how many were cut: K numbers each.  scale and t are K numbers. */
static inline void fastlr_label_divergence(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                           const double *FASTLR_RESTRICT image, const double *FASTLR_RESTRICT t,
                                           const double *FASTLR_RESTRICT scale, double back,
                                           const uint8_t *FASTLR_RESTRICT label, const double *FASTLR_RESTRICT weight,
                                           const double *FASTLR_RESTRICT factor, double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++) {
            double x = eta[i * K + k], z = image[i * K + k], y = label[i * K + k];
            double e = fastlr_exp_neg(fabs(x)), big = 1.0 / (1.0 + e), small = e * big;
            double up = x < 0.0 ? small : big, down = x < 0.0 ? big : small;
            double u = y + scale[k] * ((1.0 - y) * up - y * down + back * small * big * z);
            double low = u < 0.0 ? 0.0 : u, in = low > 1.0 ? 1.0 : low;
            out[k] += fastlr_label_weight(weight[i], factor, K, k, y) * fastlr_divergence(in, x + t[k] * z);
            out[K + k] += in == u ? 0.0 : 1.0;
        }
    }
}

#endif
