"""Estimates of the time that a fit will still take."""

import math

import numpy as np
import pytest
from support.callbacks import history
from support.problems import make_problem

from fastlr import Progress, fit_logistic
from fastlr.solvers.seconds_left import MOST_POINTS, seconds_left


@pytest.mark.parametrize("n", [2, 3, 4, 7, 50, 500])
@pytest.mark.parametrize("rate", [0.01, 0.5])
def test_a_steady_fall_is_extrapolated_exactly(n, rate):
    gaps = np.exp(-rate * np.arange(n))
    target = gaps[-1] * np.exp(-rate * 12.5)
    assert seconds_left(history(gaps, target=target)) == pytest.approx(12.5, rel=1e-9)


def test_only_the_later_half_counts():
    gaps = [1.0] * 5 + [0.1, 0.01, 1e-3, 1e-4, 1e-5]
    assert seconds_left(history(gaps, target=1e-7)) == pytest.approx(2.0)


def test_of_a_long_history_the_last_points_count():
    slow = np.exp(-1e-3 * np.arange(200))
    fast = slow[-1] * np.exp(-np.arange(1, MOST_POINTS + 1))
    gaps = [*slow, *fast[:-1], fast[-1]]
    assert seconds_left(history(gaps, target=fast[-1] * np.exp(-3.0))) == pytest.approx(3.0, rel=0.01)


def test_the_rate_is_one_of_seconds_not_of_iterations():
    gaps, times = [1.0, 0.1, 0.01], [0.0, 3.0, 6.0]
    assert seconds_left(history(gaps, times, target=1e-4)) == pytest.approx(6.0)


def test_gaps_that_fall_in_waves_are_smoothed():
    gaps = np.exp(-0.1 * np.arange(60) + np.sin(np.arange(60)))
    left = math.log(gaps[-1] / 1e-9) / 0.1
    assert seconds_left(history(gaps, target=1e-9)) == pytest.approx(left, rel=0.5)


@pytest.mark.parametrize("gaps", [[1e-6], [1.0, 1e-7], [1.0, 0.0]])
def test_at_the_target_nothing_is_left(gaps):
    assert seconds_left(history(gaps)) == 0.0


@pytest.mark.parametrize(
    "points",
    [
        [],
        history([1.0]),
        history([0.5, 0.5]),
        history([0.1, 0.5]),
        history([np.inf, 0.5]),
        history([0.5, np.inf]),
        history([np.nan, np.nan]),
        history([0.5, 0.1], times=[1.0, 1.0]),
        history([0.5, 0.1], target=0.0),
    ],
    ids=["none", "one", "flat", "rising", "from no bound", "no bound", "nan", "no time", "no target"],
)
def test_what_cannot_be_told_is_nan(points):
    assert math.isnan(seconds_left(points))


def test_of_a_fit_that_falls_steadily_the_end_is_foretold():
    """By the points of the fit itself, with each iteration taken to last a second."""
    X, y = make_problem(400, 20)
    result = fit_logistic(X, y, l2=1e-2, solver="gradient_descent", tol=1e-10)
    points = [Progress(i, 0.0, float(i), p.objective, p.gap, p.target, 0.0, 0) for i, p in enumerate(result.history)]
    assert len(points) > 20
    for made in range(len(points) // 2, len(points)):
        assert seconds_left(points[:made]) == pytest.approx(len(points) - made, rel=0.3, abs=2.0)


def test_a_callback_is_told_how_long_it_will_take():
    X, y = make_problem()
    seen = []
    result = fit_logistic(X, y, l2=1e-3, solver="gradient_descent", callback=seen.append)
    assert math.isnan(seen[0].remaining)
    assert seen[-1].remaining == 0.0
    assert all(progress.remaining > 0.0 for progress in seen[1:-1] if not math.isnan(progress.remaining))
    assert sum(not math.isnan(progress.remaining) for progress in seen) > len(seen) / 2
    assert all(math.isnan(point.remaining) for point in result.history)
