"""How far a first-order method still has to go, told from its gains: where no gap bounds it."""

import numpy as np


class Remaining:
    """How far the objective may still fall, if gains go on shrinking as they did: an estimate for linear convergence.

    The last quarter of all points is compared with the quarter before it, at least five points each, since accelerated
    methods gain in waves; shorter windows, of a half and a quarter of that, notice when a fast beginning is over.  The
    largest of the three estimates counts.
    """

    def __init__(self):
        self._values = []

    def after(self, value):
        """The estimate at the next point; inf until ten points are known, or where gains do not shrink."""
        self._values.append(value)
        window = max(5, len(self._values) // 4)
        if len(self._values) <= 2 * window:
            return np.inf
        return max(self._from_windows_of(length) for length in (window, window // 2, window // 4))

    def _from_windows_of(self, length):
        before, middle, value = self._values[-1 - 2 * length], self._values[-1 - length], self._values[-1]
        earlier, later = before - middle, middle - value
        if later == 0.0:
            return 0.0
        return later * later / (earlier - later) if 0.0 < later < earlier else np.inf
