"""The examples of the documentation give what the pages say they give."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = ("digits", "imbalance", "index", "nonlinear", "switching", "theory")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page):
    """The Python blocks of a page, without their fences."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_shows_what_it_prints(page):
    assert all(block.startswith(">>> ") for block in blocks(page))


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run_one_after_the_other(page):
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks(page)), {}, page, f"{page}.md", 0)
    report = []
    results = doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=report.append)
    assert results.attempted > 0
    assert results.failed == 0, "".join(report)
