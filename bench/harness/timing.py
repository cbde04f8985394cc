"""Seconds of calls: the shortest of several, alone or in turn; and the loosest tolerance that is enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

TOLERANCES = [10 ** (-half / 2) for half in range(2, 23)]
TIGHT = 1e-12
FEWEST_CALLS, FEWEST_ROUNDS = 3, 5


def seconds_of(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def shortest(call: Callable[[], object], seconds: float = 1.0) -> float:
    """Seconds of the shortest of the calls that fit into a time, three at least."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < FEWEST_CALLS or time.perf_counter() < end:
        times.append(seconds_of(call))
    return min(times)


def shortest_in_turn(calls: Sequence[Callable[[], object]], seconds: float) -> list[float]:
    """Seconds of the shortest call of each, made in turn until a time has passed, five rounds at least."""
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while len(times[0]) < FEWEST_ROUNDS or time.perf_counter() < end:
        for call, record in zip(calls, times, strict=True):
            record.append(seconds_of(call))
    return [min(record) for record in times]


def shortest_of_rounds(calls: Sequence[Callable[[], object]], rounds: int, repeats: int = 1) -> list[float]:
    """Seconds per call of each, the shortest of several rounds in turn, each of so many repeats."""

    def repeated(call: Callable[[], object]) -> None:
        for _ in range(repeats):
            call()

    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, record in zip(calls, times, strict=True):
            record.append(seconds_of(lambda call=call: repeated(call)) / repeats)
    return [min(record) for record in times]


def loosest(fit: Callable, target: float) -> float:
    """The loosest tolerance at which `fit(tol)` reaches a relative suboptimality."""
    best = fit(TIGHT).objective
    return next((tol for tol in TOLERANCES if fit(tol).objective <= best * (1.0 + target)), TIGHT)
