"""What got slower or larger since a commit: a short selection of fits on both, in turn, each in a fresh process.

    python -m bench.compare <commit>

The commit is built in a clone below the cache folder and kept there; it is compared with the fastlr that this
interpreter imports.  Exit status 1 where something grew by more than 15 %.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.environment import clear_blas_overrides

clear_blas_overrides()

from bench.compare_cases import CASES  # noqa: E402
from bench.problems import cache_folder, load  # noqa: E402
from bench.remote import CHECKOUT  # noqa: E402

THRESHOLD = 0.15
ROUNDS = 3  # and as many again for cases that look slower or larger


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
    return f"{name:<10}{'  '.join(cells)}" + (f"  {', '.join(worse).upper()}" if worse else "")


def build(commit: str) -> Path:
    """The commit's checkout with its kernels compiled; made at the first call."""
    folder = cache_folder() / "builds" / commit
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=commit, dir=folder.parent))
    print(f"building {commit[:12]}", flush=True)
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(CHECKOUT), str(partial)], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=partial, check=True)
    command = [sys.executable, "setup.py", "build_ext", "--inplace"]
    finished = subprocess.run(command, cwd=partial, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if finished.returncode:
        raise SystemExit(f"{finished.stdout[-2000:]}\n{commit} does not build")
    partial.rename(folder)
    return folder


def measure(name: str, folder: Path | None) -> dict[str, float]:
    """One case in a fresh process, with the fastlr of a folder or (None) the one that is imported here."""
    environment = dict(os.environ)
    if folder is not None:
        search = [str(folder), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(search)
    command = [sys.executable, "-m", "bench.compare_cases", name]
    finished = subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(finished.stdout.splitlines()[-1])
    imported = Path(found.pop("package"))
    if folder is not None and folder.resolve() not in imported.resolve().parents:
        raise SystemExit(f"{imported} was imported instead of {folder}")
    return found


def rounds(name: str, base: Path, count: int) -> tuple[list[dict], list[dict]]:
    """Measurements of both sides in turn, the order reversed every other time."""
    sides: tuple[list[dict], list[dict]] = ([], [])
    for position in range(count):
        pairs = list(zip(sides, (base, None), strict=True))
        for measurements, folder in pairs[:: -1 if position % 2 else 1]:
            measurements.append(measure(name, folder))
    return sides


def main() -> None:
    """Print the table; exit with 1 where something got worse."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__.splitlines()[0])
    parser.add_argument("base", help="commit, branch or tag to compare with")
    parser.add_argument("--only", choices=list(CASES), action="append", help="a case; may be repeated; default: all")
    options = parser.parse_args()
    command = ["git", "rev-parse", "--verify", f"{options.base}^{{commit}}"]
    commit = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    base = build(commit)
    worse = []
    for name in options.only or CASES:
        load(CASES[name].problem)
        before, after = rounds(name, base, ROUNDS)
        if growths(combine(before), combine(after)):
            for known, more in zip((before, after), rounds(name, base, ROUNDS), strict=True):
                known += more
        print(line(name, combine(before), combine(after)), flush=True)
        worse += [f"{name}: {growth}" for growth in growths(combine(before), combine(after))]
    print("\n".join(worse) if worse else f"nothing got slower or larger than at {commit[:12]}")
    raise SystemExit(1 if worse else 0)


if __name__ == "__main__":
    main()
