"""What a race leaves: a JSON record, a table, a plot."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from bench.entry import TARGETS, Entry, Limits, relative
from bench.environment import machine_info
from bench.peers import OURS
from bench.problems import load

if TYPE_CHECKING:
    from bench.race import Optimum, Race

FLOOR = 1e-16  # suboptimalities below it are rounding, and plotted there


def record(race: Race, entries: list[Entry], optimum: Optimum, limits: Limits, busy: list[float | None]) -> dict:
    """Everything that was measured, ready for JSON; free of names and folders of the machine.

    `busy` holds the shares of the CPUs that other processes used before and after the race.
    """
    X, _ = load(race.problem)
    best = optimum.objective
    times = {entry.name: {f"{target:g}": entry.time_to(target, best) for target in TARGETS} for entry in entries}
    return {
        "name": race.name,
        "date": datetime.date.today().isoformat(),
        "problem": {"name": race.problem, "rows": X.shape[0], "columns": X.shape[1], "entries": int(X.size)},
        "penalty": dataclasses.asdict(race.penalty),
        "intercept": race.fit_intercept,
        "optimum": {"objective": best, "relative_gap": optimum.relative_gap},
        "limits": dataclasses.asdict(limits),
        "machine": {**machine_info(), "busy": busy},
        "ratios": ratios(times),
        "peers": {entry.name: _peer(entry, best, times[entry.name]) for entry in entries},
    }


def _peer(entry: Entry, best: float, times: dict) -> dict:
    runs = [
        {
            "tol": run.tol,
            "seconds": float(f"{run.seconds:.4g}"),
            "suboptimality": float(f"{relative(run.objective, best):.3g}"),
            "nonzeros": run.nonzeros,
        }
        for run in entry.runs
    ]
    return {"times": times, "note": entry.note, "pools": entry.pools, "runs": runs}


def ratios(times: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    """Best peer's time over ours at each target: above 1 we are ahead."""
    found = {}
    for target in (f"{target:g}" for target in TARGETS):
        ours = times.get(OURS, {}).get(target)
        others = [row[target] for name, row in times.items() if name != OURS and row[target] is not None]
        found[target] = min(others) / ours if ours and others else None
    return found


def table(result: dict) -> str:
    """Seconds to each target, fastest first, and the ratios."""
    targets = list(result["ratios"])
    rows = {name: peer["times"] for name, peer in result["peers"].items() if peer["runs"]}
    order = sorted(rows, key=lambda name: [rows[name][target] or math.inf for target in reversed(targets)])
    width = max([len(name) for name in order] + [len("best peer / fastlr")])
    lines = [f"{'seconds to':<{width}}" + "".join(f"{target:>10}" for target in targets)]
    for name in order:
        cells = "".join(_cell(rows[name][target]) for target in targets)
        lines.append(f"{name:<{width}}{cells}  {result['peers'][name]['note']}".rstrip())
    cells = "".join(_cell(result["ratios"][target]) for target in targets)
    lines.append(f"{'best peer / fastlr':<{width}}{cells}")
    gap = result["optimum"]["relative_gap"]
    certificate = "no certificate" if gap is None else f"certified to {gap:.1e}"
    lines.append(f"optimum {result['optimum']['objective']:.15g}, {certificate}")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.4g'):>10}"


def write(result: dict, folder: Path) -> None:
    """The JSON file, and the plot where matplotlib is installed."""
    write_json(result, folder)
    try:
        plot(result, folder / f"{result['name']}.png")
    except ImportError:
        print("  no plot: matplotlib is not installed")


def write_json(result: dict, folder: Path) -> None:
    """The JSON file, named after the race."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result['name']}.json").write_text(_dumps(result))


def _dumps(result: dict) -> str:
    """JSON, indented, with one line a peer."""
    head = {key: value for key, value in result.items() if key != "peers"}
    peers = ",\n".join(f"  {json.dumps(name)}: {json.dumps(peer)}" for name, peer in result["peers"].items())
    return json.dumps(head, indent=1).removesuffix("\n}") + f',\n "peers": {{\n{peers}\n }}\n}}\n'


def curve(runs: list[dict]) -> tuple[list[float], list[float]]:
    """Best time and suboptimality at each tolerance, as two lists."""
    best: dict[float, dict] = {}
    for run in runs:
        if run["tol"] not in best or run["seconds"] < best[run["tol"]]["seconds"]:
            best[run["tol"]] = run
    points = [best[tol] for tol in sorted(best, reverse=True)]
    return [run["seconds"] for run in points], [max(run["suboptimality"], FLOOR) for run in points]


def plot(result: dict, file: Path) -> None:
    """Suboptimality against time, both logarithmic, one line a peer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5.5))
    colours = pyplot.get_cmap("tab20").colors
    raced = {name: peer["runs"] for name, peer in result["peers"].items() if peer["runs"]}
    for position, (name, runs) in enumerate(raced.items()):
        style = {"color": "black", "linewidth": 2.5} if name == OURS else {"color": colours[position % 20]}
        marker = "o" if name == OURS else "os^vDP"[position % 6]
        axes.loglog(*curve(runs), marker=marker, markersize=4, label=name, **style)
    for target in TARGETS:
        axes.axhline(target, color="0.8", linewidth=0.8, zorder=0)
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
