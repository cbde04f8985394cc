"""The dual of an L2-penalised logistic objective.

For u in [0, 1]^n let r = u - y and w(u) = -L^-1 X'(s r), L = diag(l2).  The dual is largest where

    sum_i s_i [u_i log u_i + (1 - u_i) log(1 - u_i) - offset_i r_i] + w(u)' L w(u) / 2

is least, with an intercept subject to sum_i s_i r_i = 0; there u = sigma(X w(u) + intercept + offset).  At every u that
meets the constraint the duality gap of w(u) is, without a difference of large numbers,

    sum_i s_i KL(u_i || sigma(eta_i)),      eta = X w(u) + intercept + offset.

The intercept is a column of ones with a weak penalty whose pull the method of multipliers takes away, one step an epoch
(Bertsekas 1982): ascent need not keep the constraint, and a point is made to meet it when it is certified.
"""

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.linalg.broadcast import is_one_number
from fastlr.objective.rounding import OF_DIVERGENCES

#: Share of the mean squared norm of the rows that the column of ones adds.  Smaller shares meet the constraint late,
#: larger ones couple all rows.  (Measured, epochs to 1e-6 on text-20k-47k, 20newsgroups and reuters21578: 5 to 6 with
#: shares from 0.02 to 0.07, as without an intercept; with 0.005 and with 0.7 up to 10 and more.)
INTERCEPT_SHARE = 0.03
#: Halvings of the scale of the first dual point.
HALVINGS = 60


class Dual:
    """Dual coordinate ascent on the rows of an objective, from one of its points on.

    Parameters
    ----------
    objective : LogisticObjective
        Every coefficient penalised by l2, none by l1; the matrix can visit its rows.
    point : Point
    """

    def __init__(self, objective, point):
        self.objective = objective
        rows, l2 = objective.rows, objective.penalty.l2
        uniform = is_one_number(l2)
        inverse = np.broadcast_to(1.0 / l2[0, 0], (len(l2),)) if uniform else 1.0 / l2[:, 0]
        self._rows = rows.dual_rows(inverse)
        self._free = INTERCEPT_SHARE * float(np.mean(self._rows.norms)) if objective.fit_intercept else 0.0
        adjoint = point.gradient - l2 * point.coef
        #: Gain of the dual by the last epoch, an estimate; before the first one the whole gap.
        scale, self.gain = self._best_scale(point, adjoint)
        #: The gap after the last epoch, extrapolated from the gains; inf while they do not shrink.
        self.foretold = np.inf
        self._state = rows.dual_state(self._rows, point.state, scale, -scale * adjoint / l2, point.intercept)

    def _best_scale(self, point, adjoint):
        """The t in {1, 1/2, 1/4...} at which  y + t (sigma(eta) - y)  is the best dual point, and its gap: no pass.

        The columns' share of the gap,  |t adjoint + l2 w|^2 / (2 l2),  is a quadratic function of t.
        """
        penalty, rows = self.objective.penalty, self.objective.rows
        at_zero, curvature = penalty.smooth(point.coef), penalty.smooth_gap(adjoint)
        slope = float(linalg_vector.dot(point.coef, adjoint, self.objective.n_threads).sum())

        def gap(t):
            return rows.divergence(point.state, scale=t)[0] + at_zero + t * (slope + t * curvature)

        t, least = 1.0, gap(1.0)
        for _ in range(HALVINGS):
            half = gap(0.5 * t)
            if not half < least:
                break
            t, least = 0.5 * t, half
        return t, least

    def epoch(self):
        """Maximise in each row once: about one pass.

        If gains shrink by a factor q, those to come add up to gain q / (1 - q); the primal is about as far from the
        optimum as the dual.
        """
        before, self.gain = self.gain, self.objective.rows.dual_epoch(self._rows, self._state, self._free)
        self.foretold = 2.0 * self.gain * self.gain / (before - self.gain) if self.gain < before else np.inf

    def point(self):
        """The Point at w(u), with the gap that u certifies."""
        objective, rows = self.objective, self.objective.rows
        feasible = rows.as_state(self._state)
        if objective.fit_intercept:
            rows.optimise_intercept(feasible)
        _, adjoint, _ = rows.gradient(feasible, False)
        point = objective.point(-adjoint / objective.penalty.l2, float(self._state.weights[0, -1]))
        bound = rows.divergence_between(feasible, point.state)
        if np.isfinite(bound):
            point.gap = min(point.gap, max(0.0, bound) + OF_DIVERGENCES)
        return point
