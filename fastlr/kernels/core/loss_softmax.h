/* The softmax loss summed over a block of rows.
 *
 * A block is at most FASTLR_BLOCK rows of K numbers, C order.  Targets are class numbers `label`.
 */
#ifndef FASTLR_LOSS_SOFTMAX_H
#define FASTLR_LOSS_SOFTMAX_H

#include "special.h"

/* Probabilities p, weighted residuals  weight (p - y),  and the weighted sum of losses.  The residual of the label is
 * summed from the others where it is on top, so that a probability near 1 costs no digits. */
static inline double fastlr_class_block(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                        const int64_t *FASTLR_RESTRICT label, const double *FASTLR_RESTRICT weight,
                                        double *FASTLR_RESTRICT p, double *FASTLR_RESTRICT residual)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK], sum = 0.0;
    fastlr_tails(rows, K, eta, top, p, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double *q = p + i * K, *r = residual + i * K;
        double share = 1.0 / (1.0 + rest[i]), w = weight[i];
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++) {
            q[k] *= share;
            r[k] = w * q[k];
        }
        q[top[i]] = share;
        r[top[i]] = w * share;
        r[label[i]] = label[i] == top[i] ? -w * (rest[i] * share) : r[label[i]] - w;
        sum += w * (fastlr_log1p(rest[i]) + (eta[i * K + top[i]] - eta[i * K + label[i]]));
    }
    return sum;
}

/* h = weight (diag(p) - p p') z, row by row. */
static inline void fastlr_class_curve(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT p,
                                      const double *FASTLR_RESTRICT weight, const double *FASTLR_RESTRICT z,
                                      double *FASTLR_RESTRICT h)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *q = p + i * K, *x = z + i * K;
        double mean = 0.0;
        FASTLR_SIMD_SUM(mean)
        for (ptrdiff_t k = 0; k < K; k++)
            mean += q[k] * x[k];
        FASTLR_SIMD
        for (ptrdiff_t k = 0; k < K; k++)
            h[i * K + k] = weight[i] * (q[k] * (x[k] - mean));
    }
}

/* The weighted sum of losses at eta + t z. */
static inline double fastlr_class_loss(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                       const double *FASTLR_RESTRICT z, double t, const int64_t *FASTLR_RESTRICT label,
                                       const double *FASTLR_RESTRICT weight, double *FASTLR_RESTRICT scratch)
{
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < rows * K; i++)
        scratch[i] = eta[i] + t * z[i];
    return fastlr_cross_entropy_block(rows, K, label, NULL, scratch, weight, 1.0, 1.0);
}

/* e = softmax(e), a row of K numbers in place. */
static inline void fastlr_softmax_in_place(ptrdiff_t K, double *FASTLR_RESTRICT e)
{
    ptrdiff_t top = fastlr_largest(K, e);
    double m = e[top], sum = 0.0;
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        e[j] = fastlr_tail(m, e[j]);
    e[top] = m == m ? 0.0 : m;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t j = 0; j < K; j++)
        sum += e[j];
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        e[j] = e[j] / (1.0 + sum);
    e[top] = 1.0 / (1.0 + sum);
}

/* q phi((u - q) / q) with phi(d) = (1 + d) log(1 + d) - d >= 0: a term of KL(u || q), whose others cancel. */
static inline double fastlr_divergence_term(double u, double q)
{
    double d = (u - q) / q, h = fabs(d);
    if (h < 1e-3)
        return q * d * d * (0.5 - d * (1.0 / 6.0 - d * (1.0 / 12.0 - d * (1.0 / 20.0))));
    return u > 0.0 ? u * log(u / q) - (u - q) : q;
}

/* sum_i weight_i KL(u_i || softmax(eta_i + t z_i)),  u = y + scale (p + back (diag(p) - p p') z - y);
 * *cut += negative entries of u. */
static inline double fastlr_class_divergence(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                             const double *FASTLR_RESTRICT p, const double *FASTLR_RESTRICT z,
                                             double t, double back, double scale,
                                             const int64_t *FASTLR_RESTRICT label,
                                             const double *FASTLR_RESTRICT weight,
                                             double *FASTLR_RESTRICT scratch, double *FASTLR_RESTRICT cut)
{
    double sum = 0.0;
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *q = p + i * K, *x = z + i * K;
        double *e = scratch + i * K, mean = 0.0, total = 0.0;
        if (weight[i] == 0.0)
            continue;
        for (ptrdiff_t k = 0; k < K; k++)
            e[k] = eta[i * K + k] + t * x[k];
        fastlr_softmax_in_place(K, e);
        for (ptrdiff_t k = 0; k < K; k++)
            mean += q[k] * x[k];
        for (ptrdiff_t k = 0; k < K; k++) {
            double u = scale * (q[k] + back * q[k] * (x[k] - mean)) + (label[i] == k ? 1.0 - scale : 0.0);
            *cut += u < 0.0 ? 1.0 : 0.0;
            total += e[k] > 0.0 ? fastlr_divergence_term(u, e[k]) : (u > 0.0 ? INFINITY : 0.0);
        }
        sum += weight[i] * total;
    }
    return sum;
}

#endif
