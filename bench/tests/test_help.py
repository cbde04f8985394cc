"""Every module that can be run says what it does, and does nothing, when it is asked for --help."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench import CHECKOUT

RUNNABLE = sorted(
    ".".join(file.relative_to(CHECKOUT).with_suffix("").parts)
    for file in (CHECKOUT / "bench").rglob("*.py")
    if '\nif __name__ == "__main__":' in file.read_text()
)


@pytest.mark.parametrize("module", RUNNABLE)
def test_help_comes_without_a_run(module, tmp_path):
    found = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=CHECKOUT,
        env=os.environ | {"FASTLR_BENCH_CACHE": str(tmp_path)},
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(f"usage: python -m {module} ")
    assert "show this help message and exit" in found.stdout
    assert not list(tmp_path.iterdir())
