"""Softmax and the cross-entropy of K classes on arrays, for fastlr.special.

eta, out, v and soft labels are (n, K) float64, C order, K >= 1; integer labels are (n,) int64 in 0..K-1; weight is (n,)
float64 or None, for ones.  `labels` and `shares` are the two forms of y: the other one is None.  Work goes by blocks of
`rows_per_block(K)` rows, a number that depends on K alone.  `found` and the adding of its blocks are those of
special_elementwise.pyx, with the columns named below.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

from fastlr.kernels.simd cimport BLOCK
from fastlr.kernels.special cimport (
    count_soft,
    cross_entropy_block,
    cross_entropy_curve,
    cross_entropy_slopes,
    softmax_block,
    weigh_block,
)

cdef enum:
    ENTRIES = 8192        # of a block
    MIN_PARALLEL = 16384  # entries; below, waking a second thread costs more than it brings

LOSS, MASS, BAD_WEIGHTS, BAD_SHARES, BAD_SUMS = range(5)


cdef inline bint shared(const double[:, ::1] eta, int n_threads) noexcept nogil:
    return n_threads > 1 and eta.shape[0] * eta.shape[1] >= MIN_PARALLEL


cdef inline Py_ssize_t block_rows(Py_ssize_t K) noexcept nogil:
    return max(1, ENTRIES // K)


def rows_per_block(Py_ssize_t K):
    """Rows of K entries that are handled as one block."""
    return block_rows(K)


def softmax(const double[:, ::1] eta, double[:, ::1] out, int n_threads):
    """out[i, j] = exp(eta[i, j]) / sum_k exp(eta[i, k])"""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], rows = block_rows(K), b
    with nogil:
        for b in prange((n + rows - 1) // rows, num_threads=n_threads, use_threads_if=shared(eta, n_threads),
                        schedule="static"):
            softmax_rows(eta, b * rows, min(n, (b + 1) * rows), out)


cdef void softmax_rows(const double[:, ::1] eta, Py_ssize_t begin, Py_ssize_t end, double[:, ::1] out) noexcept nogil:
    cdef Py_ssize_t i = begin
    while i < end:
        softmax_block(min(BLOCK, end - i), eta.shape[1], &eta[i, 0], &out[i, 0])
        i += BLOCK


cdef struct Labels:
    # The labels of all rows in whichever form they came, and their weights; NULL where there are none.
    const int64_t* label
    const double* share
    const double* weight
    double tolerance


cdef inline Labels rows_from(Labels y, Py_ssize_t i, Py_ssize_t K) noexcept nogil:
    """The labels from row i on."""
    if y.label != NULL:
        y.label += i
    if y.share != NULL:
        y.share += i * K
    if y.weight != NULL:
        y.weight += i
    return y


cdef Labels bundle(const int64_t[::1] labels, const double[:, ::1] shares, const double[::1] weight,
                   double tolerance) noexcept:
    cdef Labels y
    y.label = &labels[0] if labels is not None else NULL
    y.share = &shares[0, 0] if shares is not None else NULL
    y.weight = &weight[0] if weight is not None else NULL
    y.tolerance = tolerance
    return y


def cross_entropy(const int64_t[::1] labels, const double[:, ::1] shares, const double[:, ::1] eta,
                  const double[::1] weight, double tolerance, double weight_scale, double scale,
                  double[:, ::1] found, int n_threads):
    """found: LOSS = sum of scale * weight_scale * weight * loss; MASS = sum of weight_scale * weight and BAD_WEIGHTS,
    if there are weights; BAD_SHARES > 0 where a share is outside [0, 1], BAD_SUMS counts the rows of shares that do
    not add up to 1 within the tolerance."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], rows = block_rows(K), b
    cdef Labels y = bundle(labels, shares, weight, tolerance)
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(eta, n_threads),
                        schedule="static"):
            loss_rows(y, eta, b * rows, min(n, (b + 1) * rows), weight_scale, scale, &found[b, 0])


cdef void loss_rows(Labels labels, const double[:, ::1] eta, Py_ssize_t begin, Py_ssize_t end, double weight_scale,
                    double scale, double* found) noexcept nogil:
    cdef Py_ssize_t i = begin, m, K = eta.shape[1]
    cdef Labels y = rows_from(labels, begin, K)
    if y.weight != NULL:
        weigh_block(end - begin, y.weight, weight_scale, found + 1)
    while i < end:
        m = min(BLOCK, end - i)
        y = rows_from(labels, i, K)
        if y.share != NULL:
            count_soft(m, K, y.share, y.tolerance, found + 3)
        found[0] += cross_entropy_block(m, K, y.label, y.share, &eta[i, 0], y.weight, weight_scale, scale)
        i += BLOCK


def cross_entropy_gradient(const int64_t[::1] labels, const double[:, ::1] shares, const double[:, ::1] eta,
                           const double[::1] weight, double[:, ::1] out, double tolerance, double scale, double mass,
                           double[:, ::1] found, int n_threads):
    """out[i, j] = scale * weight[i] / mass * (s_i p_ij - y_ij), s_i = sum_j y_ij; found: BAD_SHARES, BAD_SUMS."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], rows = block_rows(K), b
    cdef Labels y = bundle(labels, shares, weight, tolerance)
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(eta, n_threads),
                        schedule="static"):
            gradient_rows(y, eta, b * rows, min(n, (b + 1) * rows), scale, mass, out, &found[b, 0])


cdef void gradient_rows(Labels labels, const double[:, ::1] eta, Py_ssize_t begin, Py_ssize_t end, double scale,
                        double mass, double[:, ::1] out, double* found) noexcept nogil:
    cdef Py_ssize_t i = begin, m, K = eta.shape[1]
    cdef Labels y
    while i < end:
        m = min(BLOCK, end - i)
        y = rows_from(labels, i, K)
        if y.share != NULL:
            count_soft(m, K, y.share, y.tolerance, found + 3)
        cross_entropy_slopes(m, K, y.label, y.share, &eta[i, 0], y.weight, scale, mass, &out[i, 0])
        i += BLOCK


def cross_entropy_hessian_product(const int64_t[::1] labels, const double[:, ::1] shares, const double[:, ::1] eta,
                                  const double[::1] weight, const double[:, ::1] v, double[:, ::1] out,
                                  double tolerance, double scale, double mass, double[:, ::1] found, int n_threads):
    """out[i, j] = scale * weight[i] / mass * s_i p_ij (v_ij - sum_k p_ik v_ik); found: BAD_SHARES, BAD_SUMS."""
    cdef Py_ssize_t n = eta.shape[0], K = eta.shape[1], rows = block_rows(K), b
    cdef Labels y = bundle(labels, shares, weight, tolerance)
    with nogil:
        for b in prange(found.shape[0], num_threads=n_threads, use_threads_if=shared(eta, n_threads),
                        schedule="static"):
            curve_rows(y, eta, v, b * rows, min(n, (b + 1) * rows), scale, mass, out, &found[b, 0])


cdef void curve_rows(Labels labels, const double[:, ::1] eta, const double[:, ::1] v, Py_ssize_t begin,
                     Py_ssize_t end, double scale, double mass, double[:, ::1] out, double* found) noexcept nogil:
    cdef Py_ssize_t i = begin, m, K = eta.shape[1]
    cdef Labels y
    while i < end:
        m = min(BLOCK, end - i)
        y = rows_from(labels, i, K)
        if y.share != NULL:
            count_soft(m, K, y.share, y.tolerance, found + 3)
        cross_entropy_curve(m, K, y.share, &eta[i, 0], &v[i, 0], y.weight, scale, mass, &out[i, 0])
        i += BLOCK
