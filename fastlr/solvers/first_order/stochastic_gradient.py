"""Stochastic gradients of blocks of rows, with their variance reduced by full gradients."""

import numpy as np

from fastlr.matrix import RowBlocks
from fastlr.objective.logistic import LogisticObjective
from fastlr.solvers.first_order.gradient_descent import lipschitz
from fastlr.solvers.parts.extrapolation import ExtrapolatedGap
from fastlr.solvers.result import Status

#: Blocks of rows: how many there are at least and at most, and the fewest entries that a block is worth.  Blocks hold
#: at least as many entries as X has columns, so that vectors over columns cost no more than X.
FEWEST, MOST = 16, 128
ENTRIES = 1024
#: Sweeps over all blocks between two full gradients.
SWEEPS = 2
#: Blocks whose Lipschitz constants are found.
PROBED = 4
SEED = 0
#: Lipschitz constants that mean no curvature.
FLAT = 1e-300
_EPS = np.finfo(float).eps


def solve(objective, coef, intercept, monitor):
    """Minimise by proximal stochastic gradients with variance reduction (Johnson, Zhang 2013, SVRG; Xiao, Zhang 2014,
    Prox-SVRG), in blocks of consecutive rows, visited in random order (always the same one):

        v = gradient(w~) + m (gradient_B(w) - gradient_B(w~)),    w <- prox(w - v / L)

    with w~ the last point at which all rows were read, gradient_B the share of block B in the gradient and m the number
    of blocks.  The mean of v over the blocks is the gradient at w, and its variance vanishes as w and w~ approach the
    optimum: the step needs no decrease, and convergence is linear.  A full gradient is due after two sweeps over the
    blocks; it makes the certificate, and such an epoch counts as an iteration.  It costs two passes for the sweeps and
    one (no intercept) or two for the full gradient.

    For blocks drawn independently, steps h < 1 / (4 L) and the mean of the k inner points as next w~, Xiao and Zhang
    (theorem 3.1) have for mu-strongly convex objectives, in expectation,

        f(w~+) - f* <= rho (f(w~) - f*),    rho = 1 / (mu h (1 - 4 L h) k) + 4 L h (k + 1) / ((1 - 4 L h) k)

    so that O((m + L / mu) log(1 / eps)) readings of a block suffice, where gradient descent takes O(m L / mu log(1 /
    eps)).  What is done here is what works better in practice and is not covered by the theorem: each sweep visits
    every block once, the step is 1 / L, and the last inner point is the next w~, which keeps the zeros of l1.
    Therefore an epoch is taken back where it has not lowered the objective, and L doubles.

    L is the largest Lipschitz constant of the mean gradient of a block, of four blocks looked at.  A free intercept
    follows the coefficients in the sweeps, as if columns had mean zero, and is optimal at each w~.  Columns of
    different scales make the method slow.  Where some coefficients have no penalty it stops on the estimate of
    gradient_descent.

    Parameters
    ----------
    objective : LogisticObjective over dense or CSR X
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    extrapolated_gap, epochs = ExtrapolatedGap(objective, monitor.target), None
    while not monitor.finished(point, extrapolated_gap.at(point)):
        if extrapolated_gap.stalled:
            monitor.stalled()
            break
        epochs = Epochs(objective, point) if epochs is None else epochs
        point = epochs.after(point)
        if point is None:
            monitor.fail(Status.LINE_SEARCH_FAILED, "No epoch of stochastic gradient steps lowers the objective")
            break
    return monitor.result()


def n_blocks(matrix):
    """Number of blocks of rows."""
    n, p = matrix.shape
    return min(n, MOST, max(FEWEST, matrix.nnz // max(p, ENTRIES)))


class Epochs:
    """Sweeps over blocks of rows, from one full gradient to the next.

    Parameters
    ----------
    objective : LogisticObjective
    point : Point
        Where the fit begins.
    """

    def __init__(self, objective, point):
        self._objective = objective
        self._blocks = RowBlocks(objective.rows, n_blocks(objective.rows.matrix))
        self._random = np.random.default_rng(SEED)
        self._centre = objective.column_means(objective.steepest(point))
        self._lipschitz = self._largest_constant(point)

    def _largest_constant(self, point):
        """The largest Lipschitz constant of the mean gradients of a few blocks; that of all rows where these are equal
        within each of them, and curve nothing beside a free intercept."""
        penalty, fit_intercept = self._objective.penalty, self._objective.fit_intercept
        probed = self._blocks.rows[:: max(1, len(self._blocks) // PROBED)]
        largest = max(lipschitz(LogisticObjective(rows, penalty, fit_intercept), point) for rows in probed)
        return largest if largest > FLAT else lipschitz(self._objective, point)

    def after(self, point, max_doublings=60):
        """The Point after an epoch; None if no step length lowers the objective."""
        self._blocks.anchor(point.state)
        noise = 4.0 * _EPS * abs(point.value)
        for _ in range(max_doublings):
            coef = self._sweeps(point)
            moved = self._objective.at(coef, self._intercept(point, coef - point.coef))
            if moved.value <= point.value + noise:
                return moved
            self._lipschitz *= 2.0
        return None

    def _sweeps(self, anchor):
        """The coefficients after the sweeps that follow a full gradient."""
        coef = anchor.coef
        for _ in range(SWEEPS):
            for k in self._random.permutation(len(self._blocks)):
                step = coef - anchor.coef
                change, total = self._blocks.change(k, coef, self._intercept(anchor, step))
                weight = len(self._blocks) * self._blocks.shares[k]
                gradient = anchor.gradient + self._objective.penalty.l2 * step
                gradient += weight * (change - total * self._centre)
                coef = self._objective.penalty.prox(coef - gradient / self._lipschitz, 1.0 / self._lipschitz)
        return coef

    def _intercept(self, anchor, step):
        """The intercept that goes with a step from the anchor."""
        return anchor.intercept - float(np.sum(self._centre * step))
