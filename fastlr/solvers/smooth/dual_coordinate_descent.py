"""L2 with more columns than rows: coordinate ascent on the dual."""

import math
from dataclasses import replace

import numpy as np

from fastlr.objective.dual_l2 import Dual
from fastlr.solvers.smooth import newton_cg

_EPS = np.finfo(float).eps
#: Epochs between two looks at the clock and the callback.
EPOCHS = 10
#: Share to which ten epochs must lower the gain of an epoch; elsewhere truncated Newton is faster.
PROGRESS = 0.1
#: The reason in the message then.
SLOW = "gained too little"
#: Mean of |x_i|^2 / (n l2), C for rows of norm one, up to which it pays: at 100 it takes half the passes of
#: truncated Newton, at 10,000 it does not converge.
STRONGEST_COUPLING = 120.0
#: Share of nonzero entries up to which X counts as sparse here; dense X has not been measured.
SPARSE = 0.1


def suits(matrix, penalty):
    """Why it should be chosen: rows are sparse, columns outnumber them, the penalty is not weak; "" elsewhere."""
    n, p = matrix.shape
    if not (matrix.can_visit_rows and penalty.covers_all and not penalty.has_l1 and p > n):
        return ""
    if matrix.nnz > SPARSE * n * p:
        return ""
    if matrix.mean_norm(penalty.l2[:, 0]) > STRONGEST_COUPLING * n:
        return ""
    return "X is sparse with more columns than rows and the penalty is not weak, where ascent on the dual is fastest"


def solve(objective, coef, intercept, monitor):
    """Minimise under L2 by coordinate ascent on the dual (Shalev-Shwartz, Zhang 2013; Yu, Huang, Lin 2011).

    One row after the other, in random order, the dual is maximised in the row's own variable; the weights that belong
    to the dual point are kept up to date.  Two blocks of rows run at the same time, each on the assumption that the
    other does to the weights what it does itself (see kernels/dual_ascent.pyx).  The duality gap is computed when the
    gains of the epochs, which shrink geometrically, foretell that it is small enough.  Where they do not shrink, as
    under weak penalties, truncated Newton steps finish the fit.

    Parameters
    ----------
    objective : LogisticObjective under l2 alone, every coefficient penalised, over a matrix that can visit its rows
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    dual = None
    while not monitor.finished(point):
        dual = dual or Dual(objective, point)
        goal = max(monitor.target, monitor.rounding)
        progress = ascend(dual, goal)
        new = dual.point()
        point = better(point, new, objective.rounding(new))
        if not progress:
            monitor.remark_change("newton_cg", SLOW)
            return newton_cg.minimise(objective, point, monitor)
    return monitor.result()


def ascend(dual, goal):
    """Epochs until the gap left is foretold to be at most `goal`, EPOCHS at the most; whether they were worth while."""
    before = dual.gain
    for _ in range(EPOCHS):
        dual.epoch()
        if dual.foretold <= goal:
            return True
    return bool(dual.gain <= PROGRESS * before)


def better(old, new, rounding):
    """The point of smaller value, with the smaller gap; dual ascent does not lower the primal objective steadily.

    `rounding` is what rounding may hide of the new gap; that of the difference of values comes on top.
    """
    if new.value <= old.value:
        return new
    shared = new.gap - (new.value - old.value)  # the gap at the old point for the dual point of the new one
    hidden = rounding + 4.0 * _EPS * (abs(new.value) + abs(old.value))
    return replace(old, gap=min(old.gap, max(0.0, shared) + hidden)) if math.isfinite(shared) else old
