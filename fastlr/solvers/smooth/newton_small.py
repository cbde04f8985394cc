"""Exact Newton for small L2-penalised and unpenalised fits, compiled as a whole."""

import numpy as np

from fastlr.kernels import newton_small
from fastlr.solvers.monitor import Measures
from fastlr.solvers.parts.newton_decrement import newton_decrement
from fastlr.solvers.smooth import newton_cg

#: Entries of X up to which one thread is enough, and multiplications for a Hessian and its factor up to which they beat
#: conjugate gradients (measured: docs/design/decisions/newton.md).  Where rows are fewer than columns newton_cg works
#: in the space of the rows.
MOST_ENTRIES = 200_000
MOST_WORK, MOST_WORK_IF_WIDE = 5_000_000, 1_250_000
#: Iterations that are run before the monitor hears of them.
AT_A_TIME = 32
#: Column of a record that holds the decrement.
DECREMENT = newton_small.RECORD.index("decrement")
#: Why it does not go on, by the outcome of its iterations; it may also have ended where the monitor sees no end.
WHY = {
    "singular": "met a singular Hessian",
    "no descent": "found no step that lowers the objective",
    "not finite": "met numbers that are not finite",
    "finished": "saw no more to gain",
    "lost digits": "saw no more to gain",
    "moved far": "took steps that a few rows far from the others kept short",
}


def suits(matrix, penalty):
    """Why "auto" should take it: the layout is known to it and the problem is small."""
    n, p = matrix.shape
    work = matrix.nnz * (matrix.nnz / n + 1.0) / 2.0 + p**3 / 4.0  # p^3 / 6, on shorter vectors
    most = MOST_WORK if p <= n else MOST_WORK_IF_WIDE
    small = not penalty.has_l1 and matrix.can_iterate and matrix.nnz <= MOST_ENTRIES and work <= most
    return "the problem is small and is fitted in one compiled call" if small else ""


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective by Newton-Raphson steps with a Cholesky factor of the Hessian.

    Each iteration: the Hessian, a backtracking line search on the cached X d of the step, the gradient at the new
    point; the intercept is eliminated as everywhere.  All iterations run in one compiled call, unless a callback or a
    time limit wants to hear of each.  Where the Hessian is singular (unpenalised collinear columns, say) newton_cg goes
    on from the point reached.

    Parameters
    ----------
    objective : LogisticObjective without l1, over dense or CSR rows in memory
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    if monitor.reached_a_point:
        if monitor.solver != "newton_cg":
            monitor.hand_over("newton_cg", "made little of many steps")
        return newton_cg.solve(objective, coef, intercept, monitor)
    rows, controls = objective.rows, monitor.controls
    watched = controls.callback is not None or controls.time_limit is not None
    records, scratch = np.empty((1 if watched else AT_A_TIME, 8)), rows.newton_scratch()
    moving, done, outcome = coef[:, 0].copy(), 0, "running"
    while outcome == "running":
        room = records[: controls.max_iter + 1 - done]
        outcome, filled, monitor.null_value = rows.newton_iterations(
            objective.penalty, objective.fit_intercept, controls.tol, (moving, intercept), done, room, scratch
        )
        if filled:
            done += filled
            coef = moving[:, None].copy()
            intercept = float(room[filled - 1, 0])
            if outcome == "moved far":
                room[filled - 1, DECREMENT] = newton_decrement(objective, objective.at(coef, intercept))
            _enter(room[:filled].tolist(), rows, monitor)
            monitor.is_near = outcome == "finished" and done > 1
            if monitor.ends_at(coef, intercept):
                return monitor.result()
    if done == 0:  # X, or what came of it, is not finite
        rows.check_finite(np.full(1, np.nan))
    monitor.hand_over("newton_cg", WHY[outcome])
    return newton_cg.solve(objective, coef, intercept, monitor)


def _enter(records, rows, monitor):
    """Tell the monitor of the points passed."""
    for _, value, gap, decrement, rounding, optimality, nonzeros, reads in records:
        rows.count_reads(reads)
        measures = Measures(value, gap, rounding, optimality, int(nonzeros))
        monitor.record(measures, None if decrement != decrement else decrement)
