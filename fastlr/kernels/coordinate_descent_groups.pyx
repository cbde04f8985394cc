"""Epochs of block coordinate descent on the quadratic model of a softmax objective with a group penalty: the K
coefficients of a column are one block.

Columns are CSC arrays or, where indptr is empty, those of a dense F-ordered X laid end to end in `data`.  Matrices are
(n, K) and (p, K) float64, K numbers side by side.
"""

from libc.math cimport sqrt

from fastlr.kernels.dense_rows cimport axpy, dot
from fastlr.kernels.many cimport add_row
from fastlr.kernels.types cimport floating, integer

cdef enum:
    MAX_STEPS = 30  # of Newton's method for the norm of a block


cdef inline double norm(Py_ssize_t K, const double* v) noexcept nogil:
    return sqrt(dot(v, v, K))


cdef double length_of(Py_ssize_t K, const double* pull, const double* curvature, double l1) noexcept nogil:
    """The norm t of argmin over u of  sum_k curvature_k u_k^2 / 2 - pull . u + l1 ||u||,  l1 < ||pull||.

    It solves  sum_k pull_k^2 / (curvature_k t + l1)^2 = 1;  the inverse square root of the left-hand side is concave,
    so that Newton's method rises to it from below."""
    cdef double largest = 0.0, t, sum, slope, c, step
    cdef Py_ssize_t k
    cdef int _
    for k in range(K):
        largest = max(largest, curvature[k])
    t = (norm(K, pull) - l1) / largest
    for _ in range(MAX_STEPS):
        sum = 0.0
        slope = 0.0
        for k in range(K):
            c = pull[k] / (curvature[k] * t + l1)
            sum += c * c
            slope += c * c * curvature[k] / (curvature[k] * t + l1)
        step = sum * (sqrt(sum) - 1.0) / slope
        if not step > 1e-15 * t:
            break
        t += step
    return t


cdef bint block_step(Py_ssize_t K, const double* coef, const double* delta, const double* slope,
                     const double* curvature, double l1, double* pull, double* change) noexcept nogil:
    """change = the step of one block from coef + delta to where the model with diagonal `curvature` is least; whether
    there is any."""
    cdef double t = 0.0, largest = 0.0, z
    cdef Py_ssize_t k
    cdef bint any_change = False
    for k in range(K):
        pull[k] = curvature[k] * (coef[k] + delta[k]) - slope[k]
        largest = max(largest, curvature[k])
    if largest <= 0.0:
        return False
    if norm(K, pull) > l1:
        t = length_of(K, pull, curvature, l1)
    for k in range(K):
        z = coef[k] + delta[k]
        if t == 0.0:
            change[k] = -z
        elif curvature[k] * t + l1 > 0.0:
            change[k] = pull[k] * t / (curvature[k] * t + l1) - z
        else:
            change[k] = 0.0
        any_change = any_change or change[k] != 0.0
    return any_change


cdef double violation(Py_ssize_t K, const double* coef, const double* delta, const double* slope, double l1,
                      double* pull) noexcept nogil:
    """Norm of the subgradient of least norm of a block at coef + delta; pull is scratch."""
    cdef double length
    cdef Py_ssize_t k
    for k in range(K):
        pull[k] = coef[k] + delta[k]
    length = norm(K, pull)
    if length == 0.0:
        return max(norm(K, slope) - l1, 0.0)
    for k in range(K):
        pull[k] = slope[k] + l1 * pull[k] / length
    return norm(K, pull)


cdef inline void move_row(Py_ssize_t K, double weight, double x, const double* p, const double* change,
                          double* q) noexcept nogil:
    """q += weight (diag(p) - p p') x change."""
    cdef double mean = dot(p, change, K), factor = weight * x
    cdef Py_ssize_t k
    for k in range(K):
        q[k] += factor * (p[k] * (change[k] - mean))


def epochs(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const double[::1] weight,
           const double[:, ::1] p, const double[:, ::1] gradient, const double[:, ::1] curvature,
           const double[:, ::1] inverse_coupling, const double[::1] l1, const double[::1] l2, const double[:, ::1] coef,
           double[:, ::1] delta, double[:, ::1] q, double[:, ::1] scratch, double tolerance, int max_epochs):
    """Epochs on the model  g . delta + delta' H delta / 2 + l1' ||coef + delta||  from delta = 0 and q = D X delta = 0
    on, until the largest violation of a block is <= tolerance; their number.

    The block of H in column j is bounded by the diagonal curvature_j  >=  sum_i weight_i x_ij^2 diag(p_i) + l2_j.
    Intercepts take an exact step before each epoch: inverse_coupling (K, K) is the pseudo-inverse of their Hessian,
    zero where there are none.  l1 and l2 are (p,), p (n, K), scratch (3, K)."""
    cdef Py_ssize_t n = q.shape[0], K = q.shape[1], j, i, k
    cdef int epoch = 0
    cdef double worst
    cdef bint sparse = indptr.shape[0] > 0
    cdef double* slope = &scratch[0, 0]
    cdef double* pull = &scratch[1, 0]
    cdef double* change = &scratch[2, 0]
    with nogil:
        while epoch < max_epochs:
            epoch += 1
            worst = 0.0
            for k in range(K):
                slope[k] = 0.0
                change[k] = 0.0
            for i in range(n):
                add_row(K, 1.0, &q[i, 0], slope)
            for k in range(K):
                axpy(-slope[k], &inverse_coupling[k, 0], K, change)
            for i in range(n):
                move_row(K, weight[i], 1.0, &p[i, 0], change, &q[i, 0])
            for j in range(delta.shape[0]):
                for k in range(K):
                    slope[k] = gradient[j, k] + l2[j] * delta[j, k]
                if sparse:
                    for i in range(indptr[j], indptr[j + 1]):
                        add_row(K, data[i], &q[indices[i], 0], slope)
                else:
                    for i in range(n):
                        add_row(K, data[j * n + i], &q[i, 0], slope)
                worst = max(worst, violation(K, &coef[j, 0], &delta[j, 0], slope, l1[j], pull))
                if not block_step(K, &coef[j, 0], &delta[j, 0], slope, &curvature[j, 0], l1[j], pull, change):
                    continue
                for k in range(K):
                    delta[j, k] += change[k]
                if sparse:
                    for i in range(indptr[j], indptr[j + 1]):
                        move_row(K, weight[indices[i]], data[i], &p[indices[i], 0], change, &q[indices[i], 0])
                else:
                    for i in range(n):
                        move_row(K, weight[i], data[j * n + i], &p[i, 0], change, &q[i, 0])
            if worst <= tolerance:
                break
    return epoch
