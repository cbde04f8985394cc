"""Merged columns of a CSR matrix: one for each group of equal columns, one for the columns of one entry in a row."""

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32] | NDArray[np.int64]
Values = NDArray[np.float32] | NDArray[np.float64]
Vector = NDArray[np.float64]
Numbers = NDArray[np.int32]
Flags = NDArray[np.uint8]

ALONE: int
EMPTY: int

def hashes(indptr: Index, indices: Index, data: Values, out: NDArray[np.uint64]) -> None: ...
def count(
    indptr: Index,
    indices: Index,
    data: Values,
    target: Numbers,
    leads: Flags,
    seen: Vector,
    kept: NDArray[np.intp],
    has_alone: Flags,
) -> None: ...
def fill(
    indptr: Index,
    indices: Index,
    data: Values,
    target: Numbers,
    leads: Flags,
    scale: Vector,
    own: Numbers,
    out_indptr: Index,
    out_indices: Numbers,
    out: Vector,
    norms: Vector,
    n_threads: int,
) -> None: ...
def shares(
    indptr: Index, indices: Index, data: Values, own: Numbers, norms: Vector, target: Numbers, share: Vector
) -> None: ...
