"""Suboptimality of first-order methods where no gap bounds it, extrapolated from their gains."""

import numpy as np

from fastlr.solvers.parts.newton_decrement import newton_decrement

#: Points without a gain, at least, after which a fit is said to have stalled: accelerated methods gain in waves.
PATIENCE = 20
#: Factor by which the number of points must grow before the Newton decrement is computed again.
GROWTH = 1.25


class ExtrapolatedGap:
    """The suboptimality, extrapolated from the gains of the steps so far, where there is no gap.

    Where it says that the fit may end, the Newton decrement at the point decides.

    Parameters
    ----------
    objective : LogisticObjective
    target : float
        Suboptimality to reach.
    """

    def __init__(self, objective, target):
        self._objective = objective
        self._target = target
        self._values = []
        self._checked = 0

    def at(self, point):
        """The estimate at the next point; inf as long as little is known; None where a gap is known."""
        self._values.append(point.value)
        if np.isfinite(point.gap):
            return None
        left = extrapolated(self._values)
        due = len(self._values) >= GROWTH * self._checked
        if due and (left <= self._target or self.stalled):
            self._checked = len(self._values)
            return newton_decrement(self._objective, point)
        return left if left > self._target else np.inf

    @property
    def stalled(self):
        """Whether the last quarter of all points, PATIENCE at least, has gained nothing: rounding hides the gains."""
        window = max(PATIENCE, len(self._values) // 4)
        return len(self._values) > 2 * window and min(self._values[-window:]) >= min(self._values[:-window])

    def forget(self):
        """Begin anew: the objective has risen."""
        self._values.clear()


def extrapolated(values):
    """The sum of all gains to come if they go on shrinking as they did (linear convergence); inf below ten values.

    The last quarter of all values is compared with the quarter before it, at least five each, since accelerated methods
    gain in waves; shorter windows, of a half and a quarter of that, notice when a fast beginning is over.  The largest
    of the three estimates counts.
    """
    window = max(5, len(values) // 4)
    if len(values) <= 2 * window:
        return np.inf
    return max(_from_windows_of(values, length) for length in (window, window // 2, window // 4))


def _from_windows_of(values, length):
    before, middle, value = values[-1 - 2 * length], values[-1 - length], values[-1]
    earlier, later = before - middle, middle - value
    return later * later / (earlier - later) if 0.0 < later < earlier else np.inf
