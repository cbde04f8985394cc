"""Epochs of coordinate ascent on the dual of an L2-penalised logistic objective, over rows."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def sparse_epoch(
    indptr: Index,
    indices: Index,
    data: Values,
    order: NDArray[np.intp],
    group: int,
    y: Vector,
    weight: Vector,
    offset: Vector,
    norms: Vector,
    own: Vector,
    inverse: Vector,
    free: float,
    logit: Vector,
    residual: Vector,
    weights: Vector,
    n_threads: int,
) -> float: ...
def dense_epoch(
    X: Values,
    order: NDArray[np.intp],
    group: int,
    y: Vector,
    weight: Vector,
    offset: Vector,
    norms: Vector,
    own: Vector,
    inverse: Vector,
    free: float,
    logit: Vector,
    residual: Vector,
    weights: Vector,
    n_threads: int,
) -> float: ...
def scaled_residuals(eta: Vector, y: Vector, scale: float, logit: Vector, residual: Vector) -> None: ...
