"""The logistic function, softmax and their losses on arrays, exact over the whole range of double.

Every function takes whatever holds real numbers in memory: NumPy arrays of any memory layout, byte order and numeric or
boolean dtype, lists, Series, numbers, also as objects; nothing sparse, no text, no masked entries.  Computation is in
double.  Arrays come back as float32 where eta is float32 or float16, as float64 otherwise.  What is not stored as
contiguous float64 is converted a piece at a time, so that no copy of a large array is made.  NaN in eta gives NaN in
its row (and in a mean over rows); infinite eta gives the limit.  Results have the same bits for any number of threads.

Two classes
    log_loss = sum_i w_i (log(1 + exp(eta_i)) - y_i eta_i) / sum_i w_i
K classes
    cross_entropy = sum_i w_i (s_i log(sum_j exp(eta_ij)) - sum_j y_ij eta_ij) / sum_i w_i,   s_i = sum_j y_ij = 1

References
----------
M. Maechler, "Accurately computing ``log(1 - exp(-|a|))``", Rmpfr vignette, 2012: log(1 + exp(x)) by log1p.

P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions", IMA Journal of
Numerical Analysis 41, 2021: the largest term is taken out of the sum and met by log1p.
"""

import numpy as np

from fastlr._special_arguments import (
    as_matrix,
    check_labels,
    check_shape,
    check_shares,
    check_weights,
    many_class_arguments,
    normalisation,
    result_dtype,
    run_blocks,
    run_elementwise,
    sum_tolerance,
    thread_count,
    two_class_arguments,
    weighted_mean,
)
from fastlr.kernels import special_elementwise, special_softmax as _softmax
from fastlr.validation.numbers import real_array

__all__ = [
    "cross_entropy",
    "cross_entropy_gradient",
    "cross_entropy_hessian_product",
    "expit",
    "expit_derivative",
    "log_loss",
    "log_loss_gradient",
    "log_loss_hessian_product",
    "softmax",
]


def expit(eta, *, n_threads=None):
    """Logistic function, 1 / (1 + exp(-eta)), within 3 ulp for every double, subnormal results included.

    Parameters
    ----------
    eta : array_like of real numbers, any shape
    n_threads : int, optional
        None means all CPUs of this process, negative numbers count back from all of them (-1 is all).

    Returns
    -------
    ndarray of the shape of eta, or a NumPy scalar for a scalar
        float32 for float32 and float16 input, float64 otherwise; in the memory order of eta.

    Raises
    ------
    TypeError
        If eta does not hold real numbers.
    """
    return run_elementwise(special_elementwise.expit, eta, n_threads)


def expit_derivative(eta, *, n_threads=None):
    """Derivative of the logistic function, ``exp(-|eta|) / (1 + exp(-|eta|))^2``, within 4 ulp for every double.

    Parameters, return value and errors are those of `expit`.  The form expit(eta) * (1 - expit(eta)) would lose
    digits from eta = 1 on, and all of them from eta = 37 on.
    """
    return run_elementwise(special_elementwise.expit_derivative, eta, n_threads)


def log_loss(y, eta, sample_weight=None, *, n_threads=None):
    """Weighted mean of the logistic loss log(1 + exp(eta)) - y eta (natural logarithm).

    Each loss is ``max(eta, 0) - y eta + log1p(exp(-|eta|))`` (Maechler 2012), arranged so that nothing
    cancels: log_loss(1, 40) is exp(-40) and log_loss(0, 1e308) is 1e308.

    Parameters
    ----------
    y : array_like (n,) or scalar
        Labels 0 and 1, or targets in between.  If any value is negative, all must be -1 or +1; -1 then means 0.
    eta : array_like (n,) or scalar
        Linear predictors: log odds of the class 1.
    sample_weight : array_like of the shape of eta, or scalar, optional
        Finite, not negative, not all zero; None means ones, a scalar the same weight for every row.  A row of weight 0
        counts for 0 even if its loss is infinite.
    n_threads : int, optional
        See `expit`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument does not hold real numbers.
    ValueError
        If shapes differ, there are no rows, or a label or weight is out of its range or NaN.
    """
    y, eta, weight = two_class_arguments(y, eta, sample_weight)
    threads = thread_count(n_threads, eta.size)

    def sums(weight_scale, scale):
        columns = (y, eta, weight)
        found = run_blocks(
            special_elementwise.log_loss, columns, None, (weight_scale * scale,), special_elementwise.BLOCK, threads
        )
        check_weights(weight, found)
        check_labels(y, found)
        mass = len(eta) if weight is None else found[special_elementwise.MASS] / scale
        return found[special_elementwise.LOSS], mass

    return weighted_mean(sums, len(eta), weight)


