"""Entries of a table that no fit can take: text, other objects, missing values; where they are, in words."""

import datetime
import numbers
import reprlib

import numpy as np
import scipy.sparse as sp

from fastlr.validation.containers import column_names, columns

#: Columns of text that a message names.
NAMED = 8
_TIMES = (np.datetime64, np.timedelta64, datetime.date, datetime.time, datetime.timedelta)


def place(i, j, names=None):
    """ "at row 7, column 3 ('age')"."""
    return f"at row {i}, {column(j, names)}"


def column(j, names=None):
    """ "column 3 ('age')"."""
    return f"column {j}" + (f" ({names[j]!r})" if names is not None else "")


def not_finite(value, i, j, names=None):
    """What to say of an entry that is NaN, infinity or another missing value."""
    found = f"Input X contains {_missing_name(value)}, {place(i, j, names)}"
    if isinstance(value, numbers.Real) and np.isinf(value):
        return f"{found}: expected finite numbers"
    return f"{found}: impute missing values, for example with sklearn.impute.SimpleImputer"


def fault(X):
    """The error for entries of X that no fit can take, TypeError for text and objects, ValueError for missing values.

    None where there is no such entry.
    Objects are told before missing values, the first by column.
    """
    if sp.issparse(X):
        return _fault_of_sparse(X)
    try:
        found = [(j, *first) for j, values in enumerate(columns(X)) if (first := _first_fault(values)) is not None]
    except (TypeError, ValueError, RuntimeError):  # no table
        return None
    if not found and (first := _first_text(X)) is not None:
        return TypeError(
            f"X has one dimension and holds {reprlib.repr(first)}: expected a table of numbers; of texts "
            "sklearn.feature_extraction.text.TfidfVectorizer makes one"
        )
    names = column_names(X)
    objects = [(j, i, value) for j, i, value in found if not _is_missing(value)]
    if not objects:
        return ValueError(not_finite(found[0][2], found[0][1], found[0][0], names)) if found else None
    j, i, value = objects[0]
    told = f"X holds {reprlib.repr(value)}, {place(i, j, names)}: expected numbers"
    if isinstance(value, _TIMES):
        return TypeError(f"{told}, such as the days since a date")
    if not isinstance(value, str):
        return TypeError(told)
    text = [names[j] if names is not None else j for j, _, value in objects if isinstance(value, str)]
    which = f"columns {_listed(text)}" if len(text) > 1 else "the column"
    return TypeError(f"{told}; encode {which}, for example with sklearn.preprocessing.OneHotEncoder")


def _fault_of_sparse(X):
    entries = X.tocoo()
    first = _first_fault(entries.data)
    if first is None:
        return None
    return ValueError(not_finite(first[1], int(entries.row[first[0]]), int(entries.col[first[0]])))


def _first_fault(values):
    """(position, value) of the first entry that is no finite number, objects before missing ones; None without any."""
    kind = values.dtype.kind
    if kind in "biu":
        return None
    if kind in "fc":
        wrong = np.flatnonzero(~np.isfinite(values))
        return (int(wrong[0]), values[wrong[0]]) if len(wrong) else None
    missing = None
    for i, value in enumerate(values.tolist() if kind in "USO" else values):
        if _is_missing(value):
            missing = missing or (i, value)
        elif not _is_number(value):
            return i, value
    return missing


def _first_text(X):
    """The first entry of a list or array of one dimension, where that is text."""
    if np.ndim(X) != 1 or not len(X):
        return None
    first = next(iter(X))
    return str(first) if isinstance(first, str) else None


def _is_number(value):
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, complex)


def _is_missing(value):
    """None, NaN, NaT, pandas.NA or infinity, which stands for no number either."""
    if value is None:
        return True
    try:
        return bool(value != value) or (isinstance(value, numbers.Real) and bool(np.isinf(value)))
    except (TypeError, ValueError):  # pandas.NA has no truth
        return type(value).__name__ == "NAType"


def _missing_name(value):
    if value is None or not isinstance(value, numbers.Real):
        return str(value)
    return "NaN" if np.isnan(value) else "infinity"


def _listed(names):
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(map(repr, names[:NAMED])) + more
