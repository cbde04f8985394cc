"""Sphinx configuration."""

import enum
import sys
from importlib import import_module
from pathlib import Path

from docutils import nodes

import fastlr

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "fastlr"
author = "The fastlr developers"
copyright = author
version = release = fastlr.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = f"fastlr {release}"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"index": [], "switching": [], "theory": []}
html_theme_options = {
    "logo": {"text": "fastlr"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "design/peers": [], "design/where": []},
    "show_toc_level": 2,
}


def own_members(name):
    """The names to document of a class: its members if it is an enumeration, else the public methods fastlr gave it."""
    module, _, attribute = name.rpartition(".")
    documented = getattr(import_module(module), attribute)
    if issubclass(documented, enum.Enum):
        return [member.name for member in documented]
    methods = {name: getattr(documented, name) for name in dir(documented) if not name.startswith("_")}
    return [name for name, method in methods.items() if getattr(method, "__module__", "").startswith("fastlr")]


suppress_warnings = ["config.cache"]  # a function among the settings cannot be cached
autosummary_context = {"own_members": own_members}


def without_blank_ends(app, doctree):
    """Examples end with an empty line, which ends what they print; it is not shown."""
    for block in doctree.findall(nodes.literal_block):
        block.rawsource = block.astext().rstrip()
        block.children = [nodes.Text(block.rawsource)]


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-read", without_blank_ends)