def log_loss_gradient(y, eta, sample_weight=None, *, n_threads=None):
    """Derivative of `log_loss` in eta: g_i = w_i / sum(w) * (expit(eta_i) - y_i), without cancellation for labels.

    Parameters and errors are those of `log_loss`.

    Returns
    -------
    ndarray (n,), or a NumPy scalar for scalars
        float32 if eta is float32 or float16, else float64.
    """
    eta = real_array("eta", eta)
    scalar = eta.ndim == 0
    y, eta, weight = two_class_arguments(y, eta, sample_weight)
    threads = thread_count(n_threads, eta.size)
    out = np.empty(len(eta), result_dtype(eta))
    norm = normalisation(weight, len(eta), threads)
    found = run_blocks(
        special_elementwise.log_loss_gradient, (y, eta, weight), out, norm, special_elementwise.BLOCK, threads
    )
    check_labels(y, found)
    return out[0] if scalar else out


def log_loss_hessian_product(y, eta, v, sample_weight=None, *, n_threads=None):
    """Product of the Hessian of `log_loss` in eta, which is diagonal, with v: w_i / sum(w) * expit'(eta_i) * v_i.

    Parameters
    ----------
    y, eta, sample_weight, n_threads
        See `log_loss`; y does not enter the value but is checked.
    v : array_like of the shape of eta

    Returns
    -------
    ndarray (n,), or a NumPy scalar for scalars
        float32 if eta is float32 or float16, else float64.

    Raises
    ------
    TypeError, ValueError
        See `log_loss`.
    """
    eta, v = real_array("eta", eta), real_array("v", v)
    scalar = eta.ndim == 0
    y, eta, weight = two_class_arguments(y, eta, sample_weight)
    v = check_shape("v", v, () if scalar else eta.shape).reshape(-1)
    threads = thread_count(n_threads, eta.size)
    out = np.empty(len(eta), result_dtype(eta))
    norm = normalisation(weight, len(eta), threads)
    found = run_blocks(
        special_elementwise.log_loss_hessian_product, (y, eta, weight, v), out, norm, special_elementwise.BLOCK, threads
    )
    check_labels(y, found)
    return out[0] if scalar else out


def softmax(eta, *, n_threads=None):
    """Probabilities of K classes, exp(eta_ij) / sum_k exp(eta_ik), row by row.

    With m the row's maximum, each is exp(eta_ij - m) over the sum of these (Blanchard, Higham, Higham 2021); the
    rounding error of eta_ij - m is carried into the exponential, so that also small probabilities keep their digits.

    Parameters
    ----------
    eta : array_like (n, K), K >= 1
        -inf gives probability 0; one +inf in a row gives 1 there.  A row of several +inf has no limit, nor has one of
        two or more -inf and nothing else: NaN.
    n_threads : int, optional
        See `expit`.

    Returns
    -------
    ndarray (n, K), C order
        float32 if eta is float32 or float16, else float64.

    Raises
    ------
    TypeError
        If eta does not hold real numbers.
    ValueError
        If eta has not two dimensions, or no columns.
    """
    eta = as_matrix(eta)
    out = np.empty(eta.shape, result_dtype(eta))

    def kernel(eta, out, found, threads):
        _softmax.softmax(eta, out, threads)

    run_blocks(kernel, (eta,), out, (), _softmax.rows_per_block(eta.shape[1]), thread_count(n_threads, eta.size))
    return out


