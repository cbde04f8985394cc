"""Epochs of block coordinate descent on the quadratic model of a softmax objective with a group penalty."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def epochs(
    indptr: Index,
    indices: Index,
    data: Values,
    weight: Vector,
    p: Matrix,
    gradient: Matrix,
    curvature: Matrix,
    inverse_coupling: Matrix,
    l1: Vector,
    l2: Vector,
    coef: Matrix,
    delta: Matrix,
    q: Matrix,
    scratch: Matrix,
    tolerance: float,
    max_epochs: int,
) -> int: ...
