/* Predictions of two classes from linear predictors, a block of rows at a time: the linear predictors themselves,
 * probabilities and their logarithms, labels, losses.  Rules as in simd.h.
 *
 * An output function gets the linear predictors of the rows begin..begin + n and writes what it makes of them to where
 * these rows lie in `out`.  Storage is float or double; arithmetic is double. */
#ifndef FASTLR_PREDICT_H
#define FASTLR_PREDICT_H

#include "special.h"

typedef struct {
    void *out;              /* of all rows */
    const unsigned char *y; /* for losses: the labels 0 and 1 of all rows */
    const double *weight;   /* for losses: of all rows; NULL stands for ones */
    double scale;           /* for losses: what weights are multiplied by */
} fastlr_target_rows;

typedef void (*fastlr_output)(ptrdiff_t begin, ptrdiff_t n, const double *eta, const fastlr_target_rows *rows);

/* Whether none of n numbers is NaN or infinite. */
static inline int fastlr_all_finite(ptrdiff_t n, const double *x)
{
    double sum = 0.0;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++)
        sum += 0.0 * x[i];
    return sum == 0.0;
}

/* write_linear: eta.  write_probability: sigma(-eta), sigma(eta), both from the one exponential of -|eta|, so that the
 * smaller of the two keeps its digits.  write_log_probability: their logarithms -log(1 + exp(eta)), -log(1 + exp(-eta)),
 * finite also where a probability underflows. */
#define FASTLR_OUTPUTS(T, suffix)                                                                                      \
    static void fastlr_write_linear_##suffix(ptrdiff_t begin, ptrdiff_t n, const double *FASTLR_RESTRICT eta,          \
                                             const fastlr_target_rows *rows)                                           \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)rows->out + begin;                                                               \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            out[i] = (T)eta[i];                                                                                        \
    }                                                                                                                  \
    static void fastlr_write_probability_##suffix(ptrdiff_t begin, ptrdiff_t n, const double *FASTLR_RESTRICT eta,     \
                                                  const fastlr_target_rows *rows)                                      \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)rows->out + 2 * begin;                                                           \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            fastlr_sigmoid s = fastlr_sigmoid_at(eta[i]);                                                              \
            out[2 * i] = (T)s.down;                                                                                    \
            out[2 * i + 1] = (T)s.up;                                                                                  \
        }                                                                                                              \
    }                                                                                                                  \
    static void fastlr_write_log_probability_##suffix(ptrdiff_t begin, ptrdiff_t n, const double *FASTLR_RESTRICT eta, \
                                                      const fastlr_target_rows *rows)                                  \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)rows->out + 2 * begin;                                                           \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            double a = fabs(eta[i]);                                                                                   \
            double likely = 0.0 - fastlr_log1p_unit(fastlr_exp_neg(a));                                                \
            double unlikely = likely - a;                                                                              \
            out[2 * i] = (T)(eta[i] < 0.0 ? likely : unlikely);                                                        \
            out[2 * i + 1] = (T)(eta[i] < 0.0 ? unlikely : likely);                                                    \
        }                                                                                                              \
    }

FASTLR_OUTPUTS(double, f64)
FASTLR_OUTPUTS(float, f32)

/* 1 where eta > 0, else 0, as int64. */
static void fastlr_write_label(ptrdiff_t begin, ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                               const fastlr_target_rows *rows)
{
    int64_t *FASTLR_RESTRICT out = (int64_t *)rows->out + begin;
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = eta[i] > 0.0;
}

/* out[begin / FASTLR_BLOCK] += sum_i scale weight_i loss(eta_i, y_i), as double; n <= FASTLR_BLOCK or begin and n
 * multiples of it. */
static void fastlr_add_losses(ptrdiff_t begin, ptrdiff_t n, const double *eta, const fastlr_target_rows *rows)
{
    double y[FASTLR_BLOCK];
    for (ptrdiff_t first = 0; first < n; first += FASTLR_BLOCK) {
        ptrdiff_t m = n - first < FASTLR_BLOCK ? n - first : FASTLR_BLOCK, at = begin + first;
        for (ptrdiff_t i = 0; i < m; i++)
            y[i] = rows->y[at + i];
        ((double *)rows->out)[at / FASTLR_BLOCK] +=
            fastlr_log_loss_sum(m, y, eta + first, rows->weight ? rows->weight + at : NULL, rows->scale);
    }
}

enum { FASTLR_LINEAR, FASTLR_PROBABILITY, FASTLR_LOG_PROBABILITY, FASTLR_LABEL, FASTLR_LOSS };

/* The function for a kind of output, with single-precision storage or without. */
static inline fastlr_output fastlr_find_output(int kind, int single)
{
    static const fastlr_output table[][2] = {
        {fastlr_write_linear_f64, fastlr_write_linear_f32},
        {fastlr_write_probability_f64, fastlr_write_probability_f32},
        {fastlr_write_log_probability_f64, fastlr_write_log_probability_f32},
        {fastlr_write_label, fastlr_write_label},
        {fastlr_add_losses, fastlr_add_losses},
    };
    return table[kind][single];
}

#endif
