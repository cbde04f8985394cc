"""A small problem and the state of its fit as plain C structs, and what happens over rows and penalty beside X; inline.

See small_newton.pxd for the algorithm.  All scratch is handed in: `parts` says what lies where.
"""

from libc.math cimport INFINITY, fabs, isfinite

from fastlr.kernels.newton_small_matrix cimport Matrix, Xd as Xd_block, packing_length
from fastlr.kernels.simd cimport loss_block, slope_block, weighted_dot_block

cdef enum:
    ROWS = 128          # rows at a time: what is computed of them stays in the first-level cache
    CENTRE_STEPS = 200

ctypedef struct Problem:
    Matrix X
    const double* y
    const double* weight       # sum one over the rows
    Py_ssize_t weight_step     # 1; 0 if `weight` is a block of equal weights, at least min(n, ROWS) of them
    const double* offset       # NULL: none
    const double* l2
    Py_ssize_t l2_step         # 1; 0 if one strength serves all coefficients
    bint fit_intercept
    bint has_gap               # every coefficient is penalised
    double tol

#: A point of a fit: what a caller may read.
ctypedef struct State:
    double null_value          # least objective with coef = 0
    double intercept
    double value
    double gap                 # bound on value minus minimum; infinite if not known
    double decrement           # half the squared Newton decrement of the last step if it was taken in full, else NaN
    double rounding            # what double precision may hide of the gap
    double optimality          # inf-norm of the gradient
    double mass                # 1' D 1, 0 without an intercept
    double magnitude           # sqrt(sum_j mean square of column j / l2_j), see LogisticObjective._hidden
    double reads               # readings of X since a caller set it to zero

ctypedef struct Scratch:
    State* state
    double* eta
    double* Xd
    double* curvature
    double* gradient           # and X' D 1 behind it
    double* first
    double* step
    double* residual           # of the Newton system
    double* centre
    double* noise
    double* hessian
    double* packing


cdef inline Py_ssize_t scratch_length(Py_ssize_t n, Py_ssize_t p) noexcept nogil:
    """Doubles that a fit needs besides its data."""
    return <Py_ssize_t>(sizeof(State) // sizeof(double)) + 3 * n + 6 * p + p * p + packing_length(n, p)


cdef inline Scratch parts(const Problem* problem, double* memory) noexcept nogil:
    cdef Scratch s
    cdef Py_ssize_t n = problem.X.n, p = problem.X.p
    s.state = <State*> memory
    s.eta = memory + sizeof(State) // sizeof(double)
    s.Xd = s.eta + n
    s.curvature = s.Xd + n
    s.gradient = s.curvature + n
    s.first = s.gradient + p
    s.step = s.first + p
    s.residual = s.step + p
    s.centre = s.residual + p
    s.noise = s.centre + p
    s.hessian = s.noise + p
    s.packing = s.hessian + p * p
    return s


cdef inline void clear(double* v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        v[i] = 0.0


cdef inline bint any_nonzero(const double* v, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if v[i] != 0.0:
            return True
    return False


# --- rows -----------------------------------------------------------------------------------------------------------

cdef inline Py_ssize_t n_blocks(const Problem* problem) noexcept nogil:
    return (problem.X.n + ROWS - 1) // ROWS


cdef inline Py_ssize_t rows_from(const Problem* problem, Py_ssize_t i) noexcept nogil:
    return min(ROWS, problem.X.n - i)


cdef inline const double* weight_at(const Problem* problem, Py_ssize_t i) noexcept nogil:
    return problem.weight + i * problem.weight_step


cdef inline double loss_along(const Problem* problem, const Scratch* s, double t) noexcept nogil:
    """Weighted loss at eta + t * Xd."""
    cdef double sum = 0.0
    cdef Py_ssize_t block, i
    for block in range(n_blocks(problem)):
        i = block * ROWS
        sum += loss_block(rows_from(problem, i), s.eta + i, s.Xd + i, t, problem.y + i, weight_at(problem, i))
    return sum


cdef inline void slope(const Problem* problem, const Scratch* s, double shift, double* first,
                       double* second) noexcept nogil:
    """First and second derivative of the weighted loss in a shift common to all rows."""
    cdef double a, b
    cdef Py_ssize_t block, i
    first[0] = second[0] = 0.0
    for block in range(n_blocks(problem)):
        i = block * ROWS
        slope_block(rows_from(problem, i), s.eta + i, shift, problem.y + i, weight_at(problem, i), &a, &b)
        first[0] += a
        second[0] += b


cdef inline double centre(const Problem* problem, const Scratch* s) noexcept nogil:
    """Shift eta to where the loss is least in the intercept; returns the shift.  See Rows.centre in fastlr/matrix."""
    cdef double shift = 0.0, low = -INFINITY, high = INFINITY, reach = 2.0, first, second, step, proposed
    cdef Py_ssize_t k
    for _ in range(CENTRE_STEPS):
        slope(problem, s, shift, &first, &second)
        if first == 0.0 or not isfinite(first):
            break
        if first < 0.0:
            low = shift
        else:
            high = shift
        if fabs(first) < reach * second:
            step = -first / second
        else:
            step = reach if first < 0.0 else -reach
            reach = 2.0 * reach
        proposed = shift + step
        if proposed != shift and not low < proposed < high:
            proposed = 0.5 * (low + high)
        if proposed == low or proposed == high:
            break
        shift = proposed
        if fabs(step) <= 1e-7:  # the error left is its square
            break
    if shift != 0.0:
        for k in range(problem.X.n):
            s.eta[k] += shift
    return shift


cdef inline void set_null_model(const Problem* problem, const Scratch* s) noexcept nogil:
    """eta = offset, intercept = 0; the Xd is cleared."""
    cdef Py_ssize_t i
    for i in range(problem.X.n):
        s.Xd[i] = 0.0
        s.eta[i] = 0.0 if problem.offset == NULL else problem.offset[i]
    s.state.intercept = 0.0


cdef inline void set_linear_predictor(const Problem* problem, const Scratch* s, const double* coef,
                                      double intercept) noexcept nogil:
    """eta = X coef + offset + intercept."""
    cdef Py_ssize_t block, i
    for block in range(n_blocks(problem)):
        i = block * ROWS
        Xd_block(&problem.X, i, rows_from(problem, i), coef, s.eta + i)
    for i in range(problem.X.n):
        s.eta[i] += intercept + (0.0 if problem.offset == NULL else problem.offset[i])
    s.state.intercept = intercept
    s.state.reads += 1.0


# --- penalty --------------------------------------------------------------------------------------------------------

cdef inline double penalty_product(const Problem* problem, const double* a, const double* b) noexcept nogil:
    """a' diag(l2) b."""
    return weighted_dot_block(problem.X.p, problem.l2, problem.l2_step, a, b)


cdef inline double residual_gap(const Problem* problem, const double* residual) noexcept nogil:
    """sum_j residual_j^2 / (2 l2_j): the gap of a dual point that misses stationarity by `residual`."""
    cdef double sum = 0.0
    cdef Py_ssize_t j
    if not problem.has_gap:
        return INFINITY
    for j in range(problem.X.p):
        sum += 0.5 * residual[j] * residual[j] / problem.l2[j * problem.l2_step]
    return sum
