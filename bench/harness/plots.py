"""Plots of suboptimality; matplotlib is imported where one is drawn, since it is optional."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.peers import OURS

FLOOR = 1e-16  # suboptimalities below it are rounding, and plotted there


def without_display():
    """matplotlib.pyplot that writes files alone; ImportError where matplotlib is not installed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def mark_targets(axes, targets: Iterable) -> None:
    """A grey line at each suboptimality that times are taken to."""
    for target in targets:
        axes.axhline(float(target), color="0.8", linewidth=0.8, zorder=0)


def curve(runs: list[dict]) -> tuple[list[float], list[float]]:
    """Best time and suboptimality at each tolerance, as two lists."""
    best: dict[float, dict] = {}
    for run in runs:
        if run["tol"] not in best or run["seconds"] < best[run["tol"]]["seconds"]:
            best[run["tol"]] = run
    points = [best[tol] for tol in sorted(best, reverse=True)]
    return [run["seconds"] for run in points], [max(run["suboptimality"], FLOOR) for run in points]


def plot_race(result: dict, file: Path) -> None:
    """Suboptimality against time, both logarithmic, one line a peer."""
    pyplot = without_display()
    figure, axes = pyplot.subplots(figsize=(8, 5.5))
    colours = pyplot.get_cmap("tab20").colors
    raced = {name: peer["runs"] for name, peer in result["peers"].items() if peer["runs"]}
    for position, (name, runs) in enumerate(raced.items()):
        style = {"color": "black", "linewidth": 2.5} if name == OURS else {"color": colours[position % 20]}
        marker = "o" if name == OURS else "os^vDP"[position % 6]
        axes.loglog(*curve(runs), marker=marker, markersize=4, label=name, **style)
    mark_targets(axes, result["ratios"])
    shape = result["problem"]
    axes.set(
        xlabel="seconds",
        ylabel="relative suboptimality",
        title=f"{result['name']}  ({shape['rows']:,} x {shape['columns']:,}, {result['machine']['cpus']} CPUs)",
    )
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
