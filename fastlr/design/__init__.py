"""Layer 1: where X lies, and the passes it answers.  `as_design` is the one place that decides dtype and layout."""

from fastlr.design.base import InMemoryDesign
from fastlr.design.class_rows import ClassRows
from fastlr.design.convert import as_design
from fastlr.design.label_rows import LabelRows
from fastlr.design.row_blocks import RowBlocks
from fastlr.design.row_space import RowSpace
from fastlr.design.rows import Rows, RowState, Work

__all__ = ["ClassRows", "InMemoryDesign", "LabelRows", "RowBlocks", "RowSpace", "RowState", "Rows", "Work", "as_design"]
