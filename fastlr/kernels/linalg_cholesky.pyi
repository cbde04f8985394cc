"""Cholesky factors and solutions of their triangular systems, on OpenMP threads."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

PANEL: int

def factor(
    A: Matrix, p: int, diagonal: Vector, substitute: float, plain: Matrix, scaled: Matrix, n_threads: int
) -> int: ...
def solve(L: Matrix, b: Matrix) -> None: ...
def solve_transposed(L: Matrix, b: Matrix) -> None: ...
