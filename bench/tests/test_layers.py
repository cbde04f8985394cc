"""Folders import only from those below them, as bench/README.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench import CHECKOUT

BELOW = {
    "data": {"data"},
    "peers": {"data", "peers"},
    "harness": {"data", "peers", "harness"},
    "micro": {"data", "peers", "harness", "micro"},
    "tables": {"data", "peers", "harness", "tables"},
    "gates": {"data", "peers", "harness", "gates"},
}
FILES = sorted(file.relative_to(CHECKOUT) for folder in BELOW for file in (CHECKOUT / "bench" / folder).rglob("*.py"))


def imported_folders(file: Path) -> set[str]:
    """Folders of bench that a module imports at run time; a module at the top by its own name."""
    tree = ast.parse((CHECKOUT / file).read_text())
    for_types = {node for block in ast.walk(tree) if isinstance(block, ast.If) for node in block.body}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in for_types and node.module:
            name = f"{node.module}.{node.names[0].name}".split(".")
            if name[0] == "bench" and not name[1].isupper():  # bench.CHECKOUT and bench.RESULTS belong to all
                found.add(name[1])
    return found


@pytest.mark.parametrize("file", FILES, ids=str)
def test_folders_import_only_from_below(file):
    assert imported_folders(file) <= BELOW[file.parts[1]]
