"""What a race leaves: a JSON record and a table."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from pathlib import Path

from bench.harness.entry import Entry
from bench.harness.environment import machine_info
from bench.harness.optimum import Optimum
from bench.harness.race import Limits, Race
from bench.peers import OURS


def make(race: Race, entries: list[Entry], optimum: Optimum, limits: Limits, busy: list[float | None]) -> dict:
    """Everything that was measured, ready for JSON; free of names and folders of the machine.

    Parameters
    ----------
    race : Race
    entries : list of Entry
        The peers after the race.
    optimum : Optimum
        What suboptimality is measured from.
    limits : Limits
    busy : list of float or None
        The shares of the CPUs that other processes used before and after the race.

    Returns
    -------
    dict
        "ratios" (best peer's time over ours), and for each of "peers" its "times", both by target; its "runs"; what
        the race was, and where it ran.
    """
    X, _ = race.load()
    objective = race.objective
    times = {
        entry.name: {f"{target:g}": entry.time_to(target, optimum) for target in limits.targets} for entry in entries
    }
    return {
        "name": race.name,
        "date": datetime.date.today().isoformat(),
        "problem": {"name": race.problem, "rows": X.shape[0], "columns": X.shape[1], "entries": int(X.size)},
        "formulation": objective.formulation,
        "classes": objective.n_classes,
        "penalty": dataclasses.asdict(objective.penalty),
        "intercept": objective.fit_intercept,
        "optimum": {"objective": optimum.objective, "relative_gap": optimum.relative_gap},
        "limits": dataclasses.asdict(limits),
        "machine": {**machine_info(), "busy": busy},
        "ratios": ratios(times),
        "peers": {entry.name: _of_peer(entry, optimum, times[entry.name]) for entry in entries},
    }


def _of_peer(entry: Entry, optimum: Optimum, times: dict) -> dict:
    runs = [
        {
            "tol": run.tol,
            "seconds": float(f"{run.seconds:.4g}"),
            "suboptimality": float(f"{optimum.suboptimality(run.objective):.3g}"),
            "nonzeros": run.nonzeros,
        }
        for run in entry.runs
    ]
    found = {"times": times, "note": entry.note, "pools": entry.pools, "runs": runs}
    return found if entry.unfinished is None else found | {"unfinished": float(f"{entry.unfinished:.4g}")}


def ratios(times: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    """Best peer's time over ours at each target: above 1 we are ahead."""
    found = {}
    for target in next(iter(times.values())):
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


def longest(peer: dict) -> float:
    """The seconds of a peer's longest fit: a lower bound on the time to a target that it did not reach."""
    return max([*(run["seconds"] for run in peer["runs"]), peer.get("unfinished", 0.0)])


def write_json(result: dict, folder: Path, rows: str = "peers") -> None:
    """The JSON file, named after the record: indented, with one line for each entry of result[rows]."""
    head = {key: value for key, value in result.items() if key != rows}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in result[rows].items())
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "{rows}": {{\n{lines}\n }}\n}}\n'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{result['name']}.json").write_text(text)
