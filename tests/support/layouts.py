"""The layouts of a matrix, and the same values in each of them."""

import numpy as np
import scipy.sparse as sp

LAYOUTS = ("C", "F", "csr", "csc")


def as_layout(X, layout, dtype=np.float64, index=np.int32):
    """X (a dense array) in one of the four layouts."""
    if layout in ("C", "F"):
        return np.asarray(X, dtype=dtype, order=layout)
    compressed = {"csr": sp.csr_array, "csc": sp.csc_array}[layout](np.asarray(X, dtype=dtype))
    compressed.indices = compressed.indices.astype(index)
    compressed.indptr = compressed.indptr.astype(index)
    return compressed


def dense_layouts(X):
    """The same values in every layout that the dense kernels read in place."""
    n, p = X.shape
    wide = np.full((n, p + 3), np.nan, dtype=X.dtype)
    wide[:, 1 : p + 1] = X
    tall = np.full((2 * n, p), np.nan, dtype=X.dtype)
    tall[::2] = X
    columns = np.full((n, 2 * p), np.nan, dtype=X.dtype, order="F")
    columns[:, ::2] = X
    rows = np.full((n + 5, p), np.nan, dtype=X.dtype, order="F")
    rows[2 : n + 2] = X
    return {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "C, some columns": wide[:, 1 : p + 1],
        "C, every other row": tall[::2],
        "C, rows reversed": np.ascontiguousarray(X[::-1])[::-1],
        "F, every other column": columns[:, ::2],
        "F, some rows": rows[2 : n + 2],
        "F, columns reversed": np.asfortranarray(X[:, ::-1])[:, ::-1],
    }


def scrambled(X, split_entries=False, seed=0):
    """A CSR or CSC array with the same values, in random order; with `split_entries` each entry is the sum of two.

    The parts are exact: the sums of duplicates equal the entries bit by bit.
    """
    rng = np.random.default_rng(seed)
    indptr, indices, data = X.indptr, X.indices, X.data
    major = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    if split_entries:
        major, indices, data = np.tile(major, 2), np.tile(indices, 2), np.tile(data * X.dtype.type(0.5), 2)
        indptr = (2 * indptr).astype(indptr.dtype)
    order = rng.permutation(len(major))
    order = order[np.argsort(major[order], kind="stable")]
    result = type(X)(X.shape, dtype=X.dtype)
    result.data, result.indices, result.indptr = data[order], indices[order].astype(X.indices.dtype), indptr
    result.has_sorted_indices = result.has_canonical_format = False
    return result


def with_room_to_spare(form, index=0):
    """Valid: only the entries before indptr[-1] belong to the matrix."""

    def make(X):
        stored = {"csr": sp.csr_array, "csc": sp.csc_array}[form](X)
        stored.data = np.append(stored.data, [np.nan] * 7)
        stored.indices = np.append(stored.indices, [index] * 7).astype(stored.indices.dtype)
        return stored

    return make
