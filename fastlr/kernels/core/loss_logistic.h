/* The logistic loss of two classes: of one row, and summed over a block of rows. */
#ifndef FASTLR_LOSS_LOGISTIC_H
#define FASTLR_LOSS_LOGISTIC_H

#include <math.h>

#include "exp_log.h"

/* The logistic function at eta and at -eta from one exponential, without overflow or cancellation. */
typedef struct {
    double e;     /* exp(-|eta|) */
    double big;   /* sigma(|eta|) = 1 / (1 + e) */
    double small; /* sigma(-|eta|) = e / (1 + e); sigma'(eta) = small big */
    double up;    /* sigma(eta) */
    double down;  /* sigma(-eta) */
} fastlr_sigmoid;

static inline fastlr_sigmoid fastlr_sigmoid_at(double eta)
{
    fastlr_sigmoid s;
    s.e = fastlr_exp_neg(fabs(eta));
    s.big = 1.0 / (1.0 + s.e);
    s.small = s.e * s.big;
    s.up = eta < 0.0 ? s.small : s.big;
    s.down = eta < 0.0 ? s.big : s.small;
    return s;
}

/* sigma(eta) - y, as (1 - y) sigma(eta) - y sigma(-eta): exact to the last digits where sigma(eta) is near y. */
static inline double fastlr_miss(fastlr_sigmoid s, double y) { return (1.0 - y) * s.up - y * s.down; }

static inline double fastlr_expit(double eta) { return fastlr_sigmoid_at(eta).up; }

static inline double fastlr_expit_derivative(double eta)
{
    fastlr_sigmoid s = fastlr_sigmoid_at(eta);
    return s.small * s.big;
}

static inline double fastlr_residual(double eta, double y) { return fastlr_miss(fastlr_sigmoid_at(eta), y); }

/* log(1 + exp(eta)) - y eta for 0 <= y <= 1, given e = exp(-|eta|): max(eta, 0) - y eta + log1p(e), written so that y
 * in {0, 1} loses no digit to cancellation. */
static inline double fastlr_loss_from(double e, double eta, double y)
{
    double wrong = eta > 0.0 ? 1.0 - y : y;
    /* wrong == 0 must give 0 also for |eta| = inf */
    return fastlr_log1p_unit(e) + (wrong > 0.0 ? wrong * fabs(eta) : 0.0);
}

static inline double fastlr_loss(double eta, double y) { return fastlr_loss_from(fastlr_exp_neg(fabs(eta)), eta, y); }

/* Kullback-Leibler divergence of Bernoulli(u) from Bernoulli(sigma(eta)):
 * u log u + (1 - u) log(1 - u) + log(1 + exp(eta)) - u eta. */
static inline double fastlr_divergence(double u, double eta)
{
    return fastlr_xlogx(u) + fastlr_xlogx(1.0 - u) + fastlr_loss(eta, u);
}

/* residual[i] = weight[i] (sigma(eta_i) - y_i), curvature[i] = weight[i] sigma'(eta_i);
 * returns sum_i weight[i] loss(eta_i, y_i). */
static inline double fastlr_logistic_block(
    ptrdiff_t n, const double *FASTLR_RESTRICT eta, const double *FASTLR_RESTRICT y,
    const double *FASTLR_RESTRICT weight, double *FASTLR_RESTRICT residual, double *FASTLR_RESTRICT curvature)
{
    double sum = 0.0;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++) {
        fastlr_sigmoid s = fastlr_sigmoid_at(eta[i]);
        sum += weight[i] * fastlr_loss_from(s.e, eta[i], y[i]);
        residual[i] = weight[i] * fastlr_miss(s, y[i]);
        curvature[i] = weight[i] * s.small * s.big;
    }
    return sum;
}

/* sum_i weight[i] loss(eta_i + t Xd_i, y_i) */
static inline double fastlr_loss_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                                       const double *FASTLR_RESTRICT Xd, double t,
                                       const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT weight)
{
    double sum = 0.0;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++)
        sum += weight[i] * fastlr_loss(eta[i] + t * Xd[i], y[i]);
    return sum;
}

/* First and second derivative of sum_i weight[i] loss(eta_i + shift, y_i) in shift. */
static inline void fastlr_slope_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta, double shift,
                                      const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT weight,
                                      double *FASTLR_RESTRICT first, double *FASTLR_RESTRICT second)
{
    double a = 0.0, b = 0.0;
    FASTLR_SIMD_SUM(a, b)
    for (ptrdiff_t i = 0; i < n; i++) {
        fastlr_sigmoid s = fastlr_sigmoid_at(eta[i] + shift);
        a += weight[i] * fastlr_miss(s, y[i]);
        b += weight[i] * s.small * s.big;
    }
    *first = a;
    *second = b;
}

/* sum_i weight[i] KL(u_i || sigma(eta_i + t Xd_i + shift)) for the dual point
 * u_i = y_i + scale (sigma(eta_i) - y_i + back sigma'(eta_i) Xd_i) cut to [0, 1]; counts in *cut how many were. */
static inline double fastlr_gap_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                                      const double *FASTLR_RESTRICT Xd, double t, double shift, double scale,
                                      double back, const double *FASTLR_RESTRICT y,
                                      const double *FASTLR_RESTRICT weight, double *FASTLR_RESTRICT cut)
{
    double sum = 0.0, outside = 0.0;
    FASTLR_SIMD_SUM(sum, outside)
    for (ptrdiff_t i = 0; i < n; i++) {
        fastlr_sigmoid s = fastlr_sigmoid_at(eta[i]);
        double r = fastlr_miss(s, y[i]) + back * s.small * s.big * Xd[i];
        double u = y[i] + scale * r;
        double low = u < 0.0 ? 0.0 : u;
        double in = low > 1.0 ? 1.0 : low;
        outside += in == u ? 0.0 : 1.0;
        sum += weight[i] * fastlr_divergence(in, eta[i] + t * Xd[i] + shift);
    }
    *cut = outside;
    return sum;
}

#endif
