/* K logistic losses over rows with K labels 0 or 1 each, summed over a block of rows.
 *
 * A block is at most FASTLR_BLOCK rows of K numbers, C order.  Entry (i, k) has the weight  weight[i] factor[y K + k]
 * for its label y: factor holds K numbers for label 0, then K for label 1.  Sums go to `out`, K numbers, and are added
 * row by row, so that a column's bits do not depend on its neighbours.
 *
 * A block is worked on in pieces of FASTLR_PIECE entries, whatever rows they belong to: what differs between rows and
 * between columns is laid out for a piece beforehand, so that vectors are full also where K is small.
 */
#ifndef FASTLR_LOSS_LABELS_H
#define FASTLR_LOSS_LABELS_H

#include "loss_logistic.h"

#define FASTLR_PIECE 512

static inline double fastlr_label_weight(double weight, const double *factor, ptrdiff_t K, ptrdiff_t k, double y)
{
    return weight * (y > 0.5 ? factor[K + k] : factor[k]);
}

/* Labels y and weights s of the entries begin, ..., begin + n - 1 of a block. */
static inline void fastlr_label_piece(ptrdiff_t begin, ptrdiff_t n, ptrdiff_t K, const uint8_t *label,
                                      const double *weight, const double *factor, double *FASTLR_RESTRICT y,
                                      double *FASTLR_RESTRICT s)
{
    ptrdiff_t i = begin / K, k = begin % K;
    for (ptrdiff_t e = 0; e < n; e++) {
        y[e] = label[begin + e];
        s[e] = weight[i] * factor[label[begin + e] * K + k];
        if (++k == K) {
            k = 0;
            i++;
        }
    }
}

/* What K numbers say of those entries. */
static inline void fastlr_spread(ptrdiff_t begin, ptrdiff_t n, ptrdiff_t K, const double *of_columns,
                                 double *FASTLR_RESTRICT out)
{
    ptrdiff_t k = begin % K;
    for (ptrdiff_t e = 0; e < n; e++) {
        out[e] = of_columns[k];
        k = k + 1 == K ? 0 : k + 1;
    }
}

/* Add those entries up by column. */
static inline void fastlr_collect(ptrdiff_t begin, ptrdiff_t n, ptrdiff_t K, const double *terms,
                                  double *FASTLR_RESTRICT out)
{
    ptrdiff_t k = begin % K;
    for (ptrdiff_t e = 0; e < n; e++) {
        out[k] += terms[e];
        k = k + 1 == K ? 0 : k + 1;
    }
}

/* Opens a loop over the pieces of a block, with the labels and weights of each; to be closed by a brace. */
#define FASTLR_PIECES                                                                                                  \
    double y[FASTLR_PIECE], s[FASTLR_PIECE], terms[FASTLR_PIECE];                                                      \
    for (ptrdiff_t begin = 0, n; begin < rows * K; begin += FASTLR_PIECE) {                                            \
        n = rows * K - begin < FASTLR_PIECE ? rows * K - begin : FASTLR_PIECE;                                         \
        fastlr_label_piece(begin, n, K, label, weight, factor, y, s);

/* residual = weight (sigma(eta) - y),  curvature = weight sigma'(eta),  out += weight loss. */
static inline void fastlr_label_block(ptrdiff_t rows, ptrdiff_t K, const double *eta, const uint8_t *label,
                                      const double *weight, const double *factor, double *FASTLR_RESTRICT residual,
                                      double *FASTLR_RESTRICT curvature, double *out)
{
    FASTLR_PIECES
        FASTLR_SIMD
        for (ptrdiff_t e = 0; e < n; e++) {
            fastlr_sigmoid at = fastlr_sigmoid_at(eta[begin + e]);
            residual[begin + e] = s[e] * fastlr_miss(at, y[e]);
            curvature[begin + e] = s[e] * at.small * at.big;
            terms[e] = s[e] * fastlr_loss_from(at.e, eta[begin + e], y[e]);
        }
        fastlr_collect(begin, n, K, terms, out);
    }
}

/* First and second derivative in a shift of each column, at eta + shift: `out` holds K numbers, then K. */
static inline void fastlr_label_slopes(ptrdiff_t rows, ptrdiff_t K, const double *eta, const double *shift,
                                       const uint8_t *label, const double *weight, const double *factor, double *out)
{
    double moved[FASTLR_PIECE], second[FASTLR_PIECE];
    FASTLR_PIECES
        fastlr_spread(begin, n, K, shift, moved);
        FASTLR_SIMD
        for (ptrdiff_t e = 0; e < n; e++) {
            fastlr_sigmoid at = fastlr_sigmoid_at(eta[begin + e] + moved[e]);
            terms[e] = s[e] * fastlr_miss(at, y[e]);
            second[e] = s[e] * at.small * at.big;
        }
        fastlr_collect(begin, n, K, terms, out);
        fastlr_collect(begin, n, K, second, out + K);
    }
}

/* out += weight loss at eta + t Xd, with a t for each column. */
static inline void fastlr_label_losses(ptrdiff_t rows, ptrdiff_t K, const double *eta, const double *Xd,
                                       const double *t, const uint8_t *label, const double *weight,
                                       const double *factor, double *out)
{
    double length[FASTLR_PIECE];
    FASTLR_PIECES
        fastlr_spread(begin, n, K, t, length);
        FASTLR_SIMD
        for (ptrdiff_t e = 0; e < n; e++)
            terms[e] = s[e] * fastlr_loss(eta[begin + e] + length[e] * Xd[begin + e], y[e]);
        fastlr_collect(begin, n, K, terms, out);
    }
}

/* out += weight KL(u || sigma(eta + t Xd))  for  u = y + scale (sigma(eta) - y + back sigma'(eta) Xd)  cut to
 * [0, 1], and how many were cut: K numbers each.  scale and t are K numbers. */
static inline void fastlr_label_divergence(ptrdiff_t rows, ptrdiff_t K, const double *eta, const double *Xd,
                                           const double *t, const double *scale, double back, const uint8_t *label,
                                           const double *weight, const double *factor, double *out)
{
    double length[FASTLR_PIECE], share[FASTLR_PIECE], cut[FASTLR_PIECE];
    FASTLR_PIECES
        fastlr_spread(begin, n, K, t, length);
        fastlr_spread(begin, n, K, scale, share);
        FASTLR_SIMD
        for (ptrdiff_t e = 0; e < n; e++) {
            double x = eta[begin + e], z = Xd[begin + e];
            fastlr_sigmoid at = fastlr_sigmoid_at(x);
            double u = y[e] + share[e] * (fastlr_miss(at, y[e]) + back * at.small * at.big * z);
            double low = u < 0.0 ? 0.0 : u, in = low > 1.0 ? 1.0 : low;
            terms[e] = s[e] * fastlr_divergence(in, x + length[e] * z);
            cut[e] = in == u ? 0.0 : 1.0;
        }
        fastlr_collect(begin, n, K, terms, out);
        fastlr_collect(begin, n, K, cut, out + K);
    }
}

#endif
