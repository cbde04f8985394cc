"""Products with a compressed sparse X along either axis, and what a design needs to know of its structure."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Stored = Values | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

def gather(
    indptr: Index,
    indices: Index,
    data: Stored,
    v: Vector,
    shift: float,
    out: Vector,
    n_threads: int,
) -> None: ...
def scatter(indptr: Index, indices: Index, data: Stored, splits: Index, u: Vector, out: Vector) -> None: ...
def scatter_all(indptr: Index, indices: Index, data: Stored, splits: Index, u: Vector, out: Vector) -> None: ...
def predict(
    indptr: Index,
    indices: Index,
    data: Stored,
    v: Vector,
    shift: float,
    kind: int,
    single: bool,
    out: NDArray[np.uint8],
    y: NDArray[np.uint8] | None,
    weight: Vector | None,
    scale: float,
    n_threads: int,
) -> bool: ...
def scatter_squares(indptr: Index, indices: Index, data: Stored, splits: Index, d: Vector, out: Vector) -> None: ...
def gather_squares(indptr: Index, indices: Index, data: Stored, d: Vector, out: Vector, n_threads: int) -> None: ...
def scatter_absolute(indptr: Index, indices: Index, data: Stored, splits: Index, d: Vector, out: Vector) -> None: ...
def gather_absolute(indptr: Index, indices: Index, data: Stored, d: Vector, out: Vector, n_threads: int) -> None: ...
def structure(indptr: Index, indices: Index, n_minor: int, n_threads: int) -> int: ...
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
