"""Fused passes over the rows of CSR in which threads share the gradient by chunks of rows."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Stored = Values | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

def adjoint(
    indptr: Index,
    indices: Index,
    data: Stored,
    u: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    n_threads: int,
) -> None: ...
def squares(
    indptr: Index,
    indices: Index,
    data: Stored,
    d: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    n_threads: int,
) -> None: ...
def hessian_product(
    indptr: Index,
    indices: Index,
    data: Stored,
    curvature: Vector,
    v: Vector,
    shift: float,
    Xd: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    n_threads: int,
) -> None: ...
def loss_gradient(
    indptr: Index,
    indices: Index,
    data: Stored,
    v: Vector,
    shift: float,
    y: Vector,
    weight: Vector,
    eta: Vector,
    curvature: Vector,
    chunk_loss: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    n_threads: int,
) -> float: ...
