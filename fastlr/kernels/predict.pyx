"""Predictions of two classes from linear predictors: kinds of output, and the loop over blocks of rows.

    LINEAR            eta itself, (n,)
    PROBABILITY       sigma(-eta), sigma(eta), (n, 2)
    LOG_PROBABILITY   their logarithms, (n, 2)
    LABEL             1 where eta > 0, else 0, (n,) int64
    LOSS              sums of scale * weight * log-loss over BLOCK rows each, added to what is there, (ceil(n / BLOCK),)

The first three are written as float64, or as float32 if `single`; LOSS as float64.  Every pass that computes outputs
(here, products_dense.predict, products_sparse.predict) takes `out` as bytes, y (n,) and weight (n,) or None, and
returns whether all linear predictors are finite.
"""

from cython.parallel cimport prange

from fastlr.kernels.predict cimport (
    FASTLR_LABEL,
    FASTLR_LINEAR,
    FASTLR_LOG_PROBABILITY,
    FASTLR_LOSS,
    FASTLR_PROBABILITY,
    Target,
    put,
    target_of,
)
from fastlr.kernels.simd cimport BLOCK as ROWS

LINEAR = FASTLR_LINEAR
PROBABILITY = FASTLR_PROBABILITY
LOG_PROBABILITY = FASTLR_LOG_PROBABILITY
LABEL = FASTLR_LABEL
LOSS = FASTLR_LOSS
BLOCK = ROWS


def predict(const double[::1] eta, int kind, bint single, unsigned char[::1] out, const unsigned char[::1] y,
            const double[::1] weight, double scale, int n_threads):
    """out = what `kind` makes of eta; whether all of eta is finite."""
    cdef Target target = target_of(kind, single, out, y, weight, scale)
    cdef Py_ssize_t n = eta.shape[0], b
    cdef int bad = 0
    with nogil:
        for b in prange((n + ROWS - 1) // ROWS, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="static"):
            bad |= put(&target, b * ROWS, min(ROWS, n - b * ROWS), &eta[b * ROWS])
    return not bad
