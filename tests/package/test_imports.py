"""What imports what: layers, public names, and what is loaded only when it is asked for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import run_python

import fastlr

ROOT = Path(__file__).resolve().parents[2]


# --- imports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "imports", ["fastlr", "fastlr.kernels, fastlr.solvers, fastlr.fit.binary", "fastlr.objective.logistic"]
)
def test_embedding_the_solvers_does_not_import_scikit_learn(imports):
    script = f"""
import sys
import {imports}
print([name for name in ("sklearn", "pandas", "threadpoolctl", "matplotlib") if name in sys.modules])
"""
    done = run_python(script)
    assert done.stdout.strip() == "[]", done.stderr


def test_fitting_does_not_import_scikit_learn():
    script = """
import sys
import numpy as np
import fastlr
fastlr.fit_logistic(np.eye(4), [0, 1, 0, 1], l2=0.1, n_threads=1)
print("sklearn" in sys.modules)
"""
    assert run_python(script).stdout.strip() == "False"


def test_public_names_exist_and_are_listed():
    script = """
import fastlr
assert set(fastlr.__all__) <= set(dir(fastlr))
for name in fastlr.__all__:
    getattr(fastlr, name)
try:
    fastlr.no_such_name
except AttributeError as error:
    assert "no_such_name" in str(error)
else:
    raise SystemExit("accepted")
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr


def test_modules_are_there_after_the_import_and_loaded_when_asked_for():
    script = """
import sys
import fastlr
for name in ("diagnosis", "imbalance", "special"):
    assert f"fastlr.{name}" not in sys.modules, name
    assert name in dir(fastlr)
print(fastlr.special.expit([0.0]), fastlr.imbalance.cost_threshold(1, 1), fastlr.diagnosis.Collinear.__name__)
"""
    done = run_python(script)
    assert done.stdout == "[0.5] 0.5 Collinear\n", done.stderr


def test_type_checkers_see_all_public_names():
    tree = ast.parse((ROOT / "fastlr" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    assert block.test.id == "TYPE_CHECKING"
    seen = {alias.asname for line in block.body for alias in line.names}
    assert seen | {"__version__"} == set(fastlr.__all__)


def test_layers_import_downwards_only(tmp_path):
    script = Path(sys.executable).with_name("lint-imports")
    command = [script, "--config", ROOT / "pyproject.toml", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
