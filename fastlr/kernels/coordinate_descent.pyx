"""Epochs of coordinate descent on the quadratic model of an elastic-net objective, over the columns of a gathered X.

With gradient g of the smooth part and Hessian H = X'(D - D 1 1' D / trace_D) X + l2 at the current coef, an epoch
goes once through the columns and minimises in each  g . delta + delta' H delta / 2 + l1' |coef + delta|  exactly,
within  lower <= coef + delta <= upper.  Kept up to date on the way: q = D X delta (n,) and tau = XtD1 . delta /
trace_D, the step of the eliminated intercept, with XtD1 = X' D 1 and trace_D = 1' D 1 (0: no intercept).

Arrays over columns are (p,) float64; l1, l2, lower and upper may be broadcast scalars.  Sequential by nature; the GIL
is released.
"""

from fastlr.kernels.coordinate_descent_columns cimport add_weighted_column
from fastlr.kernels.dense_rows cimport axpy, dot
from fastlr.kernels.penalty cimport coordinate_step, coordinate_violation
from fastlr.kernels.types cimport floating, integer


cdef inline double column_dot(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                              Py_ssize_t n, const double* v) noexcept nogil:
    """x_j . v in two sums: sparse columns are short here."""
    cdef Py_ssize_t k, end
    cdef double s = 0.0, t = 0.0
    if indptr == NULL:
        return dot(data + j * n, v, n)
    k = indptr[j]
    end = indptr[j + 1]
    while k + 2 <= end:
        s = s + data[k] * v[indices[k]]
        t = t + data[k + 1] * v[indices[k + 1]]
        k = k + 2
    if k < end:
        s = s + data[k] * v[indices[k]]
    return s + t


def epochs(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
           const double[::1] curvature, const double[::1] gradient, const double[::1] diagonal,
           const double[::1] XtD1, double trace_D, const double[:] l1, const double[:] l2, const double[:] lower,
           const double[:] upper, const double[::1] coef, double[::1] delta, double[::1] q, double tolerance,
           int max_epochs):
    """Epochs over columns from delta = 0, q = 0, until the worst violation met is <= tolerance; their number.

    Columns are CSC arrays or, where indptr is empty, those of a dense F-ordered X laid end to end in `data`."""
    cdef Py_ssize_t j, p = coef.shape[0], n = curvature.shape[0]
    cdef const integer* pointers = &indptr[0] if indptr.shape[0] else NULL
    cdef const integer* rows = &indices[0] if indices.shape[0] else NULL
    cdef double worst, slope, change, tau = 0.0
    cdef int epoch = 0
    with nogil:
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for j in range(p):
                slope = gradient[j] + column_dot(pointers, rows, &data[0], j, n, &q[0]) + l2[j] * delta[j]
                if trace_D > 0.0:
                    slope = slope - XtD1[j] * tau
                worst = max(worst, coordinate_violation(coef[j], delta[j], slope, l1[j], lower[j], upper[j]))
                change = coordinate_step(coef[j] + delta[j], slope, diagonal[j], l1[j], lower[j], upper[j])
                if change == 0.0:
                    continue
                delta[j] += change
                if trace_D > 0.0:
                    tau = tau + XtD1[j] * change / trace_D
                add_weighted_column(pointers, rows, &data[0], j, n, change, &curvature[0], &q[0])
            if worst <= tolerance:
                break
    return epoch


def hessian_epochs(const double[:, :] H, const double[::1] gradient, const double[:] l1, const double[:] lower,
                   const double[:] upper, const double[::1] coef, double[::1] delta, double[::1] q, double tolerance,
                   int max_epochs):
    """Epochs on the same model where H is at hand, symmetric (p, p) with unit stride along rows.

    delta and q = H delta are taken up where they stand.  Returns (epochs, worst violation met in the last)."""
    cdef Py_ssize_t j, p = coef.shape[0]
    cdef double worst = 0.0, slope, change
    cdef int epoch = 0
    with nogil:
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for j in range(p):
                slope = gradient[j] + q[j]
                worst = max(worst, coordinate_violation(coef[j], delta[j], slope, l1[j], lower[j], upper[j]))
                change = coordinate_step(coef[j] + delta[j], slope, H[j, j], l1[j], lower[j], upper[j])
                if change != 0.0:
                    delta[j] += change
                    axpy(change, &H[j, 0], p, &q[0])
            if worst <= tolerance:
                break
    return epoch, worst
