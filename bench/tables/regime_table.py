"""The table of all regimes, in Markdown, from the records of their races."""

from __future__ import annotations

import json
import math

from bench import RESULTS
from bench.harness.race import TARGETS
from bench.peers import OURS
from bench.tables.regime_list import REGIMES, Regime

RECORDS = RESULTS / "regimes"
TABLE = RECORDS.with_suffix(".md")
STRICT = tuple(f"{target:g}" for target in TARGETS[1:])
FIRSTS_WANTED = 18
SLOWEST_ALLOWED = 0.8
BUSY = 0.1  # share of the CPUs used by others from which a row is marked
MARK = r"\*"
TITLES = {
    "l2": "L2, generated, no intercept",
    "l1": "L1, generated, no intercept",
    "enet": "Elastic net (l1_ratio 0.5), generated, no intercept",
    "real": "Real sets, no intercept",
    "intercept": "Generated, free intercept",
}


def write() -> None:
    """Write the file and say how many targets are met."""
    text = compose({regime: read(regime) for regime in REGIMES})
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(text)
    print("\n".join(line for line in text.splitlines() if line.startswith("- ")))


def read(regime: Regime) -> dict | None:
    """The record of a race, if it was run."""
    file = RECORDS / f"{regime.name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def compose(records: dict[Regime, dict | None]) -> str:
    """Summary and one table a group."""
    raced = {regime: record for regime, record in records.items() if record is not None}
    parts = [summary(raced)]
    for group, title in TITLES.items():
        items = [item for item in raced.items() if item[0].group == group]
        parts.append(f"### {title}\n")
        parts.append(markdown(HEAD, [row(*item) for item in items]))
        if besides := [beside_row(*item) for item in items if item[0].kind == "enet"]:
            parts.append("Our elastic-net fit beside our L1 fit with as many nonzeros, in turn:\n")
            parts.append(markdown(BESIDE_HEAD, besides))
        if missing := [regime.name for regime in records if regime.group == group and regime not in raced]:
            parts.append(f"Not recorded: {', '.join(missing)}.\n")
    return "\n".join(filter(str.strip, parts))


def summary(raced: dict[Regime, dict]) -> str:
    """How many targets are met, group by group."""
    lines = []
    for group, title in TITLES.items():
        judged = [verdict(*item) for item in raced.items() if item[0].group == group]
        if group != "real" and judged:
            lines.append(f"- {title}: {judged.count('met')} of {len(judged)} targets met")
    ratios = [worst(record) for regime, record in raced.items() if regime.group == "real"]
    if ratios:
        firsts = sum(ratio >= 1 for ratio in ratios)
        met = firsts >= FIRSTS_WANTED and min(ratios) >= SLOWEST_ALLOWED
        lines.append(
            f"- {TITLES['real']}: first at both accuracies in {firsts} of {len(ratios)}, lowest ratio {min(ratios):.2f}"
            f" (target: {FIRSTS_WANTED} of 20, none below {SLOWEST_ALLOWED}): {'met' if met else 'MISSED'}"
        )
    dates = sorted({record["date"] for record in raced.values()})
    if dates:
        machines = sorted({"{cpus} CPUs, {cpu}".format(**record["machine"]) for record in raced.values()})
        lines.append(f"- recorded {' to '.join(sorted({dates[0], dates[-1]}))} on {'; '.join(machines)}")
    return "\n".join(lines) + "\n"


def ratio(record: dict, target: str) -> float:
    """Best peer's time over ours; infinite where no peer got there, 0 where we did not."""
    if record["peers"][OURS]["times"].get(target) is None:
        return 0.0
    found = record["ratios"][target]
    return math.inf if found is None else found


def worst(record: dict) -> float:
    """The lower of the ratios at the two strict targets."""
    return min(ratio(record, target) for target in STRICT)


