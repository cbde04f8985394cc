"""Python in other processes, and what they are given to do."""

import os
import subprocess
import sys
from pathlib import Path

from fastlr import fit_logistic


def in_this_folder():
    """Options of subprocess.run for a Python that finds the tests and the same fastlr as this one."""
    folders = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    return {"env": os.environ | {"PYTHONPATH": folders}, "text": True, "capture_output": True}


def coef_of(X, y, penalty, n_threads=None):
    return fit_logistic(X, y, **penalty, n_threads=n_threads).coef


def run_python(code, timeout=120, **environment):
    """Run a script in a fresh interpreter; returns the CompletedProcess.  A value of None removes the variable."""
    inherited = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={name: value for name, value in inherited.items() if value is not None},
    )
