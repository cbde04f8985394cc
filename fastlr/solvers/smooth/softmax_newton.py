"""Softmax without l1: quasi-Newton steps as long as they get on, then truncated Newton."""

import math
import sys

from fastlr.solvers.smooth import lbfgs, newton_cg

#: Entries of X for each column from which the memory of a quasi-Newton method costs little beside a pass.
ENTRIES_PER_COLUMN = 100
#: Iterations after which their progress is judged, over how many it is measured, and how many more it may promise.
#: Passes to 1e-6 without and with this start: independent columns (60,000 x 300 x 10) 27 and 12, MNIST 213 and 222.
FIRST, WINDOW, MOST = 5, 3, 12
#: Sentence in the message where they sufficed.
LBFGS = "Chosen automatically: lbfgs, because X has many entries a column and the gaps kept falling fast."


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective of many classes.

    Where columns hardly depend on each other a quasi-Newton method needs as many passes as truncated Newton has outer
    iterations and products; elsewhere it stalls, which the fall of its duality gaps shows in a few iterations.

    Parameters
    ----------
    objective : SoftmaxObjective without l1
    coef : ndarray of shape (p K, 1)
    intercept : float or ndarray of shape (K,)
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    matrix = objective.rows.matrix
    if not objective.is_small and math.isfinite(point.gap) and matrix.nnz >= ENTRIES_PER_COLUMN * matrix.shape[1]:
        choice, monitor.choice = monitor.choice, LBFGS
        monitor.solver = "lbfgs"
        point, _ = lbfgs.minimise(objective, point, monitor, lambda: gets_on(monitor))
        if monitor.status is not None:
            return monitor.result()
        monitor.choice = choice
        monitor.hand_over("newton_cg", "slowed down")
    return newton_cg.minimise(objective, point, monitor)


def truncated(objective, coef, intercept, monitor):
    """The same by truncated Newton alone, for whoever asks for it by name."""
    return newton_cg.minimise(objective, monitor.starting_point(coef, intercept), monitor)


def gets_on(monitor):
    """Whether gaps fall so fast that few more iterations will do."""
    gaps = monitor.gaps
    if len(gaps) <= FIRST:
        return True
    fall = math.log(gaps[-1 - WINDOW] / gaps[-1]) / WINDOW
    return math.log(gaps[-1] / max(monitor.target, sys.float_info.min)) <= MOST * fall