def verdict(regime: Regime, record: dict) -> str:
    """The word for a race: its target met or missed, and at which accuracy; first, close or behind for real sets."""
    if regime.group == "real":
        return "first" if worst(record) >= 1 else "BEHIND" if worst(record) < SLOWEST_ALLOWED else "close"
    measured = beside_ratio if regime.kind == "enet" else ratio
    missed = [target for target in STRICT if measured(record, target) < regime.target]
    if not missed:
        return "met"
    return "MISSED" if len(missed) == len(STRICT) else f"MISSED at {missed[0]}"


def best_peer(record: dict, target: str) -> tuple[str, float] | None:
    """The fastest peer to a target and its seconds."""
    times = {name: peer["times"][target] for name, peer in record["peers"].items() if name != OURS and peer["runs"]}
    reached = {name: seconds for name, seconds in times.items() if seconds is not None}
    return min(reached.items(), key=lambda item: item[1]) if reached else None


def noise(record: dict) -> float:
    """By how much the second best run at the tolerance that counted is longer: the larger for us and the best peer."""
    found = [0.0]
    for target in STRICT:
        peer = best_peer(record, target)
        for name in (OURS, peer[0]) if peer else (OURS,):
            found.append(spread(record["peers"][name]["runs"], float(target)))
    return max(found)


def spread(runs: list[dict], target: float) -> float:
    """Second shortest over shortest run, less one, at the tolerance whose run reached a target first."""
    reached = [run for run in runs if run["suboptimality"] <= target]
    if not reached:
        return 0.0
    winner = min(reached, key=lambda run: run["seconds"])
    times = sorted(run["seconds"] for run in reached if run["tol"] == winner["tol"])
    return times[1] / times[0] - 1 if len(times) > 1 else 0.0


HEAD = (
    "problem",
    "penalty",
    *(f"{what} {target}" for target in STRICT for what in ("ours, s, to", "best peer", "its s", "ratio at")),
    "target",
    "",
    "noise",
    "also raced",
)


def row(regime: Regime, record: dict) -> list[str]:
    """One line of a group's table."""
    busy = max((share for share in record["machine"]["busy"] if share is not None), default=0.0)
    cells = [regime.problem + (MARK if busy > BUSY else ""), regime.label]
    best = {target: best_peer(record, target) for target in STRICT}
    for target in STRICT:
        peer = best[target] or ("none", None)
        cells += [seconds(record["peers"][OURS]["times"].get(target)), peer[0], seconds(peer[1])]
        cells.append(f"**{ratio(record, target):.2f}**")
    named = {peer[0] for peer in best.values() if peer}
    others = [name for name, peer in record["peers"].items() if peer["runs"] and name != OURS and name not in named]
    cells += ["" if regime.group == "real" or regime.kind == "enet" else f"{regime.target:g}"]
    cells += [verdict(regime, record), f"{noise(record):.0%}", ", ".join(others)]
    return cells


BESIDE_HEAD = (
    "problem",
    "L1 fit",
    "nonzeros L1 / elastic net",
    *(f"{what} {target}" for target in STRICT for what in ("L1, s, to", "elastic net, s, to", "ratio at")),
)


def beside_ratio(record: dict, target: str) -> float:
    """Our L1 time over our elastic-net time."""
    l1, enet = record["beside_l1"]["seconds"][target]
    return l1 / enet


def beside_row(regime: Regime, record: dict) -> list[str]:
    """One line of the comparison with our own L1 fits."""
    counts = record["beside_l1"]["nonzeros"]
    cells = [regime.problem, f"l1-{regime.value:g}", f"{counts[0]:,} / {counts[1]:,}"]
    for target in STRICT:
        cells += [seconds(value) for value in record["beside_l1"]["seconds"][target]]
        cells.append(f"**{beside_ratio(record, target):.2f}**")
    return cells


def seconds(value: float | None) -> str:
    """Seconds with three digits, "-" for None."""
    return "-" if value is None else f"{value:.3g}"


def markdown(head: tuple[str, ...], rows: list[list[str]]) -> str:
    """A Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
