"""Exact Newton for small problems: iterations of one fit, run without a return to Python."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

RECORD: tuple[str, ...]
OUTCOMES: tuple[str, ...]

def scratch_length(n: int, p: int) -> int: ...
def dense(
    X: Values,
    y: Vector,
    weight: Vector,
    offset: Vector | None,
    l2: Matrix,
    fit_intercept: bool,
    has_gap: bool,
    tol: float,
    intercept: float,
    first: int,
    coef: Vector,
    records: Matrix,
    scratch: Vector,
) -> tuple[int, int, float, float]: ...
def csr(
    indptr: Index,
    indices: Index,
    data: Values,
    y: Vector,
    weight: Vector,
    offset: Vector | None,
    l2: Matrix,
    fit_intercept: bool,
    has_gap: bool,
    tol: float,
    intercept: float,
    first: int,
    coef: Vector,
    records: Matrix,
    scratch: Vector,
) -> tuple[int, int, float, float]: ...
