"""The logistic loss summed over rows: values, residuals, curvature, losses along a step, the rows' part of the gap.

eta, y and the like are (n,) float64, y in [0, 1]; weight is (n,), or one block of 4096 equal weights.  Sums run over
blocks of fixed length whose results are added in order, so their bits do not depend on the number of threads.  `sums`
and `more_sums` are scratch of length `n_blocks(n)`.
"""

from cython.parallel cimport prange

cdef enum:
    BLOCK = 4096
    MIN_PARALLEL = 32768      # rows; below, a second thread brings nothing (see linalg_vector.pyx): 1 to 2 ns a row
    MIN_PARALLEL_GAP = 16384  # the same for the gap: 7 ns a row


cdef inline bint parallel(Py_ssize_t n, int n_threads) noexcept nogil:
    return n_threads > 1 and n >= MIN_PARALLEL


cdef double total(const double[::1] sums) noexcept nogil:
    cdef double s = 0.0
    cdef Py_ssize_t b
    for b in range(sums.shape[0]):
        s = s + sums[b]
    return s


cdef inline const double* at(const double[::1] weight, Py_ssize_t n, Py_ssize_t i) noexcept nogil:
    """The weights of the block that begins at row i: equal weights come as one block, used for all."""
    return &weight[i if weight.shape[0] == n else 0]


def n_blocks(Py_ssize_t n):
    """Length of the scratch `sums` for n rows."""
    return (n + BLOCK - 1) // BLOCK


def evaluate(const double[::1] eta, const double[::1] y, const double[::1] weight, double[::1] residual,
             double[::1] curvature, double[::1] sums, int n_threads):
    """residual = weight (sigma(eta) - y), curvature = weight sigma'(eta); returns the weighted loss."""
    cdef Py_ssize_t n = eta.shape[0], b, i
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=parallel(n, n_threads),
                        schedule="dynamic"):
            i = b * BLOCK
            sums[b] = logistic_block(min(BLOCK, n - i), &eta[i], &y[i], at(weight, n, i), &residual[i], &curvature[i])
    return total(sums)


def losses(const double[::1] eta, const double[::1] Xd, const double[::1] steps, const double[::1] y,
           const double[::1] weight, double[::1] sums, double[::1] out, int n_threads):
    """out[k] = weighted loss at eta + steps[k] * Xd."""
    cdef Py_ssize_t n = eta.shape[0], b, i, k
    for k in range(steps.shape[0]):
        with nogil:
            for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=parallel(n, n_threads),
                            schedule="dynamic"):
                i = b * BLOCK
                sums[b] = loss_block(min(BLOCK, n - i), &eta[i], &Xd[i], steps[k], &y[i], at(weight, n, i))
        out[k] = total(sums)


def slope(const double[::1] eta, double shift, const double[::1] y, const double[::1] weight, double[::1] sums,
          double[::1] more_sums, int n_threads):
    """First and second derivative of the weighted loss at eta + shift, in a shift common to all rows."""
    cdef Py_ssize_t n = eta.shape[0], b, i
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=parallel(n, n_threads),
                        schedule="dynamic"):
            i = b * BLOCK
            slope_block(min(BLOCK, n - i), &eta[i], shift, &y[i], at(weight, n, i), &sums[b], &more_sums[b])
    return total(sums), total(more_sums)


def gap(const double[::1] eta, const double[::1] Xd, double t, double shift, double scale, double back,
        const double[::1] y, const double[::1] weight, double[::1] sums, double[::1] more_sums, int n_threads):
    """The rows' part of the duality gap at the linear predictor eta + t Xd + shift, for the dual point

        u_i = y_i + scale (sigma(eta_i) - y_i + back sigma'(eta_i) Xd_i),   cut to [0, 1].

    Returns sum_i weight_i KL(u_i || sigma(eta_i + t Xd_i + shift)) and the number of rows where u_i was cut.
    """
    cdef Py_ssize_t n = eta.shape[0], b, i
    with nogil:
        for b in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1 and n >= MIN_PARALLEL_GAP,
                        schedule="dynamic"):
            i = b * BLOCK
            sums[b] = gap_block(min(BLOCK, n - i), &eta[i], &Xd[i], t, shift, scale, back, &y[i], at(weight, n, i),
                                &more_sums[b])
    return total(sums), int(total(more_sums))
