/* Exact Newton for a small two-class logistic regression: plain structs in and out, no allocation, no Python.
 *
 * The objective, the elimination of the intercept and the duality gap are those of fastlr/objective/logistic.py; the
 * rule when to stop is that of fastlr/solvers/monitor.py.  A caller with many fits runs fastlr_small_begin and
 * fastlr_small_iterate in a loop of its own, each fit with a problem, coefficients and scratch of its own.
 *
 * An iteration reads X three times: the centred Hessian; Xd = X d of the step together with X' D X d, which gives the
 * residual of the Newton system for the certificate; the gradient with X' D 1 at the new point.
 */
#ifndef FASTLR_NEWTON_SMALL_H
#define FASTLR_NEWTON_SMALL_H

#include "newton_small_cholesky.h"
#include "newton_small_point.h"

enum { FASTLR_HALVINGS = 40 };

typedef enum {
    FASTLR_RUNNING,    /* may be iterated further */
    FASTLR_FINISHED,   /* the stop rule holds */
    FASTLR_LOST_DIGITS, /* it holds for the decrement of a step whose Hessian has lost half of its digits */
    FASTLR_MOVED_FAR,  /* it holds for the decrement of a step that moves rows farther than the quadratic model tells */
    FASTLR_NOT_FINITE, /* X, or what was computed of it, holds NaN or infinity */
    FASTLR_SINGULAR,   /* the Hessian has no Cholesky factor */
    FASTLR_NO_DESCENT  /* no step along the Newton direction lowers the objective */
} fastlr_small_outcome;

/* The outcome of the first point. */
static inline fastlr_small_outcome fastlr_small_opened(const fastlr_small_problem *problem,
                                                       const fastlr_small_scratch *s)
{
    s->state->decrement = fastlr_any_nonzero(s->gradient, problem->X.p) ? NAN : 0.0;
    if (!fastlr_small_all_finite(problem, s))
        return FASTLR_NOT_FINITE;
    return fastlr_small_finished(problem, s->state) ? FASTLR_FINISHED : FASTLR_RUNNING;
}

/* Evaluate the given start, or the null model where that is better. */
static inline fastlr_small_outcome fastlr_small_begin(const fastlr_small_problem *problem, double *memory,
                                                      double *coef, double intercept)
{
    fastlr_small_scratch s = fastlr_small_parts(problem, memory);
    s.state->reads = 0.0;
    s.state->magnitude = fastlr_small_magnitude(problem);
    if (fastlr_any_nonzero(coef, problem->X.p)) {
        fastlr_small_set_null_model(problem, &s);
        if (problem->fit_intercept)
            fastlr_small_centre(problem, &s);
        s.state->null_value = fastlr_small_loss_along(problem, &s, 0.0);
        fastlr_small_set_linear_predictor(problem, &s, coef, intercept);
        fastlr_small_evaluate(problem, &s, coef, INFINITY);
        if (s.state->value <= s.state->null_value)
            return fastlr_small_opened(problem, &s);
        fastlr_clear(coef, problem->X.p);
    }
    fastlr_small_set_null_model(problem, &s);
    fastlr_small_evaluate(problem, &s, coef, INFINITY);
    s.state->null_value = s.state->value;
    return fastlr_small_opened(problem, &s);
}

/* step = -H^-1 gradient, and centre = X' D 1 / 1' D 1; 0 where H has no Cholesky factor. */
static inline int fastlr_small_newton_direction(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    const ptrdiff_t p = problem->X.p;
    for (ptrdiff_t j = 0; j < p; j++) {
        s->centre[j] = s->state->trace_D > 0.0 ? s->XtD1[j] / s->state->trace_D : 0.0;
        s->step[j] = -s->gradient[j];
    }
    fastlr_centred_gram(&problem->X, s->curvature, s->centre, s->state->trace_D, s->packing, s->hessian, s->noise);
    s->state->reads += 1.0;
    for (ptrdiff_t j = 0; j < p; j++)
        s->hessian[j * p + j] += problem->l2[j * problem->l2_step];
    if (!fastlr_factorise(s->hessian, p, s->noise))
        return 0;
    fastlr_cholesky_solve(s->hessian, p, s->step);
    return 1;
}

/* Xd = X step - tau, and the residual of the Newton system, X' D Xd + l2 step + gradient. */
static inline void fastlr_small_set_Xd(const fastlr_small_problem *problem, const fastlr_small_scratch *s, double tau)
{
    double scaled[FASTLR_SMALL_ROWS];
    for (ptrdiff_t j = 0; j < problem->X.p; j++)
        s->residual[j] = s->gradient[j] + problem->l2[j * problem->l2_step] * s->step[j];
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS) {
        const ptrdiff_t rows = fastlr_small_rows_from(problem, i);
        fastlr_small_dot(&problem->X, i, rows, s->step, s->Xd + i);
        for (ptrdiff_t k = 0; k < rows; k++) {
            s->Xd[i + k] -= tau;
            scaled[k] = s->curvature[i + k] * s->Xd[i + k];
        }
        fastlr_small_add(&problem->X, i, rows, scaled, s->residual);
    }
    s->state->reads += 1.0;
}

