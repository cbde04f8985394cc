/* A small problem and the state of its fit, and what happens over rows and penalty beside X; see newton_small.h. */
#ifndef FASTLR_NEWTON_SMALL_PROBLEM_H
#define FASTLR_NEWTON_SMALL_PROBLEM_H

#include "linalg_vector.h"
#include "loss_logistic.h"
#include "newton_small_matrix.h"

enum { FASTLR_SMALL_ROWS = 128 }; /* rows at a time: what is computed of them stays in the first-level cache */
enum { FASTLR_INTERCEPT_STEPS = 200 };

typedef struct {
    fastlr_small_matrix X;
    const double *y;       /* (n,), in [0, 1] */
    const double *weight;  /* (n,), with sum one */
    ptrdiff_t weight_step; /* 1; 0 if `weight` is a block of min(n, FASTLR_SMALL_ROWS) or more equal weights */
    const double *offset;  /* (n,); NULL: none */
    const double *l2;      /* (p,) */
    ptrdiff_t l2_step;     /* 1; 0 if one strength serves all coefficients */
    int fit_intercept;
    int has_gap; /* whether every coefficient is penalised */
    double tol;
} fastlr_small_problem;

/* A point of a fit: what a caller may read. */
typedef struct {
    double null_value; /* least objective with coef = 0 */
    double intercept;
    double value;
    double gap;        /* bound on value minus minimum; infinite if not known */
    double decrement;  /* half the squared Newton decrement of the last step if it was taken in full, else NaN */
    double rounding;   /* what double precision may hide of the gap */
    double optimality; /* inf-norm of the gradient */
    double trace_D;    /* 1' D 1, 0 without an intercept */
    double magnitude;  /* sqrt(sum_j mean square of column j / l2_j), see LogisticObjective._hidden */
    double reads;      /* readings of X since a caller set it to zero */
} fastlr_small_state;

typedef struct {
    fastlr_small_state *state;
    double *eta;       /* (n,) */
    double *Xd;        /* (n,) */
    double *curvature; /* (n,) */
    double *gradient;  /* (p,), and X' D 1 behind it */
    double *XtD1;      /* (p,) */
    double *step;      /* (p,) */
    double *residual;  /* (p,), of the Newton system */
    double *centre;    /* (p,) */
    double *noise;     /* (p,) */
    double *hessian;   /* (p, p) */
    double *packing;
} fastlr_small_scratch;

/* Doubles that a fit needs besides its data. */
static inline ptrdiff_t fastlr_small_scratch_length(ptrdiff_t n, ptrdiff_t p)
{
    ptrdiff_t state = sizeof(fastlr_small_state) / sizeof(double);
    return state + 3 * n + 6 * p + p * p + fastlr_packing_length(n, p);
}

/* What lies where in the doubles that a caller hands in. */
static inline fastlr_small_scratch fastlr_small_parts(const fastlr_small_problem *problem, double *memory)
{
    const ptrdiff_t n = problem->X.n, p = problem->X.p;
    fastlr_small_scratch s;
    s.state = (fastlr_small_state *)memory;
    s.eta = memory + sizeof(fastlr_small_state) / sizeof(double);
    s.Xd = s.eta + n;
    s.curvature = s.Xd + n;
    s.gradient = s.curvature + n;
    s.XtD1 = s.gradient + p;
    s.step = s.XtD1 + p;
    s.residual = s.step + p;
    s.centre = s.residual + p;
    s.noise = s.centre + p;
    s.hessian = s.noise + p;
    s.packing = s.hessian + p * p;
    return s;
}

static inline int fastlr_any_nonzero(const double *v, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (v[i] != 0.0)
            return 1;
    return 0;
}

/* --- rows --- */

static inline ptrdiff_t fastlr_small_rows_from(const fastlr_small_problem *problem, ptrdiff_t i)
{
    return fastlr_shorter(FASTLR_SMALL_ROWS, problem->X.n - i);
}

static inline const double *fastlr_small_weight_at(const fastlr_small_problem *problem, ptrdiff_t i)
{
    return problem->weight + i * problem->weight_step;
}

