"""What got slower or larger since a commit: a selection of fits and predictions on both, in turn.

    python -m bench.compare <commit>

The commit is built in a clone below the cache folder and kept there; it is compared with the fastlr that this
interpreter imports.  The table has the shortest of sixteen calls a side, in two pairs of processes.  Exit status 1
where something grew by more than 15 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.environment import clear_blas_overrides

clear_blas_overrides()

from bench.builds import build, check_package, commit_of, environment  # noqa: E402
from bench.compare_cases import CASES  # noqa: E402
from bench.problems import load  # noqa: E402
from bench.remote import CHECKOUT  # noqa: E402

THRESHOLD = 0.15
ROUNDS = 2  # pairs of processes; as many again for cases that look slower or larger
FITS = 8  # timed calls of each process


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
    """What got worse, in words."""
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


class CaseFailed(Exception):
    """A case does not run with the fastlr of `folder`."""

    def __init__(self, folder: Path | None):
        super().__init__("does not run " + ("on the present code" if folder is None else "on the base"))
        self.folder = folder


class Side:
    """A process that measures one case with the fastlr of a folder, or (None) with the one that is imported here."""

    def __init__(self, name: str, folder: Path | None):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.compare_cases", name],
            cwd=CHECKOUT,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = folder

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_) -> None:
        self._process.communicate()

    def first(self) -> dict[str, float]:
        """What the first call took besides time."""
        found = self._answer()
        check_package(found.pop("package"), self._folder)
        return found

    def seconds(self) -> float:
        """Of one more call."""
        self._process.stdin.write("once more\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise CaseFailed(self._folder)
        return json.loads(line)


def measure(name: str, folders: Sequence[Path | None]) -> list[dict[str, float]]:
    """One case on several sides, in a fresh process each; calls in turn, the order reversed every other time."""
    with ExitStack() as stack:
        sides = [stack.enter_context(Side(name, folder)) for folder in folders]
        found = [side.first() for side in sides]
        times: list[list[float]] = [[] for _ in sides]
        for position in range(FITS):
            for side, record in list(zip(sides, times, strict=True))[:: -1 if position % 2 else 1]:
                record.append(side.seconds())
    return [{**first, "seconds": min(record)} for first, record in zip(found, times, strict=True)]


def rounds(name: str, base: Path, count: int) -> tuple[list[dict], list[dict]]:
    """So many measurements of both sides; which process starts first changes from one to the next."""
    sides: dict[Path | None, list[dict]] = {base: [], None: []}
    for position in range(count):
        folders = list(sides)[:: -1 if position % 2 else 1]
        for folder, found in zip(folders, measure(name, folders), strict=True):
            sides[folder].append(found)
    return sides[base], sides[None]


def judge(name: str, base: Path) -> list[str]:
    """Measure one case, print its line, say what got worse."""
    load(CASES[name].problem)
    try:
        before, after = rounds(name, base, ROUNDS)
        if growths(combine(before), combine(after)):
            for known, more in zip((before, after), rounds(name, base, ROUNDS), strict=True):
                known += more
    except CaseFailed as failure:
        print(f"{name:<15}{failure}", flush=True)
        return [f"{name}: {failure}"] if failure.folder is None else []
    print(line(name, combine(before), combine(after)), flush=True)
    return [f"{name}: {growth}" for growth in growths(combine(before), combine(after))]


def main() -> None:
    """Print the table; exit with 1 where something got worse."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="commit, branch or tag to compare with")
    known = "; ".join(CASES)
    parser.add_argument(
        "--only", choices=CASES, action="append", metavar="CASE", help=f"may be repeated; default: all. Cases: {known}"
    )
    options = parser.parse_args()
    commit = commit_of(options.base)
    base = build(commit, "native")
    worse = [growth for name in options.only or CASES for growth in judge(name, base)]
    print("\n".join(worse) if worse else f"nothing got slower or larger than at {commit[:12]}")
    raise SystemExit(1 if worse else 0)


if __name__ == "__main__":
    main()
