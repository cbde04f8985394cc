/* What fastlr.special offers on arrays: elementwise functions, softmax, cross-entropy.  Rules as in simd.h. */
#ifndef FASTLR_SPECIAL_H
#define FASTLR_SPECIAL_H

#include <float.h>

#include "loss_logistic.h"
#include "storage.h"

/* Elementwise functions offered to users (special.py), for float and double storage; arithmetic is double. */
#define FASTLR_ELEMENTWISE(T, suffix)                                                                                  \
    static inline void fastlr_expit_block_##suffix(ptrdiff_t n, const T *FASTLR_RESTRICT eta,                          \
                                                   T *FASTLR_RESTRICT out)                                             \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            out[i] = (T)fastlr_expit(eta[i]);                                                                          \
    }                                                                                                                  \
    static inline void fastlr_expit_derivative_block_##suffix(ptrdiff_t n, const T *FASTLR_RESTRICT eta,               \
                                                              T *FASTLR_RESTRICT out)                                  \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            out[i] = (T)fastlr_expit_derivative(eta[i]);                                                               \
    }

FASTLR_ELEMENTWISE(double, f64)
FASTLR_ELEMENTWISE(float, f32)

#define fastlr_expit_block(n, eta, out) FASTLR_BY_VALUE(eta, fastlr_expit_block)(n, eta, out)
#define fastlr_expit_derivative_block(n, eta, out) FASTLR_BY_VALUE(eta, fastlr_expit_derivative_block)(n, eta, out)

/* log(1 + x) for x >= 0, relative error below 2 ulp: beyond 1 the rounding of 1 + x moves the logarithm by less than
 * half an ulp of ln 2. */
static inline double fastlr_log1p(double x)
{
    double near = fastlr_log1p_unit(x > 1.0 ? 1.0 : x);
    double far = fastlr_log(1.0 + (x > 1.0 ? x : 1.0));
    return x > 1.0 ? far : near;
}

/* Labels of two classes are y in [0, 1], or -1 and +1 where -1 stands for 0: either way the target is max(y, 0). */
static inline double fastlr_target(double y) { return y > 0.0 ? y : 0.0; }

/* out[0], out[1], out[2] = how many labels are negative; are neither -1 nor +1; exceed 1 or are NaN. */
static inline void fastlr_count_labels(ptrdiff_t n, const double *FASTLR_RESTRICT y, double *FASTLR_RESTRICT out)
{
    double negative = 0.0, other = 0.0, above = 0.0;
    FASTLR_SIMD_SUM(negative, other, above)
    for (ptrdiff_t i = 0; i < n; i++) {
        negative += y[i] < 0.0 ? 1.0 : 0.0;
        other += fabs(y[i]) == 1.0 ? 0.0 : 1.0;
        above += y[i] <= 1.0 ? 0.0 : 1.0;
    }
    out[0] = negative;
    out[1] = other;
    out[2] = above;
}

/* out[0] = sum_i scale weight[i]; out[1] > 0 if any weight is negative, infinite or NaN. */
static inline void fastlr_weigh(ptrdiff_t n, const double *FASTLR_RESTRICT weight, double scale,
                                double *FASTLR_RESTRICT out)
{
    double mass = 0.0, bad = 0.0;
    FASTLR_SIMD_SUM(mass, bad)
    for (ptrdiff_t i = 0; i < n; i++) {
        mass += scale * weight[i];
        bad += weight[i] >= 0.0 ? 0.0 : 1.0;
        bad += weight[i] <= DBL_MAX ? 0.0 : 1.0;
    }
    out[0] = mass;
    out[1] = bad;
}

/* weight * loss.  The weight meets y before |eta| does, so that 0 * infinity does not arise. */
static inline double fastlr_weighted_loss(double weight, double eta, double y)
{
    double a = fabs(eta);
    double wrong = weight * (eta > 0.0 ? 1.0 - y : y);
    return weight * fastlr_log1p_unit(fastlr_exp_neg(a)) + (wrong > 0.0 ? wrong * a : 0.0);
}

