"""Exact Newton for a small two-class logistic regression: plain C structs in and out, no allocation, no Python.

The objective, the elimination of the intercept and the duality gap are those of fastlr/objective/logistic.py; the rule when to
stop is that of fastlr/solvers/monitor.py.  A caller with many fits runs `begin` and `iterate` in a loop of its own,
also without the GIL, each fit with a `Problem`, coefficients and scratch of its own.

An iteration reads X three times: the centred Hessian; the Xd X d of the step together with X' D X d, which gives the
residual of the Newton system for the certificate; the gradient with X' D 1 at the new point.
"""

from libc.float cimport DBL_EPSILON as EPS
from libc.math cimport INFINITY, NAN, fabs, isfinite, sqrt

from fastlr.kernels.newton_small_cholesky cimport factorise, solve
from fastlr.kernels.newton_small_matrix cimport add_pair, add_rows, centred_gram, Xd as Xd_block, weighted_squares
from fastlr.kernels.newton_small_problem cimport (
    ROWS,
    Problem,
    Scratch,
    State,
    any_nonzero,
    centre,
    clear,
    loss_along,
    n_blocks,
    parts,
    penalty_product,
    residual_gap,
    rows_from,
    set_linear_predictor,
    set_null_model,
    weight_at,
)
from fastlr.kernels.simd cimport dot_f64, gap_block, logistic_block

cdef enum:
    HALVINGS = 40

cdef enum Outcome:
    RUNNING       # may be iterated further
    FINISHED      # the stop rule holds
    LOST_DIGITS   # it holds for the decrement of a step whose Hessian has lost half of its digits
    MOVED_FAR     # it holds for the decrement of a step that moves rows farther than the quadratic model tells
    NOT_FINITE    # X (or what was computed of it) holds NaN or infinity
    SINGULAR      # the Hessian has no Cholesky factor
    NO_DESCENT    # no step along the Newton direction lowers the objective


# --- points ---------------------------------------------------------------------------------------------------------

cdef inline void evaluate(const Problem* problem, const Scratch* s, const double* coef, double bound) noexcept nogil:
    """Value, gradient and all measures of the point at eta; `bound` is a bound on the gap known already."""
    cdef double[ROWS] residual
    cdef double loss = 0.0, penalty, largest = 0.0, along
    cdef Py_ssize_t block, i, j, rows, p = problem.X.p
    if problem.fit_intercept:
        s.state.intercept += centre(problem, s)
    clear(s.gradient, 2 * p)
    for block in range(n_blocks(problem)):
        i = block * ROWS
        rows = rows_from(problem, i)
        loss += logistic_block(rows, s.eta + i, problem.y + i, weight_at(problem, i), residual, s.curvature + i)
        if problem.fit_intercept:
            add_pair(&problem.X, i, rows, residual, s.curvature + i, s.gradient)
        else:
            add_rows(&problem.X, i, rows, residual, s.gradient)
    s.state.reads += 1.0
    s.state.mass = 0.0
    if problem.fit_intercept:
        for i in range(problem.X.n):
            s.state.mass += s.curvature[i]
    for j in range(p):
        s.gradient[j] += problem.l2[j * problem.l2_step] * coef[j]
        if fabs(s.gradient[j]) > largest or s.gradient[j] != s.gradient[j]:  # NaN stays
            largest = fabs(s.gradient[j])
    penalty = 0.5 * penalty_product(problem, coef, coef)
    along = fabs(dot_f64(coef, s.gradient, p))
    s.state.value = loss + penalty
    s.state.gap = max(0.0, min(residual_gap(problem, s.gradient), bound))
    s.state.optimality = largest
    s.state.rounding = (4.0 * EPS * (fabs(s.state.value) + along + 2.0 * penalty)
                        + hidden(problem, s, s.state.gap, penalty, 0.0))


cdef inline double hidden(const Problem* problem, const Scratch* s, double gap, double penalty,
                          double moved) noexcept nogil:
    """What rounding in products with X may hide of a gap; as LogisticObjective._hidden."""
    cdef double product, columns, rows, inverse = 0.0
    if not isfinite(gap):
        return 0.0
    gap = max(gap, 0.0)
    if problem.fit_intercept:
        inverse = 1.0 / max(s.state.mass, EPS)
    product = EPS * sqrt(min(1.0, max(s.state.value, 0.0))) + EPS * (1.0 + 0.25 * s.state.magnitude) * moved
    columns = s.state.magnitude * product
    rows = 2.0 * EPS * s.state.magnitude * (sqrt(2.0 * penalty) + moved)
    return (columns * sqrt(2.0 * gap) * (1.0 + sqrt(inverse)) + 0.5 * columns * columns * (1.0 + inverse)
            + rows * ((sqrt(gap) if moved > 0.0 else 0.0) + 0.125 * rows))


