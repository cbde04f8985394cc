"""Columns whose coefficients an l1 penalty makes zero at every optimum, left out before a solver runs."""

import numpy as np

from fastlr.presolve.duplicates import first_of_equal
from fastlr.presolve.merging import ColumnMap

#: Sentence in the message of a result.
LEFT_OUT = "l1 holds all but {left} of {p} columns at zero for certain, and these were left out beforehand."
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
    rows : fastlr.matrix.Rows
    penalty : fastlr.penalties.elastic_net.ElasticNet

    Returns
    -------
    rows, penalty
        Of the columns left.
    columns : ndarray of int, or None
        Their sorted numbers; None if all are left.

    Raises
    ------
    ValueError
        If X holds NaN or infinity.
    """
    if not penalty.has_l1:
        return rows, penalty, None
    may_be_zero = (penalty.lower[:, 0] <= 0.0) & (penalty.upper[:, 0] >= 0.0)
    columns = columns_left(rows, np.where(may_be_zero, penalty.l1[:, 0], 0.0))
    if columns is None or rows.share(columns) > SMALL_SHARE:
        return rows, penalty, None
    return rows.select(columns), penalty.restrict(columns), columns


def screen_classes(rows, l1, l2, reach):
    """The same for a softmax fit, whose gradients and coefficients hold K numbers for each column: where that leaves a
    small part of X or of its columns.  Under l1 alone one of equal columns is left; see duplicates.py.

    Parameters
    ----------
    rows : fastlr.matrix.ClassRows
    l1, l2 : float or ndarray of shape (p, 1)
    reach : float
        Bound on the size of what l1 weighs of a residual of weight one: 1 for |r_ik|, the square root of 2 for the norm
        of all classes, that of p_i - y_i.

    Returns
    -------
    rows
        Of the columns left.
    columns : ndarray of int
        Their sorted numbers.
    column_map : fastlr.matrix.ColumnMap
        From all columns to these, and back.
    """
    p = rows.matrix.shape[1]
    strength = np.broadcast_to(np.asarray(l1).reshape(-1), (p,))
    columns = columns_left(rows, strength / reach) if np.any(l1) else None
    if columns is None or (rows.share(columns) > SMALL_SHARE and len(columns) > SMALL_SHARE * p):
        return rows, np.arange(p), ColumnMap.of_all(p)
    left = rows.select(columns)
    leader = np.arange(len(columns)) if np.any(l2) else first_of_equal(left, strength[columns])
    stay = leader == np.arange(len(columns))
    if not stay.all():
        left = None  # lets go of one copy before the next is made
        left = rows.select(columns[stay])
    target, into, share = np.zeros(p, dtype=np.intp), np.zeros(p), np.zeros(p)
    target[columns], into[columns] = (np.cumsum(stay) - 1)[leader], 1.0
    share[columns[stay]] = 1.0
    return left, columns[stay], ColumnMap(int(stay.sum()), target, share, into)


def columns_left(rows, strength):
    """Sorted numbers of the columns with  sum_i s_i |x_ij| >= strength_j, one at least; None where it is not worth
    asking."""
    bounds = rows.absolute_sums() if rows.matrix.shape[1] > FEW_COLUMNS else None
    if bounds is None:
        return None
    if not np.isfinite(bounds).all():
        rows.check_finite(bounds)  # names the place, which is another one once columns are left out
    excluded = bounds < strength
    excluded[np.argmax(bounds)] = False
    return np.flatnonzero(~excluded)
