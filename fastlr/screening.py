"""Columns that an l1 penalty holds at zero for certain, before any solver runs."""

import numpy as np

#: Columns up to which it is not worth a pass: solvers look at few of them anyway.
FEW_COLUMNS = 512
#: Share of the entries up to which the columns left are copied.
SMALL_SHARE = 0.5


def screen(rows, penalty):
    """Leave out columns whose coefficient is zero at every optimum, where that leaves a small part of X.

    The residual of row i is at most its weight s_i in size, whatever the coefficients.  A coefficient is therefore zero
    if  sum_i s_i |x_ij| < l1_j.  (The signs of the residuals are known as well, and would at best halve that sum, for
    two more passes.)  A duality gap over the columns left is one of the whole problem: the others add nothing to it.

    Parameters
    ----------
    rows : fastlr.design.Rows
    penalty : fastlr.penalty.ElasticNet

    Returns
    -------
    rows, penalty
        Of the columns left.
    kept : ndarray of int, or None
        Their sorted numbers; None if all are left.

    Raises
    ------
    ValueError
        If X holds NaN or infinity.
    """
    if not penalty.has_l1 or rows.design.shape[1] <= FEW_COLUMNS:
        return rows, penalty, None
    bounds = rows.absolute_sums()
    if bounds is None:
        return rows, penalty, None
    if not np.isfinite(bounds).all():
        rows.check_finite(bounds)  # names the place, which is another one once columns are left out
    excluded = (bounds < penalty.l1[:, 0]) & (penalty.lower[:, 0] <= 0.0) & (penalty.upper[:, 0] >= 0.0)
    excluded[np.argmax(bounds)] = False
    kept = np.flatnonzero(~excluded)
    if rows.share(kept) > SMALL_SHARE:
        return rows, penalty, None
    return rows.select(kept), penalty.restrict(kept), kept
