"""The examples of the documentation run, page by page, and give what the pages say they give.

A page shows sessions (">>> ", with what they print) or plain code; the blocks of a page run one after the other, from
an empty namespace.
"""

import contextlib
import doctest
import importlib
import io
import re
from pathlib import Path

import pytest

import fastlr

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page):
    """The Python blocks of a page, without their fences, each with the number of its first line."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in found]


def is_session(block):
    return block.startswith(">>> ")


PAGES = [
    str(file.relative_to(ROOT))
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "_build" not in file.parts and blocks(file)
]
SESSIONS = [page for page in PAGES if any(is_session(block) for _, block in blocks(page))]
PACKAGE = Path(fastlr.__file__).parent
MODULES = [
    ".".join(("fastlr", *file.relative_to(PACKAGE).with_suffix("").parts))
    for file in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]


def test_the_pages_that_users_read_first_have_examples():
    assert {"README.md", "docs/guide.md", "docs/digits.md", "docs/imbalance.md"} <= set(PAGES)
    assert {"docs/digits.md", "docs/imbalance.md"} <= set(SESSIONS)
    assert "fastlr.estimator.logistic_regression" in MODULES


@pytest.mark.parametrize("page", SESSIONS)
def test_the_sessions_of_a_page_print_what_it_shows(page):
    assert all(is_session(block) for _, block in blocks(page))
    text = "\n".join(block for _, block in blocks(page))
    examples = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    report = []
    results = doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=report.append)
    assert results.attempted > 0
    assert results.failed == 0, "".join(report)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in SESSIONS])
def test_the_code_of_a_page_runs(page):
    namespace = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        for line, block in blocks(page):
            exec(compile("\n" * line + block, page, "exec"), namespace)


@pytest.mark.parametrize("module", MODULES)
def test_the_docstrings_of_a_module_print_what_they_show(module):
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        results = doctest.testmod(importlib.import_module(module), optionflags=OPTIONS)
    assert results.failed == 0, report.getvalue()
    assert results.attempted > 0
