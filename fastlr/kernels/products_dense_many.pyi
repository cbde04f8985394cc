"""Products of a dense X, of any strides, with K columns at once."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]

PIECE: int

def forward(X: Values, V: Matrix, eta: Matrix, n_threads: int) -> None: ...
def adjoint(X: Values, U: Matrix, sums: Matrix, chunk: int, n_threads: int) -> None: ...
def class_hessian_product(
    X: Values, p: Matrix, weight: Matrix, V: Matrix, Xd: Matrix, sums: Matrix, chunk: int, n_threads: int
) -> None: ...
def class_loss_gradient(
    X: Values,
    V: Matrix,
    label: NDArray[np.int64],
    weight: Matrix,
    eta: Matrix,
    p: Matrix,
    sums: Matrix,
    losses: Matrix,
    chunk: int,
    n_threads: int,
) -> None: ...
