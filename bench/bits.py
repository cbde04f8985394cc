"""Whose coefficients, objective or passes moved by a bit since a commit: small fits and predictions on both.

    python -m bench.bits <commit>

Both sides run the cases of bench/bit_cases.py on this machine, with 1, 2 and 3 threads, once for each CPU level that
both have built.  The commit is built in a clone below the cache folder and kept there; it is compared with the fastlr
that this interpreter imports.  Exit status 1 where a bit moved, where a case fails that the commit ran, or where the
present code does not repeat itself.  bench/README.md says how to read the outcome.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench.bit_run import THREADS  # noqa: E402
from bench.builds import build, check_package, commit_of, environment  # noqa: E402
from bench.remote import CHECKOUT  # noqa: E402

LEVELS = ("baseline", "v3", "v4")
UNSIGNED = {2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True)
class Move:
    """How far one quantity of a case is from what it was.

    Attributes
    ----------
    quantity : str
        "coef", "objective", ...
    moved, size : int
        Numbers that changed, of so many.
    ulps : int
        The largest distance in units in the last place; 0 where only the sign of a zero changed.
    relative : float
        The largest difference over the largest absolute value.
    """

    quantity: str
    moved: int
    size: int
    ulps: int
    relative: float

    def __str__(self) -> str:
        count = f" {self.moved} of {self.size}" if self.size > 1 else ""
        return f"{self.quantity}{count}, {self.ulps} ulp, {self.relative:.1e} relative"


def ordered(bits: np.ndarray) -> np.ndarray:
    """The positions of floats among all floats of their width, as integers without bound; those of both zeros are 0."""
    width = 8 * bits.itemsize - 1
    magnitude = (bits & bits.dtype.type((1 << width) - 1)).astype(object)
    return np.where(bits >> bits.dtype.type(width) == 1, -magnitude, magnitude)


def move(quantity: str, base: np.ndarray, head: np.ndarray) -> Move | str | None:
    """What became of one quantity: None where all bits are the same; words where it is no longer comparable."""
    if base.shape != head.shape or (base.dtype != head.dtype and base.dtype.kind != "U"):
        return f"{quantity} {base.dtype}{base.shape} -> {head.dtype}{head.shape}"
    if base.dtype.kind != "f":
        return None if (base == head).all() else f"{quantity} {_first_change(base, head)}"
    bits = [np.ascontiguousarray(side).view(UNSIGNED[side.itemsize]) for side in (base, head)]
    changed = (bits[0] != bits[1]) & ~(np.isnan(base) & np.isnan(head))
    if not changed.any():
        return None
    finite = changed & np.isfinite(base) & np.isfinite(head)
    if not finite[changed].all():
        return f"{quantity} {_first_change(base, head)}"
    ulps = max(abs(ordered(bits[0][changed]) - ordered(bits[1][changed])))
    before, after = base.astype(np.float64), head.astype(np.float64)
    largest = np.abs(before[np.isfinite(before)]).max()
    with np.errstate(over="ignore"):
        difference = float(np.abs(after[changed] - before[changed]).max())
    relative = difference / (largest or difference) if difference else 0.0  # 1 where all were zero
    return Move(quantity, int(changed.sum()), changed.size, int(ulps), relative)


def _first_change(base: np.ndarray, head: np.ndarray) -> str:
    where = np.flatnonzero((base != head).ravel() & ~((base != base) & (head != head)).ravel())[0]
    return f"{base.ravel()[where]} -> {head.ravel()[where]}"


def moves(base: dict, head: dict) -> list[Move | str]:
    """What moved in one case."""
    found = [f"{key} reported on one side only" for key in base.keys() ^ head.keys()]
    found += [move(key, base[key], head[key]) for key in base if key in head]
    return [each for each in found if each is not None]


@dataclass
class Verdict:
    """The cases of two runs, each with what there is to say of it.

    Attributes
    ----------
    same : int
        Pairs of a case and a number of threads that agree.
    moved : dict
        (case, threads) -> list of moves.
    lost, gained, broken : dict
        (case, threads) -> what was raised: by the second side alone, by the first alone, by both.
    """

    same: int
    moved: dict
    lost: dict
    gained: dict
    broken: dict


def compare(base: dict, head: dict) -> Verdict:
    """Compare two runs, {(case, threads): answer or what was raised}."""
    verdict = Verdict(0, {}, {}, {}, {})
    for key in base:
        before, after = base[key], head[key]
        if isinstance(before, str) and isinstance(after, str):
            verdict.broken[key] = after
        elif isinstance(before, str):
            verdict.gained[key] = before
        elif isinstance(after, str):
            verdict.lost[key] = after
        elif found := moves(before, after):
            verdict.moved[key] = found
        else:
            verdict.same += 1
    return verdict


def by_case(keys: dict) -> Iterator[tuple[str, str, object]]:
    """(case, its numbers of threads in words, what is said with the largest of them) of {(case, threads): said}."""
    for name in dict.fromkeys(name for name, _ in keys):
        threads = [count for count in THREADS if (name, count) in keys]
        words = "" if len(threads) == len(THREADS) else f" [threads: {', '.join(map(str, threads))}]"
        yield name, words, keys[name, threads[-1]]


def start(folder: Path | None, level: str, wanted: str, file: Path) -> subprocess.Popen:
    """A process that runs the cases with a build's kernels of one level."""
    command = [sys.executable, "-m", "bench.bit_run", str(file), wanted]
    return subprocess.Popen(command, cwd=CHECKOUT, env={**environment(folder), "FASTLR_CPU": level})


