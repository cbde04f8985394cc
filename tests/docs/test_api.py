"""The API reference lists what is public, and nothing else."""

import re
from importlib import import_module
from pathlib import Path

import pytest

API = Path(__file__).resolve().parents[2] / "docs" / "api.md"
MODULES = {"diagnosis", "imbalance", "special"}  # which have sections of their own
FINDINGS = {"Collinear", "Constant", "Separation"}  # what users meet of fastlr.diagnosis, in `result.findings`


def listed(module):
    """The names in the page's autosummary lists of a module."""
    names = set()
    for part in re.split(r"^\.\. currentmodule:: ", API.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        if part.splitlines()[0] == module:
            names |= set(re.findall(r"^   (\w+)$", part, re.MULTILINE))
    return names


@pytest.mark.parametrize("module", ["fastlr", "fastlr.imbalance", "fastlr.special"])
def test_every_public_name_is_listed(module):
    assert listed(module) == set(import_module(module).__all__) - {"__version__", *MODULES}


def test_the_findings_of_a_diagnosis_are_listed():
    assert listed("fastlr.diagnosis") == FINDINGS
