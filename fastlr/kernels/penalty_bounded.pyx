"""The elastic-net penalty within bounds,  lower_j <= coef_j <= upper_j:  subgradients, the columns' share of the gap.

Arrays are (m,) float64, all coefficients one after the other; l1, l2, lower and upper may be broadcast scalars (stride
0), bounds may be infinite.  coef must lie within them.  Sums run over blocks of fixed length added in order.
"""

import numpy as np

from cython.parallel cimport prange

from libc.math cimport fabs, isinf

cdef enum:
    BLOCK = 8192
    MIN_PARALLEL = 32768


cdef inline double soft(double v, double l1) noexcept nogil:
    """sign(v) max(|v| - l1, 0); NaN of NaN."""
    if -l1 <= v <= l1:
        return 0.0
    return v - l1 if v > 0.0 else v + l1


cdef inline double larger(double a, double b) noexcept nogil:
    """The larger of two numbers; NaN wins."""
    return a if a != a or a >= b else b


cdef inline double least(double w, double g, double l1, double lower, double upper) noexcept nogil:
    """The subgradient of least norm: at a bound the normal cone takes what points out of the box."""
    cdef double v = soft(g, l1) if w == 0.0 else (g + l1 if w > 0.0 else g - l1)
    if (v > 0.0 and w <= lower) or (v < 0.0 and w >= upper):
        return 0.0
    return v


cdef inline double conjugate_point(double s, double l1, double l2, double lower, double upper) noexcept nogil:
    """argmax over v in [lower, upper] of  s v - l1 |v| - l2 v^2 / 2,  where that has a finite one."""
    cdef double t = soft(s, l1), v = 0.0
    if l2 > 0.0:
        v = t / l2
    elif t > 0.0 and not isinf(upper):
        v = upper
    elif t < 0.0 and not isinf(lower):
        v = lower
    return max(lower, min(upper, v))


cdef inline double share(double w, double z, double l1, double l2, double lower, double upper) noexcept nogil:
    """psi(w) + psi*(-z) + z w: the rise of  psi(v) + z v  from its least point v to w."""
    cdef double v = conjugate_point(-z, l1, l2, lower, upper), kink
    if z != z:
        return z
    if v == w:
        return 0.0
    if w >= 0.0 and v >= 0.0:
        kink = l1
    elif w <= 0.0 and v <= 0.0:
        kink = -l1
    else:
        kink = l1 * (fabs(w) - fabs(v)) / (w - v)
    return (w - v) * (z + 0.5 * l2 * (w + v) + kink)


def subgradient(const double[::1] coef, const double[::1] gradient, const double[:] l1, const double[:] lower,
                const double[:] upper, double[::1] out, int n_threads):
    """out = subgradient of least norm, from the gradient of the smooth part; returns its inf-norm."""
    cdef Py_ssize_t m = coef.shape[0], c, j
    cdef double worst
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            worst = 0.0
            for j in range(c * BLOCK, min(m, (c + 1) * BLOCK)):
                out[j] = least(coef[j], gradient[j], l1[j], lower[j], upper[j])
                worst = larger(worst, fabs(out[j]))
            largest[c] = worst
    return float(np.max(largest))


def gap(const double[::1] coef, const double[::1] adjoint, double scale, const double[:] l1, const double[:] l2,
        const double[:] lower, const double[:] upper, int n_threads):
    """sum_j psi(w) + psi*(-z) + z w  with  z = scale * adjoint  and  psi(w) = l1 |w| + l2 w^2 / 2  within the bounds.

    Where l2 = 0 and a bound is infinite, z is taken to be feasible there, see `largest_ratio`."""
    cdef Py_ssize_t m = coef.shape[0], c, j
    cdef double total
    cdef double[::1] sums = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            total = 0.0
            for j in range(c * BLOCK, min(m, (c + 1) * BLOCK)):
                total = total + share(coef[j], scale * adjoint[j], l1[j], l2[j], lower[j], upper[j])
            sums[c] = total
    return float(np.add.reduce(sums))


def largest_ratio(const double[::1] adjoint, const double[:] l1, const double[:] l2, const double[:] lower,
                  const double[:] upper, int n_threads):
    """The largest excess of the adjoint over l1 towards an infinite bound, as a ratio, where l2_j = 0."""
    cdef Py_ssize_t m = adjoint.shape[0], c, j
    cdef double worst, z
    cdef double[::1] largest = np.empty((m + BLOCK - 1) // BLOCK)
    with nogil:
        for c in prange(largest.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and m >= MIN_PARALLEL,
                        schedule="static"):
            worst = 0.0
            for j in range(c * BLOCK, min(m, (c + 1) * BLOCK)):
                z = adjoint[j]
                if z != z:
                    worst = z
                elif l2[j] == 0.0 and ((z < 0.0 and isinf(upper[j])) or (z > 0.0 and isinf(lower[j]))):
                    worst = larger(worst, fabs(z) / l1[j])
            largest[c] = worst
    return float(np.max(largest))
