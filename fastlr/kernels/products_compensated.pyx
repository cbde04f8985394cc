"""Products with X, residuals and gradients in numbers of twice the digits of a double; see compensated.h.

Such a vector is an array (length, 2) of which each row is a sum of two doubles, hi + lo.  X is (n, m) float64, C order;
y and weight are (n,).  One thread: this is for X small enough to be factored.  Compiled without contraction of
a * b + c and for one CPU level.  Where a product overflows (beyond 1e300) results are NaN or infinite.
"""

from libc.stdint cimport int64_t


cdef extern from "core/compensated.h":
    ctypedef struct wide:
        double hi
        double lo
    wide wide_of(double a) noexcept nogil
    wide wide_add(wide a, wide b) noexcept nogil
    wide wide_minus(wide a) noexcept nogil
    wide wide_scale(wide a, double b) noexcept nogil
    wide wide_divide(wide a, wide b) noexcept nogil
    wide wide_exp(wide x) noexcept nogil
    wide wide_residual(wide eta, double y) noexcept nogil


cdef inline wide at(const double[:, ::1] v, Py_ssize_t k) noexcept nogil:
    cdef wide out
    out.hi, out.lo = v[k, 0], v[k, 1]
    return out


cdef inline void put(double[:, ::1] v, Py_ssize_t k, wide a) noexcept nogil:
    v[k, 0], v[k, 1] = a.hi, a.lo


def predictors(const double[:, ::1] X, const double[:, ::1] w, const double[::1] offset, double[:, ::1] eta):
    """eta = X w + offset, (n, 2), for w (m, 2)."""
    cdef Py_ssize_t i, j
    cdef wide s
    with nogil:
        for i in range(X.shape[0]):
            s = wide_of(offset[i])
            for j in range(X.shape[1]):
                s = wide_add(s, wide_scale(at(w, j), X[i, j]))
            put(eta, i, s)


def residuals(const double[:, ::1] eta, const double[::1] y, const double[::1] weight, double[:, ::1] out):
    """out = weight (sigma(eta) - y), (n, 2)."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(eta.shape[0]):
            put(out, i, wide_scale(wide_residual(at(eta, i), y[i]), weight[i]))


def products(const double[:, ::1] X, const double[:, ::1] u, double[:, ::1] out):
    """out = X' u, (m, 2), for u (n, 2)."""
    cdef Py_ssize_t i, j
    cdef wide here
    with nogil:
        for j in range(X.shape[1]):
            put(out, j, wide_of(0.0))
        for i in range(X.shape[0]):
            here = at(u, i)
            for j in range(X.shape[1]):
                put(out, j, wide_add(at(out, j), wide_scale(here, X[i, j])))


def gradient(const double[:, ::1] z, const double[::1] l2, const double[:, ::1] w, const double[::1] more,
             double[::1] out):
    """out = z + l2 w + more, (m,): rounded to doubles at the end alone."""
    cdef Py_ssize_t j
    cdef wide s
    with nogil:
        for j in range(out.shape[0]):
            s = wide_add(wide_add(at(z, j), wide_scale(at(w, j), l2[j])), wide_of(more[j]))
            out[j] = s.hi + s.lo


def move(double[:, ::1] w, const double[::1] step):
    """w += step, w (m, 2), step (m,)."""
    cdef Py_ssize_t j
    with nogil:
        for j in range(w.shape[0]):
            put(w, j, wide_add(at(w, j), wide_of(step[j])))


def class_residuals(const double[:, :, ::1] eta, const int64_t[::1] labels, const double[::1] weight,
                    double[:, :, ::1] out):
    """out = weight (softmax(eta) - y), (n, K, 2), y the indicator of a row's label."""
    cdef Py_ssize_t i, k, top, K = eta.shape[1]
    cdef wide total, others, share
    with nogil:
        for i in range(eta.shape[0]):
            top = 0
            for k in range(1, K):
                if eta[i, k, 0] > eta[i, top, 0]:
                    top = k
            total = wide_of(0.0)
            for k in range(K):
                share = wide_exp(wide_add(at(eta[i], k), wide_minus(at(eta[i], top))))
                total = wide_add(total, share)
                put(out[i], k, share)
            others = wide_of(0.0)
            for k in range(K):
                share = wide_scale(wide_divide(at(out[i], k), total), weight[i])
                put(out[i], k, share)
                if k != labels[i]:
                    others = wide_add(others, share)
            put(out[i], labels[i], wide_minus(others))