/* sum_i scale weight[i] loss(eta_i, target(y_i)); weight NULL stands for ones, here and below. */
static inline double fastlr_log_loss_sum(ptrdiff_t n, const double *FASTLR_RESTRICT y,
                                         const double *FASTLR_RESTRICT eta, const double *FASTLR_RESTRICT weight,
                                         double scale)
{
    double sum = 0.0;
    if (weight == NULL) {
        FASTLR_SIMD_SUM(sum)
        for (ptrdiff_t i = 0; i < n; i++)
            sum += fastlr_weighted_loss(scale, eta[i], fastlr_target(y[i]));
        return sum;
    }
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++)
        sum += fastlr_weighted_loss(scale * weight[i], eta[i], fastlr_target(y[i]));
    return sum;
}

/* out[i] = (scale weight[i] / mass) (sigma(eta_i) - target(y_i)) */
static inline void fastlr_log_loss_slopes(ptrdiff_t n, const double *FASTLR_RESTRICT y,
                                          const double *FASTLR_RESTRICT eta, const double *FASTLR_RESTRICT weight,
                                          double scale, double mass, double *FASTLR_RESTRICT out)
{
    if (weight == NULL) {
        FASTLR_SIMD
        for (ptrdiff_t i = 0; i < n; i++)
            out[i] = fastlr_residual(eta[i], fastlr_target(y[i])) * scale / mass;
        return;
    }
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = fastlr_residual(eta[i], fastlr_target(y[i])) * (scale * weight[i] / mass);
}

/* out[i] = (scale weight[i] / mass) sigma'(eta_i) v[i] */
static inline void fastlr_log_loss_curve(ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                                         const double *FASTLR_RESTRICT v, const double *FASTLR_RESTRICT weight,
                                         double scale, double mass, double *FASTLR_RESTRICT out)
{
    if (weight == NULL) {
        FASTLR_SIMD
        for (ptrdiff_t i = 0; i < n; i++)
            out[i] = fastlr_expit_derivative(eta[i]) * v[i] * scale / mass;
        return;
    }
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = fastlr_expit_derivative(eta[i]) * v[i] * (scale * weight[i] / mass);
}

/* Rows of K linear predictors.  With m = max_j eta_j, reached at column `top`, everything follows from the tails
 * e_j = exp(eta_j - m) of the other columns and their sum, the rest:
 *
 *   softmax_j = e_j / (1 + rest) (e_top = 1),   1 - softmax_top = rest / (1 + rest),
 *   loss of label k = (m - eta_k) + log1p(rest): two terms that are never negative, so none cancels.
 *
 * The stored e_top is 0; that keeps a rest far below 1 exact.  Rows of at most FASTLR_NARROW columns are laid end to
 * end, because a vector loop over three columns would run scalar. */
#define FASTLR_NARROW 32

#if defined(_MSC_VER)
#define FASTLR_SIMD_MAX(...)
#else
#define FASTLR_SIMD_MAX(...) FASTLR_PRAGMA(omp simd reduction(max : __VA_ARGS__))
#endif

/* The first column that holds the row's maximum; NaN is passed over, and column 0 stands for a row of nothing else. */
static inline ptrdiff_t fastlr_largest(ptrdiff_t K, const double *eta)
{
    double m = -INFINITY;
    if (K <= FASTLR_NARROW) {
        ptrdiff_t top = 0;
        for (ptrdiff_t j = 0; j < K; j++) {
            top = eta[j] > m ? j : top;
            m = eta[j] > m ? eta[j] : m;
        }
        return top;
    }
    FASTLR_SIMD_MAX(m)
    for (ptrdiff_t j = 0; j < K; j++)
        m = eta[j] > m ? eta[j] : m;
    for (ptrdiff_t j = 0; j < K; j++)
        if (eta[j] == m)
            return j;
    return 0;
}

/* exp(x - m) for x <= m.  The rounding error of m - x, up to 6e-14 and thus 250 ulp of the result, is recovered by
 * Knuth's two-sum; beyond 746 the result is 0 and the error, perhaps inf - inf, is left out. */
static inline double fastlr_tail(double m, double x)
{
    double d = m - x;
    double z = d - m;
    double slip = (m - (d - z)) - (x + z);
    return fastlr_exp_neg(d) * (1.0 - (d < 746.0 ? slip : 0.0));
}

