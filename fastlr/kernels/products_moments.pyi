"""First and second moments of the columns of X about given centres."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def dense(X: Values, weight: Vector, centre: Vector, partial: Matrix, chunk: int, n_threads: int) -> None: ...
def by_columns(
    indptr: Index,
    indices: Index,
    data: Values,
    weight: Vector,
    centre: Vector,
    sums: Matrix,
    n_threads: int,
) -> None: ...
def by_rows(
    indptr: Index,
    indices: Index,
    data: Values,
    splits: Index,
    weight: Vector,
    centre: Vector,
    sums: Matrix,
) -> None: ...