cdef inline double magnitude(const Problem* problem) noexcept nogil:
    """sqrt(sum_ij s_i x_ij^2 / l2_j), 0 where a column has no l2: how large columns are beside their penalties."""
    cdef double[ROWS] weights
    cdef double total = 0.0
    cdef Py_ssize_t block, i, k, rows
    if not problem.has_gap:
        return 0.0
    for block in range(n_blocks(problem)):
        i = block * ROWS
        rows = rows_from(problem, i)
        for k in range(rows):
            weights[k] = weight_at(problem, i)[k]
        total += weighted_squares(&problem.X, i, rows, weights, problem.l2, problem.l2_step)
    return sqrt(total)


cdef inline bint finished(const Problem* problem, const State* state) noexcept nogil:
    """The stop rule of fastlr/solvers/monitor.py, which words the outcome."""
    cdef double target = problem.tol * state.null_value
    cdef bint hidden = target < state.rounding
    if not isfinite(state.value):
        return True
    if isfinite(state.gap):
        return state.gap + state.rounding <= target or (hidden and state.gap <= state.rounding)
    return state.decrement <= target or (hidden and state.decrement <= state.rounding)


cdef inline bint all_finite(const Problem* problem, const Scratch* s) noexcept nogil:
    """Whether the gradient of the first pass is finite, and X where rows of weight zero leave no trace in it."""
    cdef double[ROWS] ones
    cdef Py_ssize_t block, i
    cdef bint unseen = False
    if not isfinite(s.state.optimality):
        return False
    for i in range(problem.X.n if problem.weight_step else 0):
        unseen = unseen or problem.weight[i] == 0.0
    if not unseen:
        return True
    for i in range(ROWS):
        ones[i] = 1.0
    clear(s.residual, problem.X.p)
    for block in range(n_blocks(problem)):
        i = block * ROWS
        add_rows(&problem.X, i, rows_from(problem, i), ones, s.residual)
    s.state.reads += 1.0
    for i in range(problem.X.p):
        if not isfinite(s.residual[i]):
            return False
    return True


# --- the algorithm --------------------------------------------------------------------------------------------------

cdef inline Outcome begin(const Problem* problem, double* memory, double* coef, double intercept) noexcept nogil:
    """Evaluate the given start, or the null model where that is better."""
    cdef Scratch s = parts(problem, memory)
    s.state.reads = 0.0
    s.state.magnitude = magnitude(problem)
    if any_nonzero(coef, problem.X.p):
        set_null_model(problem, &s)
        if problem.fit_intercept:
            centre(problem, &s)
        s.state.null_value = loss_along(problem, &s, 0.0)
        set_linear_predictor(problem, &s, coef, intercept)
        evaluate(problem, &s, coef, INFINITY)
        if s.state.value <= s.state.null_value:
            return opened(problem, &s)
        clear(coef, problem.X.p)
    set_null_model(problem, &s)
    evaluate(problem, &s, coef, INFINITY)
    s.state.null_value = s.state.value
    return opened(problem, &s)


cdef inline Outcome opened(const Problem* problem, const Scratch* s) noexcept nogil:
    """The outcome of the first point."""
    s.state.decrement = NAN if any_nonzero(s.gradient, problem.X.p) else 0.0
    if not all_finite(problem, s):
        return NOT_FINITE
    return FINISHED if finished(problem, s.state) else RUNNING


cdef inline Outcome iterate(const Problem* problem, double* memory, double* coef) noexcept nogil:
    """One Newton step from the point that `begin` or the last call left in `memory` and `coef`."""
    cdef Scratch s = parts(problem, memory)
    cdef double tau, descent, t, bound = INFINITY
    cdef Py_ssize_t j
    if not newton_direction(problem, &s):
        return SINGULAR
    tau = dot_f64(s.centre, s.step, problem.X.p)
    set_Xd(problem, &s, tau)
    descent = dot_f64(s.gradient, s.step, problem.X.p)
    t = line_search(problem, &s, coef, descent) if descent < 0.0 else 0.0
    if t == 0.0:
        return NO_DESCENT
    s.state.decrement = NAN
    if t == 1.0:
        s.state.decrement = -0.5 * descent
        bound = linearised_gap(problem, &s)
    for j in range(problem.X.p):
        coef[j] += t * s.step[j]
    for j in range(problem.X.n):
        s.eta[j] += t * s.Xd[j]
    s.state.intercept -= t * tau
    evaluate(problem, &s, coef, bound)
    if not finished(problem, s.state):
        return RUNNING
    if isfinite(s.state.gap):
        return FINISHED
    if moves_far(problem, &s):
        return MOVED_FAR
    return LOST_DIGITS if has_lost_digits(problem, &s) else FINISHED


