"""Whether a measurement grew: the quantities of bench.compare, their floors, a line of its table."""

from __future__ import annotations

from dataclasses import dataclass

THRESHOLD = 0.15


@dataclass(frozen=True)
class Metric:
    """One measured quantity; less is better.

    Attributes
    ----------
    key, unit : str
        Its name in a measurement, and its unit in the table.
    scale : float
        From the measurement to the unit.
    floor : float
        A growth below it, in the unit, does not count.
    growth : str
        What a growth is called.
    """

    key: str
    unit: str
    scale: float
    floor: float
    growth: str


METRICS = (
    Metric("seconds", "ms", 1e3, 0.02, "slower"),
    Metric("memory", "MB", 1e-6, 2.0, "larger"),
    Metric("passes", "passes", 1.0, 0.5, "more passes"),
    Metric("copied_bytes", "MB copied", 1e-6, 0.1, "copies more"),
)


def grown(metric: Metric, base: float, head: float) -> bool:
    """Whether head is worse than base by more than the threshold and the floor."""
    return head > base * (1 + THRESHOLD) and (head - base) * metric.scale > metric.floor


def combine(measurements: list[dict[str, float]]) -> dict[str, float]:
    """The least of each quantity: what disturbs a measurement only adds."""
    return {key: min(found[key] for found in measurements) for key in measurements[0]}


def growths(base: dict[str, float], head: dict[str, float]) -> list[str]:
    """The words for the quantities that grew."""
    shared = [metric for metric in METRICS if metric.key in base and metric.key in head]
    return [metric.growth for metric in shared if grown(metric, base[metric.key], head[metric.key])]


def line(name: str, base: dict[str, float], head: dict[str, float]) -> str:
    """One case of the table: every quantity before and after."""
    cells = []
    for metric in METRICS:
        if metric.key in base and metric.key in head:
            before, after = base[metric.key] * metric.scale, head[metric.key] * metric.scale
            cells.append(f"{before:8.3g} -> {after:8.3g} {metric.unit}")
    worse = growths(base, head)
    return f"{name:<15}{'  '.join(cells)}" + (f"  {', '.join(worse).upper()}" if worse else "")
