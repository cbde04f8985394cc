"""What K labels' rows do between two products with X."""

import numpy as np

from fastlr.kernels import label_rows


def centre(eta, label, weight, factor, n_threads, max_steps=200):
    """Shifts (K,) that take each column of eta (n, K) to where its loss is least in the intercept.

    Newton's method in one variable for each column, safeguarded as Rows.centre.
    """
    K = eta.shape[1]
    shift, low, high, reach = np.zeros(K), np.full(K, -np.inf), np.full(K, np.inf), np.full(K, 2.0)
    moving = np.ones(K, dtype=bool)
    for _ in range(max_steps):
        first, second = label_rows.slopes(eta, shift, label, weight, factor, n_threads)
        moving &= (first != 0.0) & np.isfinite(first)
        low, high = np.where(first < 0.0, shift, low), np.where(first < 0.0, high, shift)
        whole = np.abs(first) < reach * second
        step = np.where(whole, -first / np.where(whole, second, 1.0), np.copysign(reach, -first))
        reach = np.where(whole, reach, 2.0 * reach)
        proposed = shift + step
        outside = (proposed != shift) & ~((low < proposed) & (proposed < high))
        with np.errstate(invalid="ignore"):
            proposed = np.where(outside, 0.5 * (low + high), proposed)
        moving &= (proposed != low) & (proposed != high)
        shift = np.where(moving, proposed, shift)
        moving &= np.abs(step) > 1e-7  # the error left is its square
        if not moving.any():
            break
    return shift
