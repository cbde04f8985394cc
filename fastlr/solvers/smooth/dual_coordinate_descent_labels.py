"""L2 with more columns than rows, several labels at once: coordinate ascent on their duals."""

import numpy as np

from fastlr.solvers.monitor import Measures
from fastlr.solvers.smooth.dual_coordinate_descent import EPOCHS, PROGRESS

_EPS = np.finfo(float).eps


def ascend(duals, monitors, mean_weight):
    """Maximise all duals by epochs that they share, until their monitors say that the fits are finished.

    What `dual_coordinate_descent.solve` does for one label: gaps are computed when the gains foretell that those of
    half the labels left are small enough.  Labels that are finished drop out.

    Parameters
    ----------
    duals : fastlr.objective.dual_l2_labels.LabelDuals
    monitors : sequence of K Monitor
        With null values; objectives and gaps there are those of `duals` divided by `mean_weight`.
    mean_weight : ndarray of shape (K,)

    Returns
    -------
    dict
        Where the gains do not shrink, as under weak penalties: (coef (p,), intercept) by label, to go on from.
    """
    best = [_Best(monitor, m) for monitor, m in zip(monitors, mean_weight, strict=True)]
    live = np.array([k for k, one in enumerate(best) if not one.finished(duals.start, k)], dtype=np.intp)
    left = {}
    duals.keep(live)
    while len(live):
        goal = np.array([best[k].goal for k in live])
        ready, slow = _epochs(duals, goal)
        points = duals.points(ready)
        ended = np.zeros(len(live), dtype=bool)
        for position, index in enumerate(ready):
            k = live[index]
            ended[index] = best[k].finished(points, position)
            if slow[index] and not ended[index]:
                left[k] = best[k].where
                ended[index] = True
        duals.keep(np.flatnonzero(~ended))
        live = live[~ended]
    return left


def _epochs(duals, goal):
    """Epochs until half the gaps are foretold to be at most `goal`, EPOCHS at the most; which ones to look at, and
    whether their gains fell too slowly."""
    before = duals.gain
    slow = np.zeros(len(goal), dtype=bool)
    for _ in range(EPOCHS):
        duals.epoch()
        ready = np.flatnonzero(duals.foretold <= goal)
        if 2 * len(ready) >= len(goal):
            return ready, slow
    return np.arange(len(goal)), (duals.gain > PROGRESS * before) & (duals.foretold > goal)


class _Best:
    """The point of least value that one label has reached; see dual_coordinate_descent.better."""

    def __init__(self, monitor, mean_weight):
        self._monitor = monitor
        self._mean_weight = float(mean_weight)
        self._measures = None
        self._handle = None

    @property
    def goal(self):
        """The gap to reach."""
        return self._mean_weight * max(self._monitor.target, self._measures.rounding)

    @property
    def where(self):
        """(coef (p,), intercept)."""
        points, position = self._handle
        return points.coefficients[position], float(points.intercept[position])

    def finished(self, points, position):
        """Take note of a point; whether the fit ends."""
        new = Measures(
            *(float(part[position]) / self._mean_weight for part in (points.value, points.gap)),
            *(float(part[position]) / self._mean_weight for part in (points.rounding, points.optimality)),
            int(points.nonzeros[position]),
        )
        old = self._measures
        if old is None or new.objective <= old.objective:
            self._measures, self._handle = new, (points, position)
        else:
            shared = new.gap - (new.objective - old.objective)  # at the old point, for the dual point of the new one
            hidden = new.rounding + 4.0 * _EPS * (abs(new.objective) + abs(old.objective))
            self._measures = old._replace(gap=min(old.gap, max(0.0, shared) + hidden))
        points, position = self._handle
        self._monitor.record(self._measures)
        return self._monitor.ends_at(self._handle, float(points.intercept[position]))
