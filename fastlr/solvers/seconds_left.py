"""Seconds until a fit ends, estimated from the fall of its gaps."""

import math

#: Points of a history that the rate is taken from, at most.
MOST_POINTS = 20


def seconds_left(history):
    """Seconds until the gap reaches its target, if it goes on falling at the rate of the last points: an estimate.

    The rate is the slope of the least-squares line through log gap against elapsed time over the later half of the
    points, two of them at least and the last twenty at most; what is left is  log(gap / target) / rate.  First-order
    methods fall at a steady rate, for which this is right; Newton's method falls faster and faster, and ends sooner.
    Limits on time and iterations are not looked at.

    Parameters
    ----------
    history : sequence of Progress
        Of one fit.

    Returns
    -------
    float
        0 where the target is reached; NaN with fewer than two points, where gaps did not fall or no time has passed
        between the points, and where a gap is not finite or the target is zero.
    """
    if not history:
        return math.nan
    last = history[-1]
    if last.gap <= last.target:
        return 0.0
    points = history[-min(MOST_POINTS, max(2, (len(history) + 1) // 2)) :]
    if len(points) < 2 or not last.target > 0.0 or not all(0.0 < point.gap < math.inf for point in points):
        return math.nan
    slope = _slope([point.elapsed for point in points], [math.log(point.gap) for point in points])
    return math.log(last.gap / last.target) / -slope if slope < 0.0 else math.nan


def _slope(x, y):
    """Slope of the least-squares line through (x, y); NaN where all x are the same."""
    middle = sum(x) / len(x)
    spread = sum((each - middle) ** 2 for each in x)
    return sum((each - middle) * value for each, value in zip(x, y, strict=True)) / spread if spread > 0.0 else math.nan
