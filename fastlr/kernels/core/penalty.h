/* The elastic-net penalty  psi(w) = l1 |w| + l2 w^2 / 2  of one coefficient, also within lower <= w <= upper, and its
 * sums over coefficients. */
#ifndef FASTLR_PENALTY_H
#define FASTLR_PENALTY_H

#include <float.h>
#include <math.h>

#include "simd.h"

/* The larger of two numbers; NaN wins. */
static inline double fastlr_larger(double a, double b) { return a != a || a >= b ? a : b; }

/* The number within the bounds that is nearest to v. */
static inline double fastlr_nearest(double v, double lower, double upper)
{
    double below = v < upper ? v : upper;
    return below > lower ? below : lower;
}

/* argmin over w of  (w - v)^2 / 2 + l1 |w|  =  sign(v) max(|v| - l1, 0); NaN of NaN. */
static inline double fastlr_soft_threshold(double v, double l1)
{
    double size = fabs(v) - l1;
    return size <= 0.0 ? 0.0 : copysign(size, v); /* no branch on the sign, which no processor foresees */
}

/* The subgradient of least norm at w, g being the gradient of the smooth part. */
static inline double fastlr_least_subgradient(double w, double g, double l1)
{
    return w == 0.0 ? fastlr_soft_threshold(g, l1) : (w > 0.0 ? g + l1 : g - l1);
}

/* The same within bounds: what points out of them at a bound that w has reached, up to `near`, counts as zero. */
static inline double fastlr_least_within(double w, double g, double l1, double lower, double upper, double near)
{
    double v = fastlr_least_subgradient(w, g, l1);
    return (v > 0.0 && w - lower <= near) || (v < 0.0 && upper - w <= near) ? 0.0 : v;
}

/* argmin over w of  slope (w - z) + curvature (w - z)^2 / 2 + l1 |w|;  z where no curvature makes it finite. */
static inline double fastlr_coordinate_minimum(double z, double slope, double curvature, double l1)
{
    double pull = fastlr_soft_threshold(curvature * z - slope, l1);
    if (pull == 0.0)
        return 0.0;
    return curvature <= 0.0 ? z : pull / curvature;
}

/* argmax over v in [lower, upper] of  s v - psi(v),  where that has a finite one. */
static inline double fastlr_conjugate_point(double s, double l1, double l2, double lower, double upper)
{
    double t = fastlr_soft_threshold(s, l1), v = 0.0;
    if (l2 > 0.0)
        v = t / l2;
    else if (t > 0.0 && !isinf(upper))
        v = upper;
    else if (t < 0.0 && !isinf(lower))
        v = lower;
    return fastlr_nearest(v, lower, upper);
}

/* psi(w) + psi*(-z) + z w  within bounds: the rise of  psi(v) + z v  from its least point v to w. */
static inline double fastlr_gap_share_within(double w, double z, double l1, double l2, double lower, double upper)
{
    double v = fastlr_conjugate_point(-z, l1, l2, lower, upper), kink;
    if (z != z)
        return z;
    if (v == w)
        return 0.0;
    if (w >= 0.0 && v >= 0.0)
        kink = l1;
    else if (w <= 0.0 && v <= 0.0)
        kink = -l1;
    else
        kink = l1 * (fabs(w) - fabs(v)) / (w - v);
    return (w - v) * (z + 0.5 * l2 * (w + v) + kink);
}

/* out[i] = sign(v_i) max(|v_i| - threshold_i, 0), begin <= i < end; -0.0 where v_i < 0 comes to zero. */
static inline void fastlr_soft_thresholds(ptrdiff_t begin, ptrdiff_t end, const double *FASTLR_RESTRICT v,
                                          const double *FASTLR_RESTRICT threshold, double *FASTLR_RESTRICT out)
{
    for (ptrdiff_t i = begin; i < end; i++)
        out[i] = v[i] < 0.0 ? -fastlr_soft_threshold(-v[i], threshold[i]) : fastlr_soft_threshold(v[i], threshold[i]);
}

/* Strengths and bounds of all coefficients; a step is 1, or 0 where one number serves all.  Bounds may be infinite. */
typedef struct {
    const double *l1, *l2, *lower, *upper;
    ptrdiff_t l1_step, l2_step, lower_step, upper_step;
} fastlr_penalty;

/* out[i] = the subgradient of least norm at coef[i], begin <= i < end, from the gradient of the smooth part; returns
 * the largest absolute value. */
static inline double fastlr_subgradient(const fastlr_penalty *psi, ptrdiff_t begin, ptrdiff_t end,
                                        const double *FASTLR_RESTRICT coef, const double *FASTLR_RESTRICT gradient,
                                        double *FASTLR_RESTRICT out)
{
    const fastlr_penalty s = *psi;
    double largest = 0.0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double v = fastlr_least_within(coef[i], gradient[i], s.l1[i * s.l1_step], s.lower[i * s.lower_step],
                                       s.upper[i * s.upper_step], 0.0);
        out[i] = v;
        largest = fastlr_larger(largest, fabs(v));
    }
    return largest;
}

/* The largest |adjoint_i| / l1_i towards an infinite bound where l2_i = 0, begin <= i < end: how far a dual point is
 * outside its domain. */
static inline double fastlr_largest_ratio(const fastlr_penalty *psi, ptrdiff_t begin, ptrdiff_t end,
                                          const double *FASTLR_RESTRICT adjoint)
{
    const fastlr_penalty s = *psi;
    double largest = 0.0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double z = adjoint[i];
        if (s.l2[i * s.l2_step] > 0.0)
            continue;
        if (z != z || (z < 0.0 ? isinf(s.upper[i * s.upper_step]) : z > 0.0 && isinf(s.lower[i * s.lower_step])))
            largest = fastlr_larger(largest, fabs(z) / s.l1[i * s.l1_step]);
    }
    return largest;
}

/* sum_i psi(w) + psi*(-z) + z w  over begin <= i < end, w = coef_i and z = scale adjoint_i, without bounds:
 * l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) + z w.  Where l2 = 0, |z| <= l1 is taken for granted. */
static inline double fastlr_penalty_gap(const fastlr_penalty *psi, ptrdiff_t begin, ptrdiff_t end,
                                        const double *FASTLR_RESTRICT coef, const double *FASTLR_RESTRICT adjoint,
                                        double scale)
{
    const fastlr_penalty s = *psi;
    double sum = 0.0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double z = scale * adjoint[i], w = coef[i], l1 = s.l1[i * s.l1_step], l2 = s.l2[i * s.l2_step];
        double excess = fabs(z) - l1;
        if (!(excess <= 0.0) && l2 > 0.0) /* NaN comes through */
            sum += 0.5 * excess * excess / l2;
        if (w != 0.0)
            sum += l1 * fabs(w) + 0.5 * l2 * w * w + z * w;
    }
    return sum;
}

/* The same within bounds, as rises that do not cancel; where l2 = 0 and a bound is infinite, z is taken to be feasible
 * there. */
static inline double fastlr_penalty_gap_within(const fastlr_penalty *psi, ptrdiff_t begin, ptrdiff_t end,
                                               const double *FASTLR_RESTRICT coef,
                                               const double *FASTLR_RESTRICT adjoint, double scale)
{
    const fastlr_penalty s = *psi;
    double sum = 0.0;
    for (ptrdiff_t i = begin; i < end; i++)
        sum = sum + fastlr_gap_share_within(coef[i], scale * adjoint[i], s.l1[i * s.l1_step], s.l2[i * s.l2_step],
                                            s.lower[i * s.lower_step], s.upper[i * s.upper_step]);
    return sum;
}

#endif