/* For a block of rows (rows <= FASTLR_BLOCK): top[i], the tails tail[i K + j] with 0 at j = top[i], and rest[i]. */
static inline void fastlr_tails(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                ptrdiff_t *FASTLR_RESTRICT top, double *FASTLR_RESTRICT tail,
                                double *FASTLR_RESTRICT rest)
{
    double most[FASTLR_BLOCK * FASTLR_NARROW];
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *x = eta + i * K;
        double m;
        top[i] = fastlr_largest(K, x);
        m = x[top[i]];
        if (K <= FASTLR_NARROW) {
            for (ptrdiff_t j = 0; j < K; j++)
                most[i * K + j] = m;
        } else {
            FASTLR_SIMD
            for (ptrdiff_t j = 0; j < K; j++)
                tail[i * K + j] = fastlr_tail(m, x[j]);
        }
    }
    if (K <= FASTLR_NARROW) {
        FASTLR_SIMD
        for (ptrdiff_t t = 0; t < rows * K; t++)
            tail[t] = fastlr_tail(most[t], eta[t]);
    }
    for (ptrdiff_t i = 0; i < rows; i++) {
        double *e = tail + i * K;
        double m = eta[i * K + top[i]], sum = 0.0;
        e[top[i]] = m == m ? 0.0 : m;
        FASTLR_SIMD_SUM(sum)
        for (ptrdiff_t j = 0; j < K; j++)
            sum += e[j];
        rest[i] = sum;
    }
}

/* The same without storing the tails, for the loss alone: top[i] and rest[i]. */
static inline void fastlr_rests(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                ptrdiff_t *FASTLR_RESTRICT top, double *FASTLR_RESTRICT rest)
{
    double tail[FASTLR_BLOCK * FASTLR_NARROW];
    if (K <= FASTLR_NARROW) {
        fastlr_tails(rows, K, eta, top, tail, rest);
        return;
    }
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *x = eta + i * K;
        ptrdiff_t t = fastlr_largest(K, x);
        double m = x[t], sum = 0.0;
        FASTLR_SIMD_SUM(sum)
        for (ptrdiff_t j = 0; j < K; j++)
            sum += j == t ? 0.0 : fastlr_tail(m, x[j]);
        top[i] = t;
        rest[i] = sum;
    }
}

static inline void fastlr_softmax_block(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                        double *FASTLR_RESTRICT out)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK];
    fastlr_tails(rows, K, eta, top, out, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double *p = out + i * K;
        double whole = 1.0 + rest[i];
        FASTLR_SIMD
        for (ptrdiff_t j = 0; j < K; j++)
            p[j] = p[j] / whole;
        p[top[i]] = 1.0 / whole;
    }
}

/* Soft labels: out[0] grows if an entry is outside [0, 1] or NaN, out[1] by the rows whose sum is off by more. */
static inline void fastlr_count_soft(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT y, double tolerance,
                                     double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        double sum = 0.0, outside = 0.0;
        FASTLR_SIMD_SUM(sum, outside)
        for (ptrdiff_t j = 0; j < K; j++) {
            sum += y[i * K + j];
            outside += y[i * K + j] >= 0.0 ? 0.0 : 1.0;
            outside += y[i * K + j] <= 1.0 ? 0.0 : 1.0;
        }
        out[0] += outside;
        out[1] += fabs(sum - 1.0) <= tolerance ? 0.0 : 1.0;
    }
}

/* weight sum_j y_j (m - eta_j), scaled; *mass = weight sum_j y_j.  Both terms of a difference are scaled first: it may
 * reach twice the largest double. */
static inline double fastlr_soft_gap(ptrdiff_t K, const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT eta,
                                     ptrdiff_t top, double weight, double scale, double *FASTLR_RESTRICT mass)
{
    double gap = 0.0, sum = 0.0, m = scale * eta[top];
    FASTLR_SIMD_SUM(gap, sum)
    for (ptrdiff_t j = 0; j < K; j++) {
        double u = weight * y[j];
        double part = u * (m - scale * eta[j]);
        sum += u;
        gap += j == top || u == 0.0 ? 0.0 : part;
    }
    *mass = sum;
    return gap;
}

/* sum_i scale weight_scale weight[i] loss_i over a block of rows.  Labels are integers `label` or, where that is NULL,
 * rows `y` of K shares, here and below. */
