"""Exact Newton for small problems: iterations of one fit, run without a return to Python.

The algorithm is in core/newton_small.h.  Shapes: X (n, p); y and offset (n,) (offset may be None); weight (n,), or a
block of min(n, 4096) equal weights; l2 (p, 1), possibly a broadcast scalar; coef (p,), the start, overwritten; scratch
(scratch_length(n, p),), which holds the point between two calls; records (m, 8), one row for each iteration with the
numbers that RECORD names.
"""

from fastlr.kernels.types cimport floating, integer

#: What a row of `records` holds.
RECORD = ("intercept", "objective", "gap", "decrement", "rounding", "optimality", "nonzeros", "reads")

#: How a run of iterations ended, by the number that is returned.
OUTCOMES = ("running", "finished", "lost digits", "moved far", "not finite", "singular", "no descent")


def scratch_length(Py_ssize_t n, Py_ssize_t p):
    """Length of `scratch`."""
    return length_of_scratch(n, p)


cdef Problem problem_of(Matrix X, const double[::1] y, const double[::1] weight, const double[::1] offset,
                        const double[:, :] l2, bint fit_intercept, bint has_gap, double tol) noexcept:
    cdef Problem problem
    problem.X = X
    problem.y = &y[0]
    problem.weight = &weight[0]
    problem.weight_step = weight.shape[0] == X.n
    problem.offset = NULL
    if offset is not None:
        problem.offset = &offset[0]
    problem.l2 = &l2[0, 0]
    problem.l2_step = l2.strides[0] // <Py_ssize_t> sizeof(double)
    problem.fit_intercept = fit_intercept
    problem.has_gap = has_gap
    problem.tol = tol
    return problem


cdef tuple run(const Problem* problem, double[::1] coef, double intercept, Py_ssize_t first,
               double[:, ::1] records, double[::1] scratch):
    cdef Outcome outcome = RUNNING
    cdef State* state = <State*> &scratch[0]
    cdef Py_ssize_t filled = 0
    with nogil:
        while filled < records.shape[0] and outcome == RUNNING:
            if first + filled == 0:
                outcome = begin(problem, &scratch[0], &coef[0], intercept)
            else:
                outcome = iterate(problem, &scratch[0], &coef[0])
            if outcome <= MOVED_FAR:
                record(state, &coef[0], coef.shape[0], &records[filled, 0])
                filled += 1
    return outcome, filled, state.null_value, state.reads


cdef void record(State* state, const double* coef, Py_ssize_t p, double* row) noexcept nogil:
    cdef Py_ssize_t j, nonzeros = 0
    for j in range(p):
        nonzeros += coef[j] != 0.0
    row[0] = state.intercept
    row[1] = state.value
    row[2] = state.gap
    row[3] = state.decrement
    row[4] = state.rounding
    row[5] = state.optimality
    row[6] = <double> nonzeros
    row[7] = state.reads
    state.reads = 0.0


def dense(const floating[:, :] X, const double[::1] y, const double[::1] weight, const double[::1] offset,
          const double[:, :] l2, bint fit_intercept, bint has_gap, double tol, double intercept, Py_ssize_t first,
          double[::1] coef, double[:, ::1] records, double[::1] scratch):
    """Iterations `first`, `first` + 1, ... until the fit ends or `records` is full; dense X, one stride 1.

    Iteration 0 evaluates the start.  Returns the number of the outcome, how many records were filled, the objective of
    the null model, and the readings of X that are in no record.
    """
    cdef Matrix matrix
    cdef Problem problem
    matrix.storage = DENSE_F32 if floating is float else DENSE_F64
    matrix.n, matrix.p = X.shape[0], X.shape[1]
    matrix.values = &X[0, 0]
    matrix.layout.p = X.shape[1]
    matrix.layout.row_stride = X.strides[0] // <Py_ssize_t> sizeof(floating)
    matrix.layout.column_stride = X.strides[1] // <Py_ssize_t> sizeof(floating)
    problem = problem_of(matrix, y, weight, offset, l2, fit_intercept, has_gap, tol)
    return run(&problem, coef, intercept, first, records, scratch)


def csr(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const double[::1] y,
        const double[::1] weight, const double[::1] offset, const double[:, :] l2, bint fit_intercept, bint has_gap,
        double tol, double intercept, Py_ssize_t first, double[::1] coef, double[:, ::1] records,
        double[::1] scratch):
    """The same for CSR without repeated entries, in any order within a row."""
    cdef Matrix matrix
    cdef Problem problem
    if floating is float:
        matrix.storage = CSR_F32_I32 if sizeof(integer) == 4 else CSR_F32_I64
    else:
        matrix.storage = CSR_F64_I32 if sizeof(integer) == 4 else CSR_F64_I64
    matrix.n, matrix.p = y.shape[0], coef.shape[0]
    matrix.values, matrix.indices, matrix.indptr = &data[0], &indices[0], &indptr[0]
    problem = problem_of(matrix, y, weight, offset, l2, fit_intercept, has_gap, tol)
    return run(&problem, coef, intercept, first, records, scratch)
