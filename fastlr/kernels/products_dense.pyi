"""Passes over a dense X: unit stride along rows (C order) or along columns (F order), float32 or float64."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]

def forward(X: Values, v: Vector, shift: float, eta: Vector, chunk: int, block: int, n_threads: int) -> None: ...
def adjoint(X: Values, u: Vector, partial: Matrix, out: Vector, chunk: int, block: int, n_threads: int) -> None: ...
def adjoint_pair(
    X: Values,
    u: Vector,
    d: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    block: int,
    n_threads: int,
) -> None: ...
def squares(X: Values, d: Vector, partial: Matrix, out: Vector, chunk: int, block: int, n_threads: int) -> None: ...
def hessian_product(
    X: Values,
    curvature: Vector,
    v: Vector,
    shift: float,
    Xd: Vector,
    partial: Matrix,
    out: Vector,
    chunk: int,
    block: int,
    n_threads: int,
) -> None: ...
def loss_gradient(
    X: Values,
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
    block: int,
    n_threads: int,
) -> float: ...
def predict(
    X: Values,
    v: Vector,
    shift: float,
    kind: int,
    single: bool,
    out: NDArray[np.uint8],
    y: NDArray[np.uint8] | None,
    weight: Vector | None,
    scale: float,
    chunk: int,
    block: int,
    n_threads: int,
) -> bool: ...
def gather(X: Values, columns: NDArray[np.int64], out: Values, n_threads: int) -> None: ...
