"""Fused passes over the rows of CSR in which threads share the gradient by ranges of columns."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Stored = Values | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

def hessian_product(
    indptr: Index,
    indices: Index,
    data: Stored,
    splits: Index,
    curvature: Vector,
    v: Vector,
    shift: float,
    Xd: Vector,
    scaled: Vector,
    out: Vector,
    superblock: int,
    n_threads: int,
) -> None: ...
def loss_gradient(
    indptr: Index,
    indices: Index,
    data: Stored,
    splits: Index,
    v: Vector,
    shift: float,
    y: Vector,
    weight: Vector,
    eta: Vector,
    residual: Vector,
    curvature: Vector,
    block_loss: Vector,
    out: Vector,
    superblock: int,
    n_threads: int,
) -> float: ...