cdef inline bint has_lost_digits(const Problem* problem, const Scratch* s) noexcept nogil:
    """Whether the columns before it explain some column but for 1e-10 of its square."""
    cdef Py_ssize_t k, j, p = problem.X.p
    cdef double before
    for k in range(p):
        before = 0.0  # the diagonal entry, from the factor
        for j in range(k + 1):
            before += s.hessian[j * p + k] * s.hessian[j * p + k]
        if not s.hessian[k * p + k] * s.hessian[k * p + k] > 1e-10 * before:
            return True
    return False


cdef inline bint moves_far(const Problem* problem, const Scratch* s) noexcept nogil:
    """Whether the last direction moves a row farther than the quadratic model tells; NEAR of
    fastlr/solvers/parts/newton_decrement.py."""
    cdef double most = 0.0
    cdef Py_ssize_t i
    for i in range(problem.X.n):
        most = max(most, fabs(s.Xd[i]))
    return most > 0.5


cdef inline bint newton_direction(const Problem* problem, const Scratch* s) noexcept nogil:
    """step = -H^-1 gradient, and centre = X' D 1 / 1' D 1; False where H has no Cholesky factor."""
    cdef Py_ssize_t j, p = problem.X.p
    for j in range(p):
        s.centre[j] = s.first[j] / s.state.mass if s.state.mass > 0.0 else 0.0
        s.step[j] = -s.gradient[j]
    centred_gram(&problem.X, s.curvature, s.centre, s.state.mass, s.packing, s.hessian, s.noise)
    s.state.reads += 1.0
    for j in range(p):
        s.hessian[j * p + j] += problem.l2[j * problem.l2_step]
    if not factorise(s.hessian, p, s.noise):
        return False
    solve(s.hessian, p, s.step)
    return True


cdef inline void set_Xd(const Problem* problem, const Scratch* s, double tau) noexcept nogil:
    """Xd = X step - tau, and the residual of the Newton system, X' D Xd + l2 step + gradient."""
    cdef double[ROWS] scaled
    cdef Py_ssize_t block, i, k, rows
    for k in range(problem.X.p):
        s.residual[k] = s.gradient[k] + problem.l2[k * problem.l2_step] * s.step[k]
    for block in range(n_blocks(problem)):
        i = block * ROWS
        rows = rows_from(problem, i)
        Xd_block(&problem.X, i, rows, s.step, s.Xd + i)
        for k in range(rows):
            s.Xd[i + k] -= tau
            scaled[k] = s.curvature[i + k] * s.Xd[i + k]
        add_rows(&problem.X, i, rows, scaled, s.residual)
    s.state.reads += 1.0


cdef inline double line_search(const Problem* problem, const Scratch* s, const double* coef,
                               double descent) noexcept nogil:
    """The largest t in {1, 1/2, 1/4, ...} with Armijo's decrease, or 0; see fastlr/solvers/parts/line_search.py."""
    cdef double a = 0.5 * penalty_product(problem, coef, coef), b = penalty_product(problem, coef, s.step)
    cdef double c = 0.5 * penalty_product(problem, s.step, s.step), t = 1.0, value
    cdef double noise = 4.0 * EPS * fabs(s.state.value)  # full steps whose decrease drowns in rounding are taken
    for _ in range(HALVINGS + 1):
        value = loss_along(problem, s, t) + a + t * (b + t * c)
        if value <= s.state.value + 1e-4 * t * descent + noise:
            return t
        noise = 0.0
        t = 0.5 * t
    return 0.0


cdef inline double linearised_gap(const Problem* problem, const Scratch* s) noexcept nogil:
    """Gap after a full step for the residual linearised before it; infinite where that leaves the dual domain."""
    cdef double sum = residual_gap(problem, s.residual), cut, moved
    cdef Py_ssize_t block, i
    if not isfinite(sum):
        return INFINITY
    for block in range(n_blocks(problem)):
        i = block * ROWS
        sum += gap_block(rows_from(problem, i), s.eta + i, s.Xd + i, 1.0, 0.0, 1.0, 1.0, problem.y + i,
                         weight_at(problem, i), &cut)
        if cut > 0.0:
            return INFINITY
    moved = sqrt(max(0.0, -dot_f64(s.gradient, s.step, problem.X.p)) + penalty_product(problem, s.step, s.step))
    return sum + 4.0 * EPS + hidden(problem, s, sum, 0.5 * penalty_product(problem, s.step, s.step), moved)
