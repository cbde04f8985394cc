"""Every module of the harness that can be run says what it does, and does nothing, when it is asked for --help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
RUNNABLE = sorted(file.stem for file in FOLDER.glob("*.py") if '\nif __name__ == "__main__":' in file.read_text())


@pytest.mark.parametrize("module", RUNNABLE)
def test_help_comes_without_a_run(module, tmp_path):
    if module == "charts":
        pytest.importorskip("matplotlib")
    found = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", "--help"],
        cwd=FOLDER.parent,
        env=os.environ | {"FASTLR_BENCH_CACHE": str(tmp_path)},
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(f"usage: python -m bench.{module} ")
    assert "show this help message and exit" in found.stdout
    assert not list(tmp_path.iterdir())
