"""glmnet's standardisation: a penalty that acts on columns of unit variance, without touching X.

On columns x_j / sd_j with coefficients c_j = sd_j w_j the penalty is

    sum_j l1_j |c_j| + l2_j c_j^2 / 2  =  sum_j (l1_j sd_j) |w_j| + (l2_j sd_j^2) w_j^2 / 2,

so that strengths are all that changes: X is used as it is, sparse or not, and coefficients are on its scale.  sd_j is
the weighted population standard deviation around the mean, with and without an intercept, as in glmnet.

A constant column has sd_j = 0, which would leave it without a penalty.  glmnet leaves it out, and so do we: with an
intercept it adds nothing, and without one it would be an intercept in disguise.  It is held at zero by a strength of
its own.  With weights of sum one and residuals below 1 in size the gradient of its coefficient is at most its value c:

    under l1     a strength of 2 |c| makes zero the optimum, exactly
    without l1   an l2 of 2^70 c^2 leaves at most |1 / (2^70 c)|, whose removal changes the objective by less than
                 2^-70, far below its rounding

Either objective coincides with that of the model without the column where its coefficient is zero, and is nowhere above
it otherwise, so that a duality gap bounds the suboptimality among the models without it too.
"""

import numpy as np

from fastlr.validation.cells import column

_HOLD = 2.0**70


def standardized_strengths(l1, l2, mean, variance, limits=None, names=None):
    """Strengths for the columns as they are that act like `l1` and `l2` on columns of unit variance.

    Parameters
    ----------
    l1, l2 : float or ndarray of shape (p, 1)
    mean, variance : ndarray of shape (p,)
        Weighted moments of the columns; variance 0 exactly where a column is constant.
    limits : (lower, upper), optional
        Bounds of the coefficients, each a float or (p, 1).
    names : sequence, optional
        Of the columns, for errors.

    Returns
    -------
    l1, l2 : ndarray of shape (p, 1)
    fixed_zero : ndarray of shape (p,), bool
        The constant columns, whose coefficients are to be zero.

    Raises
    ------
    ValueError
        If the bounds keep such a column from zero.
    """
    fixed_zero = variance == 0.0
    if limits is not None:
        _check_zero_is_allowed(fixed_zero, *limits, names)
    size = np.where(mean == 0.0, 1.0, np.abs(mean))[fixed_zero, None]
    has_l1 = np.any(l1)
    variance = variance[:, None]
    l1, l2 = l1 * np.sqrt(variance), l2 * variance
    if has_l1:
        l1[fixed_zero] = 2.0 * size
    else:
        l2[fixed_zero] = _HOLD * size * size
    return l1, l2, fixed_zero


def _check_zero_is_allowed(fixed_zero, lower, upper, names):
    """Raise ValueError where bounds exclude zero for a constant column."""
    away = np.flatnonzero(fixed_zero & np.ravel((lower > 0.0) | (upper < 0.0)))
    if len(away):
        raise ValueError(
            f"bounds keep the coefficient of {column(int(away[0]), names)}, which is constant, from zero: "
            "standardize=True leaves constant columns out"
        )