/* Weighted loss at eta + t Xd. */
static inline double fastlr_small_loss_along(const fastlr_small_problem *problem, const fastlr_small_scratch *s,
                                             double t)
{
    double sum = 0.0;
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS)
        sum += fastlr_loss_block(fastlr_small_rows_from(problem, i), s->eta + i, s->Xd + i, t, problem->y + i,
                                 fastlr_small_weight_at(problem, i));
    return sum;
}

/* First and second derivative of the weighted loss in a shift common to all rows. */
static inline void fastlr_small_slope(const fastlr_small_problem *problem, const fastlr_small_scratch *s, double shift,
                                      double *first, double *second)
{
    double a, b;
    *first = *second = 0.0;
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS) {
        fastlr_slope_block(fastlr_small_rows_from(problem, i), s->eta + i, shift, problem->y + i,
                           fastlr_small_weight_at(problem, i), &a, &b);
        *first += a;
        *second += b;
    }
}

/* The shift of all eta at which the loss is least; see Rows.centre in fastlr/matrix. */
static inline double fastlr_small_best_shift(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    double shift = 0.0, low = -INFINITY, high = INFINITY, reach = 2.0, first, second, step, proposed;
    for (int k = 0; k < FASTLR_INTERCEPT_STEPS; k++) {
        fastlr_small_slope(problem, s, shift, &first, &second);
        if (first == 0.0 || !isfinite(first))
            break;
        if (first < 0.0)
            low = shift;
        else
            high = shift;
        if (fabs(first) < reach * second)
            step = -first / second;
        else {
            step = first < 0.0 ? reach : -reach;
            reach = 2.0 * reach;
        }
        proposed = shift + step;
        if (proposed != shift && !(low < proposed && proposed < high))
            proposed = 0.5 * (low + high);
        if (proposed == low || proposed == high)
            break;
        shift = proposed;
        if (fabs(step) <= 1e-7) /* the error left is its square */
            break;
    }
    return shift;
}

/* Shift eta to where the loss is least in the intercept; returns the shift. */
static inline double fastlr_small_centre(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    double shift = fastlr_small_best_shift(problem, s);
    if (shift != 0.0)
        for (ptrdiff_t i = 0; i < problem->X.n; i++)
            s->eta[i] += shift;
    return shift;
}

/* eta = offset, intercept = 0, Xd = 0. */
static inline void fastlr_small_set_null_model(const fastlr_small_problem *problem, const fastlr_small_scratch *s)
{
    for (ptrdiff_t i = 0; i < problem->X.n; i++) {
        s->Xd[i] = 0.0;
        s->eta[i] = problem->offset ? problem->offset[i] : 0.0;
    }
    s->state->intercept = 0.0;
}

/* eta = X coef + offset + intercept. */
static inline void fastlr_small_set_linear_predictor(const fastlr_small_problem *problem,
                                                     const fastlr_small_scratch *s, const double *coef,
                                                     double intercept)
{
    for (ptrdiff_t i = 0; i < problem->X.n; i += FASTLR_SMALL_ROWS)
        fastlr_small_dot(&problem->X, i, fastlr_small_rows_from(problem, i), coef, s->eta + i);
    for (ptrdiff_t i = 0; i < problem->X.n; i++)
        s->eta[i] += intercept + (problem->offset ? problem->offset[i] : 0.0);
    s->state->intercept = intercept;
    s->state->reads += 1.0;
}

/* --- penalty --- */

/* a' diag(l2) b */
static inline double fastlr_small_penalty_product(const fastlr_small_problem *problem, const double *a,
                                                  const double *b)
{
    return fastlr_weighted_dot(problem->X.p, problem->l2, problem->l2_step, a, b);
}

/* sum_j residual_j^2 / (2 l2_j): the gap of a dual point that misses stationarity by `residual`. */
static inline double fastlr_small_residual_gap(const fastlr_small_problem *problem, const double *residual)
{
    double sum = 0.0;
    if (!problem->has_gap)
        return INFINITY;
    for (ptrdiff_t j = 0; j < problem->X.p; j++)
        sum += 0.5 * residual[j] * residual[j] / problem->l2[j * problem->l2_step];
    return sum;
}

#endif
