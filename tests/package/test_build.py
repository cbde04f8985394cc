"""What is built and what is not: packages, CPU levels, and what a checkout without compiled kernels says."""

import importlib.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from support.processes import run_python

import fastlr
from fastlr import kernels
from fastlr._environment import CPU_LEVELS, choose_cpu_level

PACKAGE = Path(fastlr.__file__).parent
SOURCES = Path(__file__).parents[2] / "fastlr" / "kernels"


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_level_has_the_same_modules():
    names = list(kernels.LEVELS.values())
    assert all(other == names[0] for other in names)
    assert "products_dense" in names[0]
    assert not set(names[0]) & set(kernels.ONE_LEVEL)


def test_every_stub_has_a_compiled_module():
    stubs = {path.stem for path in (PACKAGE / "kernels").glob("*.pyi")}
    level = next(iter(kernels.LEVELS))
    assert stubs == {*kernels.LEVELS[level], *kernels.ONE_LEVEL, "_cpu"}


def test_a_kernel_is_built_again_when_what_it_cimports_has_changed():
    """Cython follows `from package.module cimport name`; `from package cimport module` it does not see."""
    sources = [*SOURCES.glob("*.pyx"), *SOURCES.glob("*.pxd")]
    assert sources
    assert [path.name for path in sources if "from fastlr.kernels cimport" in path.read_text()] == []


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="not x86-64: there is the baseline alone")
def test_native_is_the_highest_level_that_this_machine_runs(monkeypatch):
    pytest.importorskip("Cython")
    spec = importlib.util.spec_from_file_location("fastlr_setup", SOURCES.parents[1] / "setup.py")
    setup = importlib.util.module_from_spec(spec)
    monkeypatch.chdir(SOURCES.parents[1])
    spec.loader.exec_module(setup)
    monkeypatch.setenv("FASTLR_LEVELS", "native")
    answers = {name: answer for name, (answer, _) in setup.X86_LEVELS.items()}
    assert [answers[name] for name in setup.wanted_levels(["cc"])] == [kernels._cpu.cpu_level()]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_each_core_header_stands_alone_and_needs_no_python(tmp_path):
    headers = [path.name for path in (SOURCES / "core").glob("*.h") if not path.name.endswith("_of_type.h")]
    programs = [tmp_path / f"{name}.c" for name in headers]
    for name, program in zip(headers, programs, strict=True):
        program.write_text(f'#include "core/{name}"\n')
    command = ["cc", "-std=c11", "-fsyntax-only", f"-I{SOURCES}", *map(str, programs)]
    assert len(programs) > 10
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""


@pytest.mark.skipif(os.environ.get("FASTLR_LEVELS") != "all", reason="FASTLR_LEVELS is not all")
def test_all_levels_are_built_where_all_were_asked_for():
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    assert set(kernels.LEVELS) == (set(CPU_LEVELS) if x86 else {"baseline"})


def test_a_checkout_without_compiled_kernels_says_so(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "fastlr", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    done = run_python("import fastlr; fastlr.fit_logistic", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: no compiled kernels in {tmp_path / 'fastlr' / 'kernels'}: run ")


def test_a_build_for_other_processors_says_so(monkeypatch):
    monkeypatch.delenv("FASTLR_CPU", raising=False)
    with pytest.raises(ImportError, match=r"built for v3, v4 alone.*FASTLR_LEVELS=all"):
        choose_cpu_level(0, ["v3", "v4"])
