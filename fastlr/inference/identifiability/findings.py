"""Findings of a diagnosis (separation, collinear and constant columns), as data and in words."""

import re
from dataclasses import dataclass, field, replace

import numpy as np

from fastlr._compact_pickles import CompactPickles

#: Columns named in a message, at the most.
NAMED = 8


@dataclass(frozen=True)
class Separation(CompactPickles):
    """The classes can be separated, so that the loss has no minimum: coefficients grow without end along `direction`.

    Attributes
    ----------
    kind : {"complete", "quasi-complete"}
        Whether the direction separates all rows, or some while the others do not notice it.
    columns : tuple of int
        Columns of X in which the direction is not zero.
    direction : ndarray of shape (p,), float64
        d with t_i (x_i . d + d_0) >= 0 for every row, t_i = +1 or -1 its class, and > 0 for some; 0 exactly for
        coefficients that cannot go to infinity.
    intercept : float
        d_0, the intercept's part.
    rows : int
        Rows for which it is > 0.
    """

    kind: str
    columns: tuple
    direction: np.ndarray = field(repr=False, compare=False)
    intercept: float
    rows: int

    def describe(self, names=None):
        """The finding in words; `names` of the columns of X, if they have any."""
        what = listed(self.columns, names) or "the intercept alone"
        verb = "separates" if len(self.columns) <= 1 else "together separate"
        rows = "all rows by class" if self.kind == "complete" else f"{self.rows} rows from the other class"
        whose = "its coefficient" if len(self.columns) <= 1 else "their coefficients"
        return (
            f"There is {self.kind} separation: {what} {verb} {rows}, so that {whose} would grow without "
            f"end. Penalise them (l2 > 0, a finite C), or leave out or merge columns."
        )


@dataclass(frozen=True)
class Collinear:
    """Columns that depend on each other linearly (with the intercept, if there is one) and have no penalty.

    Attributes
    ----------
    columns : tuple of int
        Columns of X that take part in a dependency.
    excess : int
        How many of them could be left out without changing what the model can express; a lower bound where X has more
        columns than rows.
    minimum_norm : bool
        Whether the coefficients are those of least Euclidean norm among all that fit equally well.
    """

    columns: tuple
    excess: int
    minimum_norm: bool

    def describe(self, names=None):
        """The finding in words; `names` of the columns of X, if they have any."""
        many = "too many" if self.excess > 1 else "too many of them"
        return (
            f"There are collinear columns without a penalty: {listed(self.columns, names)} ({self.excess} {many}); "
            f"{_whose_norm(self.minimum_norm)}."
        )


@dataclass(frozen=True)
class Constant:
    """Columns without a penalty that add nothing: constant beside an intercept, or zero.

    Attributes
    ----------
    columns : tuple of int
    minimum_norm : bool
        See Collinear: their coefficients are then zero.
    """

    columns: tuple
    minimum_norm: bool

    def describe(self, names=None):
        """The finding in words; `names` of the columns of X, if they have any."""
        what = "their coefficients are zero" if self.minimum_norm else _whose_norm(False)
        return f"There are constant columns without a penalty: {listed(self.columns, names)}; {what}."


#: Text of `uneven_scales` for columns without names.
_UNEVEN_SCALES = re.compile(r"The scales of columns (\d+) and (\d+) differ")


def uneven_scales(small, large, names=None):
    """The beginning of a sentence on two columns of X."""
    return f"The scales of {listed(sorted((small, large)), names)} differ"


#: Text of `far_from_zero` for columns without names.
_FAR_FROM_ZERO = re.compile(r"Without an intercept columns far from zero nearly depend on each other \(([^)]*)\)")


def far_from_zero(columns):
    """The beginning of a sentence on columns of X."""
    return f"Without an intercept columns far from zero nearly depend on each other ({listed(columns)})"


def with_names(result, names):
    """The result with the names of columns in its message, where there are names and all of them are strings."""
    if names is None or not all(isinstance(name, str) for name in names):
        return result
    message = _UNEVEN_SCALES.sub(lambda found: uneven_scales(*map(int, found.groups()), names), result.message)
    message = _FAR_FROM_ZERO.sub(lambda found: _with_names_for_numbers(found[0], names), message)
    for finding in result.findings:
        message = message.replace(finding.describe(), finding.describe(names))
    return result if message == result.message else replace(result, message=message)


def _with_names_for_numbers(text, names):
    """Text of `listed` with the names of the columns in place of their numbers."""
    return re.sub(r"\d+(?! more)\b", lambda found: repr(str(names[int(found[0])])), text)


def listed(columns, names=None):
    """ "columns 3, 5 and 9", the first few of them; with names "columns 'age', 'sex' and 'year'"."""
    shown = [repr(str(names[j])) if names is not None else str(j) for j in columns[:NAMED]]
    if len(columns) > NAMED:
        shown.append(f"{len(columns) - NAMED} more")
    text = " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
    return f"column{'s' if len(columns) > 1 else ''} {text}" if shown else ""


def _whose_norm(minimum):
    if minimum:
        return "the coefficients are those of least norm among all that fit equally well"
    return "other coefficients fit equally well"
