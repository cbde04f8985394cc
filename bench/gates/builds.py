"""Builds of other commits, kept in the cache folder, and the environment of a process that imports one of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import CHECKOUT
from bench.data.cache import cache_folder


def commit_of(revision: str) -> str:
    """The full hash of a commit, branch or tag; SystemExit where there is no such thing."""
    command = ["git", "rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}"]
    found = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    if found.returncode:
        raise SystemExit(f"{revision!r} is no commit, branch or tag of {CHECKOUT}")
    return found.stdout.strip()


def build(commit: str, levels: str) -> Path:
    """The commit's checkout with its kernels compiled; made at the first call.

    Parameters
    ----------
    commit : str
        A full hash.
    levels : {"all", "native"}
        CPU levels to compile, as FASTLR_LEVELS says it.  Commits that do not know the variable compile all.
    """
    complete = cache_folder() / "builds" / commit
    folder = complete if levels == "all" else complete.with_name(f"{commit}-{levels}")
    for built in (complete, folder):
        if built.exists():
            return built
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=commit, dir=folder.parent))
    print(f"building {commit[:12]}: minutes, once", flush=True)
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(CHECKOUT), str(partial)], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=partial, check=True)
    finished = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"],
        cwd=partial,
        env={**os.environ, "FASTLR_LEVELS": levels},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if finished.returncode:
        raise SystemExit(f"{finished.stdout[-2000:]}\n{commit} does not build")
    partial.rename(folder)
    return folder


def environment(folder: Path | None) -> dict[str, str]:
    """The environment in which `python -m bench...` imports the fastlr of a folder, or (None) what this one imports."""
    found = dict(os.environ)
    if folder is not None:
        found["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [found.get("PYTHONPATH")])])
    return found


def check_package(imported: str, folder: Path | None) -> None:
    """SystemExit where a process has imported another fastlr than that of its folder."""
    if folder is not None and folder.resolve() not in Path(imported).resolve().parents:
        raise SystemExit(f"{imported} was imported instead of the build in {folder}")
