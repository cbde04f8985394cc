"""The pages of docs/design name files and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT / "docs" / "design"
PAGES = sorted(str(page.relative_to(DESIGN)) for page in DESIGN.rglob("*.md"))
#: What looks like a path of the package or the checkout: it ends in a suffix of ours, or in a slash.
PATH = re.compile(r"[\w./-]+(\.(py|pyx|pyi|pxd|h|toml|md)|/)|Makefile")


def code(text):
    """What stands between backticks, outside of links and fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


def found(path):
    """The file or folder that a page means: one of the package, of the checkout, or of this folder; None if none is."""
    places = (ROOT / "fastlr" / path, ROOT / path, DESIGN / path)
    return next((place for place in places if place.exists()), None)


def ours(page):
    """The paths that a page names of this package; those of other libraries stand on the page of peers alone."""
    return [piece for piece in code((DESIGN / page).read_text(encoding="utf-8")) if PATH.fullmatch(piece)]


@pytest.mark.parametrize("page", [page for page in PAGES if page != "peers.md"])
def test_a_page_names_files_that_exist(page):
    assert [path for path in ours(page) if found(path) is None] == []


def test_names_of_where_stand_in_the_files_of_their_line():
    lines = [line for line in (DESIGN / "where.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    missing = []
    for line in lines:
        _, *cells = line.strip("| ").split(" | ")
        pieces = code(" | ".join(cells))
        files = [found(piece) for piece in pieces if PATH.fullmatch(piece)]
        text = "\n".join(file.read_text(encoding="utf-8") for file in files if file and file.is_file())
        names = [piece for piece in pieces if re.fullmatch(r"\w+", piece) and not PATH.fullmatch(piece)]
        missing += [(name, line) for name in names if not re.search(rf"\b{name}\b", text)]
    assert len(lines) > 60
    assert missing == []


@pytest.mark.parametrize("suffix", [".py", ".pyx", ".pxd", ".h"])
def test_sources_name_pages_that_exist(suffix):
    named = {
        page
        for file in (ROOT / "fastlr").rglob(f"*{suffix}")
        for page in re.findall(r"docs/[\w./-]+\.md", file.read_text(encoding="utf-8"))
    }
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []
