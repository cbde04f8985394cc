/* A point of a small fit: its value, gradient and certificate, and whether the fit is over; see newton_small.h. */
#ifndef FASTLR_NEWTON_SMALL_POINT_H
#define FASTLR_NEWTON_SMALL_POINT_H

#include "newton_small_problem.h"

/* sqrt(sum_ij weight_i x_ij^2 / l2_j), 0 where a column has no l2: how large columns are beside their penalties. */
static inline double fastlr_small_magnitude(const fastlr_small_problem *problem)
{
    double total = 0.0;
    if (!problem->has_gap)
        return 0.0;
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS)
        total += fastlr_small_squares(&problem->X, i, fastlr_small_rows_from(problem, i),
                                      fastlr_small_weight_at(problem, i), problem->l2, problem->l2_step);
    return sqrt(total);
}

/* What rounding in products with X may hide of a gap; as LogisticObjective._hidden. */
static inline double fastlr_small_hidden(const fastlr_small_problem *problem, const fastlr_small_scratch *s, double gap,
                                         double penalty, double moved)
{
    const double size = s->state->magnitude, value = s->state->value < 0.0 ? 0.0 : s->state->value;
    double product, columns, rows, inverse = 0.0;
    if (!isfinite(gap))
        return 0.0;
    gap = gap < 0.0 ? 0.0 : gap;
    if (problem->fit_intercept)
        inverse = 1.0 / (s->state->trace_D < DBL_EPSILON ? DBL_EPSILON : s->state->trace_D);
    product = DBL_EPSILON * sqrt(value < 1.0 ? value : 1.0) + DBL_EPSILON * (1.0 + 0.25 * size) * moved;
    columns = size * product;
    rows = 2.0 * DBL_EPSILON * size * (sqrt(2.0 * penalty) + moved);
    return columns * sqrt(2.0 * gap) * (1.0 + sqrt(inverse)) + 0.5 * columns * columns * (1.0 + inverse)
           + rows * ((moved > 0.0 ? sqrt(gap) : 0.0) + 0.125 * rows);
}

/* The weighted loss and the gradient of the objective at eta, and X' D 1 behind it if there is an intercept. */
static inline double fastlr_small_gradient(const fastlr_small_problem *problem, const fastlr_small_scratch *s,
                                           const double *coef)
{
    double residual[FASTLR_SMALL_ROWS], loss = 0.0;
    fastlr_clear(s->gradient, 2 * problem->X.p);
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS) {
        const ptrdiff_t rows = fastlr_small_rows_from(problem, i);
        loss += fastlr_logistic_block(rows, s->eta + i, problem->y + i, fastlr_small_weight_at(problem, i), residual,
                                      s->curvature + i);
        if (problem->fit_intercept)
            fastlr_small_add_pair(&problem->X, i, rows, residual, s->curvature + i, s->gradient);
        else
            fastlr_small_add(&problem->X, i, rows, residual, s->gradient);
    }
    s->state->reads += 1.0;
    for (ptrdiff_t j = 0; j < problem->X.p; j++)
        s->gradient[j] += problem->l2[j * problem->l2_step] * coef[j];
    return loss;
}

/* Value, gradient and all measures of the point at eta; `bound` is a bound on the gap known already. */
static inline void fastlr_small_evaluate(const fastlr_small_problem *problem, const fastlr_small_scratch *s,
                                         const double *coef, double bound)
{
    const ptrdiff_t p = problem->X.p;
    double loss, penalty, gap, along, largest = 0.0;
    if (problem->fit_intercept)
        s->state->intercept += fastlr_small_centre(problem, s);
    loss = fastlr_small_gradient(problem, s, coef);
    s->state->trace_D = 0.0;
    if (problem->fit_intercept)
        for (ptrdiff_t i = 0; i < problem->X.n; i++)
            s->state->trace_D += s->curvature[i];
    for (ptrdiff_t j = 0; j < p; j++)
        if (fabs(s->gradient[j]) > largest || s->gradient[j] != s->gradient[j]) /* NaN stays */
            largest = fabs(s->gradient[j]);
    penalty = 0.5 * fastlr_small_penalty_product(problem, coef, coef);
    along = fabs(fastlr_dot(coef, s->gradient, p));
    gap = fastlr_small_residual_gap(problem, s->gradient);
    gap = bound < gap ? bound : gap;
    s->state->value = loss + penalty;
    s->state->gap = gap > 0.0 ? gap : 0.0;
    s->state->optimality = largest;
    s->state->rounding = 4.0 * DBL_EPSILON * (fabs(s->state->value) + along + 2.0 * penalty)
                         + fastlr_small_hidden(problem, s, s->state->gap, penalty, 0.0);
}

/* The stop rule of fastlr/solvers/monitor.py, which words the outcome. */
static inline int fastlr_small_finished(const fastlr_small_problem *problem, const fastlr_small_state *state)
{
    const double target = problem->tol * state->null_value;
    const int hidden = target < state->rounding;
    if (!isfinite(state->value))
        return 1;
    if (isfinite(state->gap))
        return state->gap + state->rounding <= target || (hidden && state->gap <= state->rounding);
    return state->decrement <= target || (hidden && state->decrement <= state->rounding);
}

/* Whether the gradient of the first pass is finite, and X where rows of weight zero leave no trace in it. */
static inline int fastlr_small_all_finite(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    double ones[FASTLR_SMALL_ROWS];
    int unseen = 0;
    if (!isfinite(s->state->optimality))
        return 0;
    for (ptrdiff_t i = 0; i < (problem->weight_step ? problem->X.n : 0); i++)
        unseen = unseen || problem->weight[i] == 0.0;
    if (!unseen)
        return 1;
    for (ptrdiff_t i = 0; i < FASTLR_SMALL_ROWS; i++)
        ones[i] = 1.0;
    fastlr_clear(s->residual, problem->X.p);
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS)
        fastlr_small_add(&problem->X, i, fastlr_small_rows_from(problem, i), ones, s->residual);
    s->state->reads += 1.0;
    for (ptrdiff_t j = 0; j < problem->X.p; j++)
        if (!isfinite(s->residual[j]))
            return 0;
    return 1;
}

#endif