static inline double fastlr_cross_entropy_block(ptrdiff_t rows, ptrdiff_t K, const int64_t *FASTLR_RESTRICT label,
                                                const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT eta,
                                                const double *FASTLR_RESTRICT weight, double weight_scale,
                                                double scale)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK], gap[FASTLR_BLOCK], mass[FASTLR_BLOCK], sum = 0.0;
    fastlr_rests(rows, K, eta, top, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *x = eta + i * K;
        double w = weight == NULL ? weight_scale : weight_scale * weight[i];
        if (label == NULL) {
            gap[i] = fastlr_soft_gap(K, y + i * K, x, top[i], w, scale, mass + i);
        } else {
            mass[i] = w;
            gap[i] = label[i] == top[i] || w == 0.0 ? 0.0 : w * (scale * x[top[i]] - scale * x[label[i]]);
        }
    }
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < rows; i++)
        sum += gap[i] + mass[i] * (scale * fastlr_log1p(rest[i]));
    return sum;
}

/* One row of the gradient in place of its tails: g_j = factor (p_j - [j = label]).  At `top` the difference is taken
 * from the rest, so that a probability near 1 costs no digits. */
static inline void fastlr_label_gradient(ptrdiff_t K, ptrdiff_t label, ptrdiff_t top, double rest, double factor,
                                         double *FASTLR_RESTRICT g)
{
    double whole = 1.0 + rest;
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        g[j] = factor * (g[j] / whole);
    g[top] = factor * (1.0 / whole);
    g[label] = label == top ? -factor * (rest / whole) : g[label] - factor;
}

/* g_j = factor (s p_j - y_j), s = sum_j y_j; above 1/2 p_top is taken from the rest, as above. */
static inline void fastlr_soft_gradient(ptrdiff_t K, const double *FASTLR_RESTRICT y, ptrdiff_t top, double rest,
                                        double factor, double *FASTLR_RESTRICT g)
{
    double whole = 1.0 + rest, others = 0.0, s;
    FASTLR_SIMD_SUM(others)
    for (ptrdiff_t j = 0; j < K; j++)
        others += j == top ? 0.0 : y[j];
    s = others + y[top];
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        g[j] = factor * (s * (g[j] / whole) - y[j]);
    g[top] = factor * (rest < 1.0 ? others - s * (rest / whole) : s / whole - y[top]);
}

static inline void fastlr_cross_entropy_slopes(ptrdiff_t rows, ptrdiff_t K, const int64_t *FASTLR_RESTRICT label,
                                               const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT eta,
                                               const double *FASTLR_RESTRICT weight, double scale, double mass,
                                               double *FASTLR_RESTRICT out)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK];
    fastlr_tails(rows, K, eta, top, out, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double factor = (weight == NULL ? scale : scale * weight[i]) / mass;
        if (label == NULL)
            fastlr_soft_gradient(K, y + i * K, top[i], rest[i], factor, out + i * K);
        else
            fastlr_label_gradient(K, label[i], top[i], rest[i], factor, out + i * K);
    }
}

/* One row of the Hessian product in place of its tails: h_j = factor p_j (u_j - sum_k p_k u_k), u_j = v_j - v_top: the
 * shift leaves the product as it is and keeps the digits of a row whose p_top is near 1. */
static inline void fastlr_curve_row(ptrdiff_t K, const double *FASTLR_RESTRICT v, ptrdiff_t top, double rest,
                                    double factor, double *FASTLR_RESTRICT h)
{
    double whole = 1.0 + rest, centre = v[top], mean = 0.0;
    FASTLR_SIMD_SUM(mean)
    for (ptrdiff_t j = 0; j < K; j++)
        mean += h[j] / whole * (v[j] - centre);
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        h[j] = factor * (h[j] / whole * (v[j] - centre - mean));
    h[top] = -factor * (mean / whole);
}

static inline void fastlr_cross_entropy_curve(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT y,
                                              const double *FASTLR_RESTRICT eta, const double *FASTLR_RESTRICT v,
                                              const double *FASTLR_RESTRICT weight, double scale, double mass,
                                              double *FASTLR_RESTRICT out)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK];
    fastlr_tails(rows, K, eta, top, out, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double factor = (weight == NULL ? scale : scale * weight[i]) / mass;
        if (y != NULL) {
            double s = 0.0;
            FASTLR_SIMD_SUM(s)
            for (ptrdiff_t j = 0; j < K; j++)
                s += y[i * K + j];
            factor *= s;
        }
        fastlr_curve_row(K, v + i * K, top[i], rest[i], factor, out + i * K);
    }
}

#endif
