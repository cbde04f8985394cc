"""Layer 1: where X lies, and the passes it answers.  `as_design` is the one place that decides dtype and layout."""

from fastlr.design.base import InMemoryDesign
from fastlr.design.centred_rows import CentredRows
from fastlr.design.class_groups import GroupRows
from fastlr.design.class_pairs import PairRows
from fastlr.design.class_rows import ClassRows
from fastlr.design.convert import Converted, as_design
from fastlr.design.label_rows import LabelRows
from fastlr.design.merging import StandIns, merge_columns
from fastlr.design.pairs import PairDesign
from fastlr.design.row_blocks import RowBlocks
from fastlr.design.row_space import RowSpace
from fastlr.design.rows import Rows, RowState, Work

__all__ = [
    "CentredRows",
    "ClassRows",
    "Converted",
    "GroupRows",
    "InMemoryDesign",
    "LabelRows",
    "PairDesign",
    "PairRows",
    "RowBlocks",
    "RowSpace",
    "RowState",
    "Rows",
    "StandIns",
    "Work",
    "as_design",
    "merge_columns",
]
