"""X' diag(h) X for few columns: every chunk of rows has sums of its own."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Stored = Values | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]
Stack = NDArray[np.float64]

def dense(X: Values, h: Vector, plain: Stack, scaled: Stack, sums: Stack, chunk: int, n_threads: int) -> None: ...
def csr(indptr: Index, indices: Index, data: Stored, h: Vector, sums: Stack, chunk: int, n_threads: int) -> None: ...
