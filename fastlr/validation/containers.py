"""What data comes in: what is no data in memory, names of columns, whether a conversion has copied."""

import os
from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

EXPECTED = "expected data in memory, such as an array or a data frame"
READERS = (
    "pandas.read_csv, polars.read_parquet, numpy.load, scipy.sparse.load_npz or sklearn.datasets.load_svmlight_file"
)
#: Methods by which libraries bring lazy or remote tables into memory.
_COLLECTORS = ("collect", "compute", "toPandas", "to_pandas", "to_table")


def refuse(name, given):
    """Raise TypeError if the argument `name` is no data in memory, ValueError if entries are masked.

    The message says how to get there.
    """
    if type(given) is np.ndarray or sp.issparse(given):
        return
    refuse_masked(name, given)
    if (fault := _fault(name, given)) is not None:
        raise TypeError(fault)


def refuse_masked(name, given):
    """Raise ValueError if entries are masked: NumPy drops the mask of an array that is converted."""
    if isinstance(given, np.ma.MaskedArray) and np.ma.is_masked(given):
        raise ValueError(
            f"{name} is a masked array, {np.ma.count_masked(given)} entries masked: expected all of them to count; "
            f"leave out rows, such as {name}[~numpy.ma.getmaskarray({name})], or fill {name}"
        )


def _fault(name, given):
    what = f"{name} is a {type(given).__name__}"
    if given is None:
        return f"{name} is None: {EXPECTED}"
    if isinstance(given, (str, bytes, os.PathLike)):
        hint = (
            f"; give a column itself, such as frame[{given!r}]" if name in ("y", "Y") and isinstance(given, str) else ""
        )
        return f"{name}={given!r}: {EXPECTED}{hint}; read a file beforehand, with {READERS}"
    if callable(getattr(given, "read", None)):
        return f"{what}, an open file: {EXPECTED}; read it beforehand, with {READERS}"
    if isinstance(given, Mapping):
        hint = f"{name}['data'] may be meant" if "data" in given else f"pandas.DataFrame({name}) makes one of columns"
        return f"{what}, a mapping: {EXPECTED}; {hint}"
    if isinstance(given, (set, frozenset)):
        return f"{what}, which has no order: {EXPECTED}"
    if hasattr(given, "__next__"):
        return f"{what}, which can be read only once: {EXPECTED}; list({name}) makes a list"
    if not hasattr(given, "__array__"):
        for method in _COLLECTORS:
            if hasattr(type(given), method):
                return f"{what}, whose rows are not in memory: {EXPECTED}; call .{method}() first"
    return None


def as_array(name, given):
    """The argument as an array; raises TypeError or ValueError naming it, as for a tensor on another device."""
    refuse(name, given)
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{name} makes no array: {error}") from error
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name} is a {type(given).__name__} that makes no NumPy array: {error}") from error


def column_names(X):
    """The names of the columns of a data frame, a list; None for anything else."""
    names = getattr(getattr(X, "schema", None), "names", None)  # pyarrow
    if isinstance(names, list):
        return names
    names = getattr(X, "columns", None)
    return None if names is None else list(names)


def text_names(X):
    """The names of the columns as an array of objects where all are strings, as scikit-learn keeps them; else None."""
    names = column_names(X)
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return np.array(names, dtype=object)


def holds_times(X):
    """Whether an array, or a column of a data frame, is of a type for dates, times or durations."""
    if isinstance(X, np.ndarray):
        return X.dtype.kind in "mM"
    if len(getattr(X, "shape", ())) != 2:
        return False
    types = getattr(getattr(X, "schema", None), "types", None)  # pyarrow
    return any(map(_is_time, set(getattr(X, "dtypes", ()) if types is None else types)))


def _is_time(dtype):
    kind = getattr(dtype, "kind", None)  # NumPy and pandas
    if kind is not None:
        return kind in "mM"
    return str(dtype).lower().startswith(("date", "time", "duration"))  # polars and pyarrow


def columns(X):
    """The columns of a table as arrays (n,), one after the other; of an array of another shape none."""
    read = _reader(X)
    if read is not None:
        for j in range(X.shape[1]):
            yield np.asarray(read(j))
        return
    array = np.asarray(X) if isinstance(X, np.ndarray) else np.asarray(X, dtype=object)
    if array.ndim == 2:
        yield from array.T


def copied_bytes(given, converted):
    """Bytes of an array or sparse matrix that do not lie in the memory of what it was made of."""
    if converted is given:
        return 0
    if sp.issparse(converted):
        old = _arrays(given) if sp.issparse(given) else ()
        return sum(
            new.nbytes for new in _arrays(converted) if not any(np.may_share_memory(new, other) for other in old)
        )
    return 0 if _is_view(given, converted) else converted.nbytes


def _is_view(given, array):
    if (read := _reader(given)) is not None:
        given = read(0)  # a whole table might be put together anew
    return hasattr(given, "__array__") and np.may_share_memory(np.asarray(given), array)


def _arrays(X):
    parts = (getattr(X, name, None) for name in ("data", "indices", "indptr"))
    return [part for part in parts if part is not None]


def _reader(X):
    """How to read column j of a data frame; None for anything else."""
    if len(getattr(X, "shape", ())) != 2:
        return None
    if hasattr(X, "iloc"):
        return lambda j: X.iloc[:, j]
    return getattr(X, "to_series", None) or (getattr(X, "column", None) if hasattr(X, "schema") else None)
