"""Columns gathered for a softmax fit in which only some of the K coefficients of a column take part."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]
Numbers = NDArray[np.int64]

def forward(
    indptr: Index,
    indices: Index,
    data: Values,
    begin: Numbers,
    column: Numbers,
    coef: Vector,
    out: Matrix,
    n_threads: int,
) -> None: ...
def adjoint(
    indptr: Index,
    indices: Index,
    data: Values,
    column: Numbers,
    label: Numbers,
    u: Matrix,
    out: Vector,
    n_threads: int,
) -> None: ...
def squares(
    indptr: Index,
    indices: Index,
    data: Values,
    column: Numbers,
    label: Numbers,
    d: Matrix,
    out: Vector,
    n_threads: int,
) -> None: ...
def epochs(
    indptr: Index,
    indices: Index,
    data: Values,
    begin: Numbers,
    column: Numbers,
    order: Numbers,
    weight: Vector,
    p: Matrix,
    gradient: Vector,
    diagonal: Vector,
    XtD1: Vector,
    trace_D: Vector,
    l1: Vector,
    l2: Vector,
    coef: Vector,
    delta: Vector,
    eta: Matrix,
    scratch: Matrix,
    tolerance: float,
    max_epochs: int,
    n_threads: int,
) -> int: ...
