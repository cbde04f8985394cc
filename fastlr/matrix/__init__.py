"""Where X lies, and the passes it answers.  `as_matrix` is the one place that decides dtype and layout."""

from fastlr.matrix.base import InMemoryMatrix
from fastlr.matrix.centred_rows import CentredRows
from fastlr.matrix.convert import Converted, as_matrix
from fastlr.matrix.group_rows import GroupRows
from fastlr.matrix.label_rows import LabelRows
from fastlr.matrix.mini_batches import RowBlocks
from fastlr.matrix.pair_rows import PairRows
from fastlr.matrix.pairs import PairMatrix
from fastlr.matrix.pass_counter import PassCounter
from fastlr.matrix.row_space import RowSpace
from fastlr.matrix.rows import Rows, RowState
from fastlr.matrix.softmax_rows import ClassRows

__all__ = [
    "CentredRows",
    "ClassRows",
    "Converted",
    "GroupRows",
    "InMemoryMatrix",
    "LabelRows",
    "PairMatrix",
    "PairRows",
    "RowBlocks",
    "RowSpace",
    "RowState",
    "Rows",
    "PassCounter",
    "as_matrix",
]
