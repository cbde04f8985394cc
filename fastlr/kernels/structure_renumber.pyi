"""Columns renumbered by frequency, for access row by row."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def count(indices: Index, counts: NDArray[np.uint8]) -> None: ...
def rank(counts: NDArray[np.uint8], number: Index) -> int: ...
def relabel(
    indptr: Index,
    indices: Index,
    data: Values,
    number: Index,
    last: int,
    inverse: Vector,
    renumbered: Index,
    norms: Vector,
    own: Vector,
    n_threads: int,
) -> None: ...
