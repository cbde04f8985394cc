"""Several builds that run the cases of bench.bits at the same time, each in a process of its own."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import CHECKOUT
from bench.gates.builds import check_package, environment


def start(folder: Path | None, level: str, wanted: str, file: Path) -> subprocess.Popen:
    """A process that runs the cases with the kernels of one build and one CPU level."""
    command = [sys.executable, "-m", "bench.gates.bit_run", str(file), wanted]
    return subprocess.Popen(command, cwd=CHECKOUT, env={**environment(folder), "FASTLR_CPU": level})


def run(folders: list[Path | None], level: str, wanted: str) -> list[dict]:
    """The answers of several builds at one CPU level; their processes run at the same time."""
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
