"""From what users hand over to a matrix: the one place that decides dtype, layout and copies."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from fastlr.kernels import structure
from fastlr.matrix.base import worthwhile_threads
from fastlr.matrix.compressed import nbytes
from fastlr.matrix.csc import CSCMatrix
from fastlr.matrix.csr import as_csr
from fastlr.matrix.dense import DenseMatrix
from fastlr.validation.cells import fault
from fastlr.validation.containers import as_array, column_names, copied_bytes, holds_times, refuse

#: The bits of kernels.structure.irregularities.
UNSORTED, DUPLICATES, OUT_OF_RANGE = 1, 2, 4


@dataclass(frozen=True)
class Converted:
    """X as a caller has converted it, with the names and the bytes copied, which the converted X does not tell.

    Attributes
    ----------
    X : array or sparse matrix of shape (n, p)
    names : sequence or None
        Of the columns.
    copied_bytes : int
        Bytes that the conversion has copied.
    """

    X: np.ndarray | sp.csr_array | sp.csc_array
    names: np.ndarray | list | None
    copied_bytes: int

    @property
    def shape(self):
        return self.X.shape

    @property
    def dtype(self):
        return self.X.dtype


def as_matrix(X, n_threads=1):
    """The matrix over X; X itself is not copied if it is float32 or float64 in C or F order, CSR or CSC.

    Parameters
    ----------
    X : array-like, data frame, scipy.sparse matrix or array of shape (n, p), Converted, or a matrix
        float32 and float64 are used as they are, also through slices and read-only or memory-mapped buffers.  float16
        becomes float32; booleans, integers and foreign byte order become native floats; both are copies.  Sparse
        formats other than CSR and CSC are converted to CSR, and repeated entries are added up in a copy.  A matrix is
        returned unchanged.
    n_threads : int
        Threads for each pass, at the most: small X gets fewer.

    Returns
    -------
    InMemoryMatrix, or X itself if it already answers as a matrix.

    Raises
    ------
    TypeError
        If X is no data in memory, or holds complex numbers, strings or objects that are no numbers.
    ValueError
        If X is not two-dimensional, is empty, or is sparse with indices out of range.
    """
    if callable(getattr(X, "bind", None)):
        return X
    if isinstance(X, Converted):
        matrix = _sparse_matrix(X.X, n_threads) if sp.issparse(X.X) else _dense_matrix(X.X, n_threads)
        matrix.names = X.names
        matrix.copied_bytes += X.copied_bytes
        return matrix
    if sp.issparse(X):
        return _sparse_matrix(X, n_threads)
    matrix = _dense_matrix(X, n_threads)
    if type(X) is not np.ndarray:
        matrix.names = column_names(X)
    return matrix


def _float_type(dtype):
    """The storage type for values of `dtype`; raises TypeError where there is none."""
    if dtype.kind in "biu" or (dtype.kind == "f" and dtype.itemsize > 8):
        return np.dtype(np.float64)
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if dtype.kind == "c":
        raise TypeError(f"Complex data not supported: X has dtype {dtype}, expected real numbers")
    raise TypeError(f"X has dtype {dtype}, expected real numbers")


def _check_shape(shape):
    if len(shape) != 2:
        raise ValueError(
            f"X has {len(shape)} dimension(s), expected 2. Reshape your data: X.reshape(-1, 1) if it has a single "
            "feature, X.reshape(1, -1) if it has a single sample."
        )
    n, p = shape
    if n == 0:
        raise ValueError(
            f"Found array with 0 sample(s) (shape=({n}, {p})) while a minimum of 1 is required: X is empty"
        )
    if p == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape=({n}, {p})) while a minimum of 1 is required. X has no columns"
        )


def _numbers(X):
    """X as an array of numbers; objects are turned into float64 where each is a number."""
    refuse("X", X)
    if holds_times(X) and (told := fault(X)) is not None:
        raise told
    array = as_array("X", X)
    if array.dtype.kind in "biufc":
        return array
    if array.dtype.kind != "O":
        raise fault(X) or TypeError(f"X has dtype {array.dtype}, expected real numbers")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise fault(X) or TypeError(f"X holds something else than real numbers: {error}") from error


def _dense_matrix(X, n_threads):
    array = _numbers(X)
    _check_shape(array.shape)
    wanted = _float_type(array.dtype)
    if array.dtype != wanted or not _has_unit_stride(array):
        array = np.array(array, dtype=wanted, order="C")
    return DenseMatrix(array, n_threads, copied_bytes(X, array))


def _has_unit_stride(array):
    """Whether rows or columns are contiguous and the other stride is a whole number of entries."""
    size = array.dtype.itemsize
    return size in array.strides and all(stride % size == 0 for stride in array.strides) and array.flags.aligned


def _sparse_matrix(X, n_threads):
    _check_shape(X.shape)
    wanted = _float_type(X.dtype)
    given = X
    if X.format not in ("csr", "csc"):
        X = X.tocsr()
    if X.dtype != wanted:
        X = X.astype(wanted)
    copied = 0 if X is given else nbytes(X)
    _check_indptr(X)
    X, more = _usable_arrays(X)
    n_threads = worthwhile_threads(X.nnz, n_threads)
    is_sorted, has_duplicates = _structure(X, n_threads)
    if has_duplicates:
        X = type(X)((X.data.copy(), X.indices.copy(), X.indptr.copy()), shape=X.shape)
        X.sum_duplicates()
        copied, more, is_sorted = nbytes(X), 0, True
    matrix = as_csr if X.format == "csr" else CSCMatrix
    return matrix(X, is_sorted, n_threads, copied + more)


def _check_indptr(X):
    """Raise ValueError where indptr would lead outside the other two arrays."""
    n_major = X.shape[0] if X.format == "csr" else X.shape[1]
    indptr = X.indptr
    if len(indptr) != n_major + 1 or indptr[0] != 0 or np.any(indptr[1:] < indptr[:-1]):
        raise ValueError(f"X.indptr must have {n_major + 1} entries that start at 0 and never decrease")
    if indptr[-1] > min(len(X.indices), len(X.data)):
        raise ValueError(
            f"X.indptr ends at {indptr[-1]}, beyond the {len(X.indices)} indices and {len(X.data)} values of X"
        )


def _usable_arrays(X):
    """X with contiguous native arrays, indptr and indices of one type, nothing behind the end; and the bytes copied."""
    index = np.dtype(np.int64 if max(X.indices.dtype.itemsize, X.indptr.dtype.itemsize) > 4 else np.int32)
    end = int(X.indptr[-1])
    given = (X.data[:end], X.indices[:end], X.indptr)
    wanted = (X.dtype.newbyteorder("="), index, index)
    parts = [np.ascontiguousarray(part, dtype=dtype) for part, dtype in zip(given, wanted, strict=True)]
    copied = sum(new.nbytes for new, old in zip(parts, given, strict=True) if not np.may_share_memory(new, old))
    if not copied and end == len(X.indices) == len(X.data):
        return X, 0
    compressed = sp.csr_array if X.format == "csr" else sp.csc_array
    same = compressed(X.shape, dtype=parts[0].dtype)
    same.data, same.indices, same.indptr = parts
    return same, copied


def _structure(X, n_threads):
    """(indices are sorted, some are repeated); raises ValueError where indices lead outside X."""
    if X.nnz == 0:
        return True, False
    n_minor = X.shape[1] if X.format == "csr" else X.shape[0]
    found = structure.irregularities(X.indptr, X.indices, n_minor, n_threads)
    if found & OUT_OF_RANGE:
        axis = "column" if X.format == "csr" else "row"
        raise ValueError(f"X.indices holds {axis} indices outside 0..{n_minor - 1}")
    if not found & UNSORTED:
        return True, bool(found & DUPLICATES)
    last_seen = np.full((n_threads, n_minor), -1, dtype=X.indices.dtype)
    return False, structure.repeats(X.indptr, X.indices, last_seen)
