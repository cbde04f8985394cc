"""Epochs of coordinate descent on the quadratic model of an elastic-net objective, over the columns of a gathered X.

With gradient g of the smooth part and Hessian H = X'(D - D 1 1' D / mass) X + l2 at the current coef, an epoch goes
once through the columns and minimises in each  g . delta + delta' H delta / 2 + l1' |coef + delta|  exactly, within
lower <= coef + delta <= upper.  Kept up to date on the way: q = D X delta (n,) and tau = first . delta / mass, the step
of the eliminated intercept, with first = X' D 1 (mass = 0: no intercept).

Arrays over columns are (p,) float64; l1, l2, lower and upper may be broadcast scalars.  Sequential by nature; the GIL
is released.
"""

import numpy as np

from libc.math cimport fabs

from fastlr.kernels.simd cimport axpy_f64, dot_f32, dot_f64, weighted_axpy_f32, weighted_axpy_f64
from fastlr.kernels.types cimport floating, integer

cdef double EPS = 4.0 * np.finfo(np.float64).eps


cdef inline double unbounded(double z, double slope, double curvature, double l1) noexcept nogil:
    """argmin over target of  slope * (target - z) + curvature * (target - z)^2 / 2 + l1 |target|."""
    cdef double target = curvature * z - slope
    if fabs(target) <= l1:
        return 0.0
    if curvature <= 0.0:
        return z
    return (target - l1 if target > 0.0 else target + l1) / curvature


cdef inline double coordinate_step(double z, double slope, double curvature, double l1, double lower,
                                   double upper) noexcept nogil:
    """The step from z to the same argmin within [lower, upper]: in one coordinate, the nearest point of it."""
    return max(lower, min(upper, unbounded(z, slope, curvature, l1))) - z


cdef inline double violation(double coef, double delta, double slope, double l1, double lower,
                             double upper) noexcept nogil:
    """Absolute value of the subgradient of least norm at coef + delta, which rounding may keep off a bound."""
    cdef double z = coef + delta, near = EPS * (fabs(coef) + fabs(delta)), v
    if z > 0.0:
        v = slope + l1
    elif z < 0.0:
        v = slope - l1
    elif fabs(slope) > l1:
        v = slope - l1 if slope > 0.0 else slope + l1
    else:
        v = 0.0
    if (v > 0.0 and z - lower <= near) or (v < 0.0 and upper - z <= near):
        return 0.0
    return fabs(v)


def sparse_epochs(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
                  const double[::1] curvature, const double[::1] gradient, const double[::1] diagonal,
                  const double[::1] first, double mass, const double[:] l1, const double[:] l2,
                  const double[:] lower, const double[:] upper, const double[::1] coef, double[::1] delta,
                  double[::1] q, double tolerance, int max_epochs):
    """Epochs over CSC columns from delta = 0, q = 0, until the worst violation met is <= tolerance; their number."""
    cdef Py_ssize_t j, k, i, begin, end, p = coef.shape[0]
    cdef double worst, slope, change, s, t, tau = 0.0
    cdef int epoch = 0
    with nogil:
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for j in range(p):
                begin = indptr[j]
                end = indptr[j + 1]
                s = 0.0
                t = 0.0
                k = begin
                while k + 2 <= end:
                    s = s + data[k] * q[indices[k]]
                    t = t + data[k + 1] * q[indices[k + 1]]
                    k = k + 2
                if k < end:
                    s = s + data[k] * q[indices[k]]
                slope = gradient[j] + (s + t) + l2[j] * delta[j]
                if mass > 0.0:
                    slope = slope - first[j] * tau
                worst = max(worst, violation(coef[j], delta[j], slope, l1[j], lower[j], upper[j]))
                change = coordinate_step(coef[j] + delta[j], slope, diagonal[j], l1[j], lower[j], upper[j])
                if change == 0.0:
                    continue
                delta[j] += change
                if mass > 0.0:
                    tau = tau + first[j] * change / mass
                for k in range(begin, end):
                    i = indices[k]
                    q[i] += change * curvature[i] * data[k]
            if worst <= tolerance:
                break
    return epoch


def dense_epochs(const floating[::1, :] X, const double[::1] curvature, const double[::1] gradient,
                 const double[::1] diagonal, const double[::1] first, double mass, const double[:] l1,
                 const double[:] l2, const double[:] lower, const double[:] upper, const double[::1] coef,
                 double[::1] delta, double[::1] q, double tolerance, int max_epochs):
    """Epochs over the columns of an F-ordered X, as sparse_epochs."""
    cdef Py_ssize_t j, p = coef.shape[0], n = curvature.shape[0]
    cdef double worst, slope, change, s, tau = 0.0
    cdef int epoch = 0
    with nogil:
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for j in range(p):
                if floating is float:
                    s = dot_f32(&X[0, j], &q[0], n)
                else:
                    s = dot_f64(&X[0, j], &q[0], n)
                slope = gradient[j] + s + l2[j] * delta[j]
                if mass > 0.0:
                    slope = slope - first[j] * tau
                worst = max(worst, violation(coef[j], delta[j], slope, l1[j], lower[j], upper[j]))
                change = coordinate_step(coef[j] + delta[j], slope, diagonal[j], l1[j], lower[j], upper[j])
                if change == 0.0:
                    continue
                delta[j] += change
                if mass > 0.0:
                    tau = tau + first[j] * change / mass
                if floating is float:
                    weighted_axpy_f32(n, change, &curvature[0], &X[0, j], &q[0])
                else:
                    weighted_axpy_f64(n, change, &curvature[0], &X[0, j], &q[0])
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
                worst = max(worst, violation(coef[j], delta[j], slope, l1[j], lower[j], upper[j]))
                change = coordinate_step(coef[j] + delta[j], slope, H[j, j], l1[j], lower[j], upper[j])
                if change != 0.0:
                    delta[j] += change
                    axpy_f64(change, &H[j, 0], p, &q[0])
            if worst <= tolerance:
                break
    return epoch, worst