def cross_entropy(y, eta, sample_weight=None, *, n_threads=None):
    """Weighted mean of the cross-entropy -sum_j y_ij log softmax(eta_i)_j (natural logarithm).

    With m_i the row's maximum and r_i the sum of exp(eta_ij - m_i) over the other columns, a row's loss is
    sum_j y_ij (m_i - eta_ij) + log1p(r_i) (Blanchard, Higham, Higham 2021): no term is negative, so none cancels.

    Parameters
    ----------
    y : array_like (n,) of integers in 0..K-1, or (n, K) of shares
        Shares are in [0, 1] and each row adds up to 1 within 1e-5 (float16: 4e-3); one-hot rows are a case of this.
    eta : array_like (n, K), K >= 1
    sample_weight : array_like (n,), optional
        See `log_loss`.
    n_threads : int, optional
        See `expit`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If an argument does not hold real numbers, or y (n,) no integers.
    ValueError
        If shapes do not fit, there are no rows, or a label or weight is out of its range or NaN.
    """
    labels, shares, eta, weight = many_class_arguments(y, eta, sample_weight)
    threads = thread_count(n_threads, eta.size)
    block = _softmax.rows_per_block(eta.shape[1])

    def sums(weight_scale, scale):
        numbers = (sum_tolerance(shares), weight_scale, scale)
        found = run_blocks(
            _softmax.cross_entropy, (labels, shares, eta, weight), None, numbers, block, threads, np.int64
        )
        check_weights(weight, found)
        check_shares(shares, found)
        return found[_softmax.LOSS], len(eta) if weight is None else found[_softmax.MASS]

    return weighted_mean(sums, len(eta), weight)


def cross_entropy_gradient(y, eta, sample_weight=None, *, n_threads=None):
    """Derivative of `cross_entropy` in eta: g_ij = w_i / sum(w) * (s_i softmax(eta_i)_j - y_ij), s_i = sum_j y_ij.

    Where a probability is near 1, its distance from 1 is taken from the other ones.  Parameters and errors are those
    of `cross_entropy`.

    Returns
    -------
    ndarray (n, K), C order
        float32 if eta is float32 or float16, else float64.
    """
    labels, shares, eta, weight = many_class_arguments(y, eta, sample_weight)
    threads = thread_count(n_threads, eta.size)
    out = np.empty(eta.shape, result_dtype(eta))
    numbers = (sum_tolerance(shares), *normalisation(weight, len(eta), threads))
    block = _softmax.rows_per_block(eta.shape[1])
    found = run_blocks(
        _softmax.cross_entropy_gradient, (labels, shares, eta, weight), out, numbers, block, threads, np.int64
    )
    check_shares(shares, found)
    return out


def cross_entropy_hessian_product(y, eta, V, sample_weight=None, *, n_threads=None):
    """Product of the Hessian of `cross_entropy` in eta with V.

    With p_i = softmax(eta_i), row i is w_i / sum(w) * s_i * p_ij (V_ij - sum_k p_ik V_ik), s_i = sum_j y_ij; V_ij is
    taken relative to its value in the likeliest class, which changes nothing but the rounding.

    Parameters
    ----------
    y, eta, sample_weight, n_threads
        See `cross_entropy`.
    V : array_like (n, K)

    Returns
    -------
    ndarray (n, K), C order
        float32 if eta is float32 or float16, else float64.

    Raises
    ------
    TypeError, ValueError
        See `cross_entropy`.
    """
    V = real_array("V", V)
    labels, shares, eta, weight = many_class_arguments(y, eta, sample_weight)
    check_shape("V", V, eta.shape)
    threads = thread_count(n_threads, eta.size)
    out = np.empty(eta.shape, result_dtype(eta))
    numbers = (sum_tolerance(shares), *normalisation(weight, len(eta), threads))
    block = _softmax.rows_per_block(eta.shape[1])
    columns = (labels, shares, eta, weight, V)
    found = run_blocks(_softmax.cross_entropy_hessian_product, columns, out, numbers, block, threads, np.int64)
    check_shares(shares, found)
    return out
