"""X' diag(h) X for every layout: Hessians, softmax blocks, sandwich covariances."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def panel_shape(p: int) -> tuple[int, int]: ...
def dense(X: Values, h: Vector, plain: Matrix, scaled: Matrix, out: Matrix, n_threads: int) -> None: ...
def csr(indptr: Index, indices: Index, data: Values, splits: Index, h: Vector, out: Matrix) -> None: ...
def csc(indptr: Index, indices: Index, data: Values, h: Vector, columns: Matrix, out: Matrix) -> None: ...
