"""Fits of fastlr beside each other: at tolerances that reach the same suboptimality, timed in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

TOLERANCES = [10 ** (-half / 2) for half in range(2, 23)]
TIGHT = 1e-12
FEWEST_ROUNDS = 5


def loosest(fit: Callable, target: float) -> float:
    """The loosest tolerance at which `fit(tol)` reaches a relative suboptimality."""
    best = fit(TIGHT).objective
    return next((tol for tol in TOLERANCES if fit(tol).objective <= best * (1.0 + target)), TIGHT)


def minima(calls: Sequence[Callable], seconds: float) -> list[float]:
    """The shortest time of each call, made in turn until that many seconds have passed."""
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while len(times[0]) < FEWEST_ROUNDS or time.perf_counter() < end:
        for call, record in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            record.append(time.perf_counter() - start)
    return [min(record) for record in times]
