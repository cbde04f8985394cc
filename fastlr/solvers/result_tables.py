"""Results of fits as short tables, in plain text and in HTML."""

import math
import textwrap
from html import escape

import numpy as np

#: Columns of a terminal that a table may take.
WIDTH = 110
#: Results of which each has a line; of more the first and the last ones have.
MOST_LINES = 20


def text_of_one(result):
    """One result: a line for each of its properties."""
    lines = [f"LogisticResult: {result.status.value}"]
    for name, value in _properties(result):
        lines += textwrap.wrap(f"{name:<11}{value}", WIDTH, initial_indent="  ", subsequent_indent=" " * 13)
    return "\n".join(lines)


def html_of_one(result):
    """One result as a table of HTML, its values escaped."""
    left = 'style="text-align: left"'
    rows = [f"<th {left}>{name}</th><td {left}>{escape(value)}</td>" for name, value in _properties(result)]
    return _table(f"LogisticResult: {result.status.value}", rows)


def text_of_several(results, names):
    """Results of one fit each: a line for each of the first and last ones."""
    head, *lines = _several(results, names)
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    shown = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    ]
    return "\n".join([_title(results), *shown])


def html_of_several(results, names):
    """Results of one fit each as a table of HTML."""
    head, *lines = _several(results, names)
    rows = ["".join(f"<th>{cell}</th>" for cell in head)]
    rows += ["".join(f"<td>{escape(cell)}</td>" for cell in line) for line in lines]
    return _table(_title(results), rows)


def _properties(result):
    """(name, value) of what is worth reading of one result, in text."""
    kind, value = _suboptimality(result)
    found = ", ".join(_finding(finding) for finding in result.findings)
    return [
        ("objective", f"{result.objective:.10g}"),
        (kind, value + ("" if math.isnan(result.target) else f" (target {result.target:.2g})")),
        ("passes", f"{result.n_passes:.1f} over X in {result.n_iter} iterations"),
        ("nonzeros", f"{np.count_nonzero(result.coef)} of {np.size(result.coef)} coefficients"),
        ("seconds", f"{result.seconds:.3g}"),
        ("solver", result.solver),
        ("findings", found or "none"),
        ("message", result.message),
    ]


def _suboptimality(result):
    """(what is known of objective minus minimum, its value) in text."""
    if not math.isnan(result.duality_gap):
        return "gap", f"at most {result.duality_gap:.2g}"
    return "estimate", f"{result.history[-1].gap:.2g} by {result.certificate}"


def _finding(finding):
    """ "Collinear columns 3, 5", as short as it gets."""
    columns = ", ".join(map(str, finding.columns[:4])) + ", ..." * (len(finding.columns) > 4)
    return type(finding).__name__ + (f" (columns {columns})" if columns else "")


def _title(results):
    """Number of fits that converged, in words."""
    converged = sum(result.converged for result in results)
    return f"{len(results)} results, {converged} converged"


def _several(results, names):
    """The head of a table with a line for each result, and its lines, in text."""
    count = len(results)
    shown = range(count)
    if count > MOST_LINES:
        half = MOST_LINES // 2
        shown = [*range(half), *range(count - half, count)]
    head = ("", "status", "objective", "gap or estimate", "target", "passes", "nonzeros", "seconds", "solver")
    lines = [_line(names[k], results[k]) for k in shown]
    if count > MOST_LINES:
        lines.insert(MOST_LINES // 2, ("...",) * len(head))
    return [head, *lines]


def _line(name, result):
    kind, value = _suboptimality(result)
    return (
        name,
        result.status.value,
        f"{result.objective:.6g}",
        value.removeprefix("at most ") if kind == "gap" else f"about {result.history[-1].gap:.2g}",
        f"{result.target:.2g}",
        f"{result.n_passes:.1f}",
        f"{np.count_nonzero(result.coef)}/{np.size(result.coef)}",
        f"{result.seconds:.3g}",
        result.solver,
    )


def _table(title, rows):
    """A table of rows that are HTML already, under a title that is text."""
    return f"<table><caption>{escape(title)}</caption>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"
