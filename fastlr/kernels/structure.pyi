"""Checks of the indices of a compressed sparse X, counts of its entries, and copies of a few minor slices."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def irregularities(indptr: Index, indices: Index, n_minor: int, n_threads: int) -> int: ...
def repeats(indptr: Index, indices: Index, last_seen: Index) -> bool: ...
def split(indptr: Index, indices: Index, bounds: Index, splits: Index, n_threads: int) -> None: ...
def all_equal(data: Values) -> bool: ...
def count_minor(indices: Index, counts: Index) -> None: ...
def count_selected(indptr: Index, indices: Index, position: Index, counts: Index, n_threads: int) -> None: ...
def select(
    indptr: Index,
    indices: Index,
    data: Values,
    position: Index,
    new_indptr: Index,
    new_indices: Index,
    new_data: Values,
    n_threads: int,
) -> None: ...
def gather_columns(
    indptr: Index,
    indices: Index,
    data: Values,
    splits: Index,
    position: Index,
    next_entry: Index,
    new_indices: Index,
    new_data: Values,
) -> None: ...
def dense_centres(
    X: Values,
    rows: NDArray[np.int64],
    far: float,
    constant: float,
    centre: NDArray[np.float64],
) -> int: ...
def csr_centres(
    indptr: Index,
    indices: Index,
    data: Values,
    rows: NDArray[np.int64],
    far: float,
    constant: float,
    centre: NDArray[np.float64],
) -> int: ...
