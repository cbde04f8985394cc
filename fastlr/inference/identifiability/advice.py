"""Advice for fits that have ended short of the optimum."""

import numpy as np

from fastlr.inference.identifiability.findings import far_from_zero, uneven_scales
from fastlr.solvers.result import Status

#: Ratio of the scales of two columns from which they are worth a word.
UNEVEN = 1e4
#: Squared mean over variance of a column from which it is worth a word where no intercept stands beside it.
FAR = 1e4

_ADVICE = {
    Status.PRECISION_LIMIT: "",
    Status.MAX_ITER: "",
    Status.LINE_SEARCH_FAILED: "Increase tol (rounding may hide what is left to gain) or try another solver.",
    Status.NUMERICAL_ERROR: "Look for huge entries in X, sample_weight and offset.",
}


def advice(result, objective, columns=None):
    """Advice in sentences; "" where the fit ended otherwise or its message says it already.

    Parameters
    ----------
    columns : ndarray of int, optional
        The numbers that the objective's columns have in X.
    """
    if result.status not in _ADVICE or result.target == 0.0:
        return ""
    scales = "" if result.status is Status.PRECISION_LIMIT else _about_scales(objective, columns)
    return " ".join(filter(None, (_ADVICE[result.status], scales, _about_offsets(objective, columns))))


def _about_offsets(objective, columns):
    """A hint if columns lie far from zero without an intercept: two passes, or none."""
    if objective.fit_intercept:
        return ""
    rows = objective.rows
    rows.counter.entries_read += 2 * rows.matrix.nnz
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = rows.matrix.column_moments(rows.loss.weight_of_rows())
        far = np.flatnonzero((mean * mean > FAR * variance) & (variance > 0.0))
    if not len(far):
        return ""
    return f"{far_from_zero(far if columns is None else columns[far])}: fit an intercept, or centre or rescale them."


def _about_scales(objective, columns):
    """A hint if root mean squares of columns differ by orders of magnitude: one pass."""
    rows = objective.rows
    rows.counter.entries_read += rows.matrix.nnz
    with np.errstate(over="ignore", invalid="ignore"):
        scales = np.sqrt(rows.matrix.squares(rows.loss.weight_of_rows()))
    used = np.flatnonzero(scales > 0.0)
    if not len(used):
        return ""
    small, large = used[np.argmin(scales[used])], used[np.argmax(scales[used])]
    if not scales[large] > UNEVEN * scales[small]:
        return ""
    pair = (int(j if columns is None else columns[j]) for j in (small, large))
    remark = "" if objective.penalty.has_l1 or objective.penalty.has_l2 else " (without a penalty the fit is the same)"
    return (
        f"{uneven_scales(*pair)} by a factor of {scales[large] / scales[small]:.1g}: standardise the "
        f"columns of X, dividing each by its standard deviation{remark}."
    )
