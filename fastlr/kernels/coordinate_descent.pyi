"""Epochs of coordinate descent on the quadratic model of an elastic-net objective, over the columns of a gathered X."""

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
    curvature: Vector,
    gradient: Vector,
    diagonal: Vector,
    XtD1: Vector,
    trace_D: float,
    l1: Vector,
    l2: Vector,
    lower: Vector,
    upper: Vector,
    coef: Vector,
    delta: Vector,
    q: Vector,
    tolerance: float,
    max_epochs: int,
) -> int: ...
def hessian_epochs(
    H: Matrix,
    gradient: Vector,
    l1: Vector,
    lower: Vector,
    upper: Vector,
    coef: Vector,
    delta: Vector,
    q: Vector,
    tolerance: float,
    max_epochs: int,
) -> tuple[int, float]: ...
