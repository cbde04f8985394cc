"""Products with a compressed sparse X along either axis."""

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
