"""Sphinx configuration."""

import fastlr

project = "fastlr"
author = "The fastlr developers"
release = fastlr.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc", "myst_parser"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
numpydoc_show_class_members = False
myst_enable_extensions = ["dollarmath"]