def run(folders: list[Path | None], level: str, wanted: str) -> list[dict]:
    """What the cases come to at one level on several sides, which run at the same time."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch, str(position)) for position in range(len(folders))]
        running = [start(folder, level, wanted, file) for folder, file in zip(folders, files, strict=True)]
        for process in running:
            if process.wait():
                raise SystemExit(f"a process ended with exit status {process.returncode}: {' '.join(process.args)}")
        found = [pickle.loads(file.read_bytes()) for file in files]
    for side, folder in zip(found, folders, strict=True):
        if "package" in side:
            check_package(side["package"], folder)
    return found


def report(level: str, verdict: Verdict) -> None:
    """Print what one level has to say."""
    count = sum(map(len, (verdict.moved, verdict.lost, verdict.gained, verdict.broken))) + verdict.same
    print(f"\n{level}: {len(verdict.moved)} of {count} runs moved", flush=True)
    for name, threads, found in by_case(verdict.moved):
        print(f"  moved    {name}{threads}: {'; '.join(map(str, found))}")
    for word, keys in (("lost", verdict.lost), ("gained", verdict.gained), ("broken", verdict.broken)):
        for name, threads, found in by_case(keys):
            print(f"  {word:<9}{name}{threads}: {found}")


def depending_on_threads(answers: dict) -> dict:
    """(case, threads) -> moves, where the answer is not that of one thread."""
    both = {key: (answers[key[0], 1], answer) for key, answer in answers.items()}
    fitted = {key: pair for key, pair in both.items() if not any(isinstance(side, str) for side in pair)}
    return {key: found for key, pair in fitted.items() if (found := moves(*pair))}


def check_itself(first: dict, second: dict) -> bool:
    """Print whether the present code repeats itself, and with any number of threads; whether it repeats itself."""
    again, threads = compare(first, second).moved, depending_on_threads(first)
    print(f"\nthe present code run twice: {f'{len(again)} runs DIFFER' if again else 'the same bits'}")
    for name, words, found in by_case(again):
        print(f"  differs  {name}{words}: {'; '.join(map(str, found))}")
    print(f"with 1, 2 and 3 threads: {f'{len(threads)} runs DIFFER' if threads else 'the same bits'}")
    for name, words, found in by_case(threads):
        print(f"  differs  {name}{words}: {'; '.join(map(str, found))}")
    return not again


def main() -> None:
    """Print the report; exit with 1 where something moved."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.bits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="commit, branch or tag to compare with")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains it; default: all")
    options = parser.parse_args()
    base = build(commit_of(options.base), "all")
    good, runs = True, {}
    for level in LEVELS:
        sides = run([base, None], level, options.only)
        if missing := [side["unavailable"] for side in sides if "unavailable" in side]:
            print(f"\n{level}: not compared; {' / '.join(missing)}")
            continue
        runs[level] = sides[1]["answers"]
        verdict = compare(*(side["answers"] for side in sides))
        report(level, verdict)
        good = good and not (verdict.moved or verdict.lost)
    if not any(runs.values()):
        raise SystemExit("nothing was compared")
    level = list(runs)[-1]
    good = check_itself(runs[level], run([None], level, options.only)[0]["answers"]) and good
    print(f"\n{'nothing moved' if good else 'NOT THE SAME'} since {options.base} ({', '.join(runs)})")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    os.environ.pop("FASTLR_CPU", None)
    main()
