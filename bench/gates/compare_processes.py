"""Cases of bench.compare measured on two builds at the same time, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import CHECKOUT
from bench.gates.builds import check_package, environment

FITS = 8  # timed calls of each process


class CaseFailed(Exception):
    """A case does not run with the fastlr of `folder`."""

    def __init__(self, folder: Path | None):
        super().__init__("does not run " + ("on the present code" if folder is None else "on the base"))
        self.folder = folder


class Side:
    """A process that measures one case with the fastlr of a folder, or (None) with the one that is imported here."""

    def __init__(self, name: str, folder: Path | None):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.gates.compare_cases", name],
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
        """Memory, passes and copied bytes of the first call."""
        found = self._answer()
        check_package(found.pop("package"), self._folder)
        return found

    def seconds(self) -> float:
        """Seconds of one more call."""
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
    """`count` measurements of the base and of the present code; which process starts first alternates."""
    sides: dict[Path | None, list[dict]] = {base: [], None: []}
    for position in range(count):
        folders = list(sides)[:: -1 if position % 2 else 1]
        for folder, found in zip(folders, measure(name, folders), strict=True):
            sides[folder].append(found)
    return sides[base], sides[None]