/* The largest t in {1, 1/2, 1/4, ...} with Armijo's decrease, or 0; see fastlr/solvers/parts/line_search.py. */
static inline double fastlr_small_line_search(const fastlr_small_problem *problem, const fastlr_small_scratch *s,
                                              const double *coef, double descent)
{
    const double a = 0.5 * fastlr_small_penalty_product(problem, coef, coef);
    const double b = fastlr_small_penalty_product(problem, coef, s->step);
    const double c = 0.5 * fastlr_small_penalty_product(problem, s->step, s->step);
    double noise = 4.0 * DBL_EPSILON * fabs(s->state->value), t = 1.0;
    for (int k = 0; k <= FASTLR_HALVINGS; k++) {
        double value = fastlr_small_loss_along(problem, s, t) + a + t * (b + t * c);
        if (value <= s->state->value + 1e-4 * t * descent + noise)
            return t;
        noise = 0.0; /* full steps alone are taken where their decrease drowns in rounding */
        t = 0.5 * t;
    }
    return 0.0;
}

/* Gap after a full step for the residual linearised before it; infinite where that leaves the dual domain. */
static inline double fastlr_small_linearised_gap(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    double sum = fastlr_small_residual_gap(problem, s->residual), cut, moved, lowered;
    if (!isfinite(sum))
        return INFINITY;
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS) {
        sum += fastlr_gap_block(fastlr_small_rows_from(problem, i), s->eta + i, s->Xd + i, 1.0, 0.0, 1.0, 1.0,
                                problem->y + i, fastlr_small_weight_at(problem, i), &cut);
        if (cut > 0.0)
            return INFINITY;
    }
    lowered = -fastlr_dot(s->gradient, s->step, problem->X.p);
    moved = sqrt((lowered > 0.0 ? lowered : 0.0) + fastlr_small_penalty_product(problem, s->step, s->step));
    return sum + 4.0 * DBL_EPSILON
           + fastlr_small_hidden(problem, s, sum, 0.5 * fastlr_small_penalty_product(problem, s->step, s->step), moved);
}

/* Whether the last direction moves a row farther than the quadratic model tells; NEAR of
 * fastlr/solvers/parts/newton_decrement.py. */
static inline int fastlr_small_moves_far(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    double most = 0.0;
    for (ptrdiff_t i = 0; i < problem->X.n; i++)
        most = fabs(s->Xd[i]) > most ? fabs(s->Xd[i]) : most;
    return most > 0.5;
}

/* Whether the columns before it explain some column but for 1e-10 of its square, by the factor of the last Hessian. */
static inline int fastlr_small_has_lost_digits(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    const ptrdiff_t p = problem->X.p;
    for (ptrdiff_t k = 0; k < p; k++) {
        double diagonal = 0.0;
        for (ptrdiff_t j = 0; j <= k; j++)
            diagonal += s->hessian[j * p + k] * s->hessian[j * p + k];
        if (!(s->hessian[k * p + k] * s->hessian[k * p + k] > 1e-10 * diagonal))
            return 1;
    }
    return 0;
}

/* One Newton step from the point that fastlr_small_begin or the last call left in `memory` and `coef`. */
static inline fastlr_small_outcome fastlr_small_iterate(const fastlr_small_problem *problem, double *memory,
                                                        double *coef)
{
    fastlr_small_scratch s = fastlr_small_parts(problem, memory);
    double tau, descent, t, bound = INFINITY;
    if (!fastlr_small_newton_direction(problem, &s))
        return FASTLR_SINGULAR;
    tau = fastlr_dot(s.centre, s.step, problem->X.p);
    fastlr_small_set_Xd(problem, &s, tau);
    descent = fastlr_dot(s.gradient, s.step, problem->X.p);
    t = descent < 0.0 ? fastlr_small_line_search(problem, &s, coef, descent) : 0.0;
    if (t == 0.0)
        return FASTLR_NO_DESCENT;
    s.state->decrement = NAN;
    if (t == 1.0) {
        s.state->decrement = -0.5 * descent;
        bound = fastlr_small_linearised_gap(problem, &s);
    }
    for (ptrdiff_t j = 0; j < problem->X.p; j++)
        coef[j] += t * s.step[j];
    for (ptrdiff_t i = 0; i < problem->X.n; i++)
        s.eta[i] += t * s.Xd[i];
    s.state->intercept -= t * tau;
    fastlr_small_evaluate(problem, &s, coef, bound);
    if (!fastlr_small_finished(problem, s.state))
        return FASTLR_RUNNING;
    if (isfinite(s.state->gap))
        return FASTLR_FINISHED;
    if (fastlr_small_moves_far(problem, &s))
        return FASTLR_MOVED_FAR;
    return fastlr_small_has_lost_digits(problem, &s) ? FASTLR_LOST_DIGITS : FASTLR_FINISHED;
}

#endif
