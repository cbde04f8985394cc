"""Columns gathered for a softmax fit in which only some of the K coefficients of a column take part: products, and
epochs of coordinate descent on the quadratic model of an elastic-net objective.

A pair is a column and a class.  Pairs are sorted by class: those of class k are begin[k], ..., begin[k + 1] - 1, and
column[t] is the number of a pair's column.  Columns are CSC arrays or, where indptr is empty, those of a dense
F-ordered X laid end to end in `data`.  Matrices over rows are (K, n) float64: each class by itself.
"""

from cython.parallel cimport prange

from libc.math cimport fabs
from libc.stdint cimport int64_t

from fastlr.kernels.coordinate_descent_columns cimport add_column, column_dot, column_squares
from fastlr.kernels.penalty cimport coordinate_minimum, least_subgradient
from fastlr.kernels.types cimport floating, integer

cdef enum:
    CHUNK = 16  # pairs a thread takes at a time
    SLOTS = 2   # classes that are visited at a time


def forward(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const int64_t[::1] begin, const int64_t[::1] column, const double[::1] coef, double[:, ::1] out,
            int n_threads):
    """out[k] += X w_k."""
    cdef Py_ssize_t n = out.shape[1], k, t
    cdef const integer* pointers = &indptr[0] if indptr.shape[0] else NULL
    cdef const integer* rows = &indices[0] if indices.shape[0] else NULL
    with nogil:
        for k in prange(out.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            for t in range(begin[k], begin[k + 1]):
                if coef[t] != 0.0:
                    add_column(pointers, rows, &data[0], column[t], n, coef[t], &out[k, 0])


def adjoint(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const int64_t[::1] column, const int64_t[::1] label, const double[:, ::1] u, double[::1] out,
            int n_threads):
    """out[t] = x_column[t] . u[label[t]]."""
    cdef Py_ssize_t n = u.shape[1], t
    cdef const integer* pointers = &indptr[0] if indptr.shape[0] else NULL
    cdef const integer* rows = &indices[0] if indices.shape[0] else NULL
    with nogil:
        for t in prange(column.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=CHUNK):
            out[t] = column_dot(pointers, rows, &data[0], column[t], n, &u[label[t], 0])


def squares(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const int64_t[::1] column, const int64_t[::1] label, const double[:, ::1] d, double[::1] out,
            int n_threads):
    """out[t] = sum_i d[label[t], i] x_i,column[t]^2."""
    cdef Py_ssize_t n = d.shape[1], t
    cdef const integer* pointers = &indptr[0] if indptr.shape[0] else NULL
    cdef const integer* rows = &indices[0] if indices.shape[0] else NULL
    with nogil:
        for t in prange(column.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic",
                        chunksize=CHUNK):
            out[t] = column_squares(pointers, rows, &data[0], column[t], n, &d[label[t], 0])


cdef double visit(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t n,
                  Py_ssize_t begin, Py_ssize_t end, const int64_t* column, const double* weight, const double* p,
                  const double* gradient, const double* diagonal, const double* XtD1, double trace_D, const double* l1,
                  const double* l2, const double* coef, const double* mean, double* delta, double* eta, double* q,
                  double* curvature, double* before) noexcept nogil:
    """Visit the coefficients of one class once, the change of its linear predictor being eta and that of the mean of
    all classes `mean`; q = D (eta - mean) is kept up to date.  Returns the worst violation met.

    The intercept of the class is where the model is least in it, all the time (trace_D = 0: there is none)."""
    cdef Py_ssize_t i, t
    cdef double slope, change, tau, worst = 0.0, total = 0.0
    for i in range(n):
        before[i] = eta[i]
        curvature[i] = weight[i] * p[i]
        q[i] = curvature[i] * (eta[i] - mean[i])
        curvature[i] *= 1.0 - p[i]
        total += q[i]
    tau = total / trace_D if trace_D > 0.0 else 0.0
    for t in range(begin, end):
        slope = gradient[t] + column_dot(indptr, indices, data, column[t], n, q) + l2[t] * delta[t] - XtD1[t] * tau
        worst = max(worst, fabs(least_subgradient(coef[t] + delta[t], slope, l1[t])))
        change = coordinate_minimum(coef[t] + delta[t], slope, diagonal[t], l1[t]) - (coef[t] + delta[t])
        if change == 0.0:
            continue
        delta[t] += change
        if trace_D > 0.0:
            tau += XtD1[t] * change / trace_D
        add_weighted(indptr, indices, data, column[t], n, change, curvature, q, eta)
    if tau != 0.0:
        for i in range(n):
            eta[i] -= tau
    return worst


cdef inline void add_weighted(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                              Py_ssize_t n, double change, const double* curvature, double* q,
                              double* eta) noexcept nogil:
    """q += change * curvature * x_j;  eta += change * x_j."""
    cdef Py_ssize_t i, k
    cdef double step
    if indptr == NULL:
        for i in range(n):
            step = change * data[j * n + i]
            q[i] += curvature[i] * step
            eta[i] += step
        return
    for k in range(indptr[j], indptr[j + 1]):
        i = indices[k]
        step = change * data[k]
        q[i] += curvature[i] * step
        eta[i] += step


def epochs(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const int64_t[::1] begin,
           const int64_t[::1] column, const int64_t[:, ::1] order, const double[::1] weight, const double[:, ::1] p,
           const double[::1] gradient, const double[::1] diagonal, const double[::1] XtD1, const double[::1] trace_D,
           const double[::1] l1, const double[::1] l2, const double[::1] coef, double[::1] delta, double[:, ::1] eta,
           double[:, ::1] scratch, double tolerance, int max_epochs, int n_threads):
    """Epochs on the model  g . delta + delta' H delta / 2 + l1' |coef + delta|  from delta = 0 and eta = 0 on, until
    the worst violation met is <= tolerance; their number.

    H is  X'(diag(p) - p p') X,  weighted, with l2 in its diagonal, where every class has an intercept of its own if
    trace_D (K,) is positive:  XtD1 = X_k' D_kk 1,  trace_D_k = 1' D_kk 1,  and `diagonal` (of each pair) has been freed
    of what that intercept takes away.  Within a class the step of a coefficient is exact; `eta` collects the change of
    the linear predictors, intercepts included.  Rows of `order` hold SLOTS classes (-1: none) that are visited at the
    same time, each as if the other stood still; two such blocks never raise the model.

    scratch is (3 SLOTS + 1, n), weight (n,), p (K, n); all over pairs are (m,)."""
    cdef Py_ssize_t n = eta.shape[1], i, g, s, k
    cdef int epoch = 0
    cdef double worst
    cdef double met[SLOTS]
    cdef const integer* pointers = &indptr[0] if indptr.shape[0] else NULL
    cdef const integer* rows = &indices[0] if indices.shape[0] else NULL
    cdef double* mean = &scratch[3 * SLOTS, 0]
    with nogil:
        for i in range(n):
            mean[i] = 0.0
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for g in range(order.shape[0]):
                for s in prange(SLOTS, num_threads=SLOTS, use_threads_if=n_threads > 1, schedule="static"):
                    k = order[g, s]
                    met[s] = 0.0
                    if k >= 0:
                        met[s] = visit(pointers, rows, &data[0], n, begin[k], begin[k + 1], &column[0], &weight[0],
                                       &p[k, 0], &gradient[0], &diagonal[0], &XtD1[0], trace_D[k], &l1[0], &l2[0],
                                       &coef[0], mean, &delta[0], &eta[k, 0], &scratch[3 * s, 0],
                                       &scratch[3 * s + 1, 0], &scratch[3 * s + 2, 0])
                for s in range(SLOTS):
                    worst = max(worst, met[s])
                    k = order[g, s]
                    if k >= 0:
                        for i in range(n):
                            mean[i] += p[k, i] * (eta[k, i] - scratch[3 * s + 2, i])
            if worst <= tolerance:
                break
    return epoch
