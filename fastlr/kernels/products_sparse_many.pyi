"""Products of a compressed sparse X with K columns at once, along either axis."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Stored = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

def gather(indptr: Index, indices: Index, data: Stored, V: Matrix, out: Matrix, n_threads: int) -> None: ...
def scatter(indptr: Index, indices: Index, data: Stored, splits: Index, U: Matrix, out: Matrix) -> None: ...
def class_hessian_product(
    indptr: Index,
    indices: Index,
    data: Stored,
    p: Matrix,
    weight: Matrix,
    V: Matrix,
    Xd: Matrix,
    sums: Matrix,
    chunk: int,
    n_threads: int,
) -> None: ...
