/* One visit of a coefficient by coordinate descent on a quadratic model with an elastic net within bounds. */
#ifndef FASTLR_COORDINATE_DESCENT_H
#define FASTLR_COORDINATE_DESCENT_H

#include "penalty.h"

/* The step from z = coef + delta to where the model is least in this coefficient, within the bounds: in one coordinate,
 * the point of them that is nearest to the least one. */
static inline double fastlr_coordinate_step(double z, double slope, double curvature, double l1, double lower,
                                            double upper)
{
    return fastlr_nearest(fastlr_coordinate_minimum(z, slope, curvature, l1), lower, upper) - z;
}

/* Absolute value of the subgradient of least norm at coef + delta, which rounding may keep off a bound. */
static inline double fastlr_coordinate_violation(double coef, double delta, double slope, double l1, double lower,
                                                 double upper)
{
    double near = 4.0 * DBL_EPSILON * (fabs(coef) + fabs(delta));
    return fabs(fastlr_least_within(coef + delta, slope, l1, lower, upper, near));
}

#endif
