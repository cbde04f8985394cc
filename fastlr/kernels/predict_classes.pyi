"""Predictions of K classes from X, a block of rows at a time; see core/predict_classes.h."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]
Values = NDArray[np.float32] | NDArray[np.float64]
Stored = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int64]
Index = NDArray[np.int32] | NDArray[np.int64]

LINEAR: int
PROBABILITY: int
LOG_PROBABILITY: int
TOP: int
LABEL: int
INDICATOR: int
POSITIVE: int
LOSS: int
SOFTMAX: int
ONE_VS_REST: int
SIGMOID: int
PADDING: int

def by_column(coef: Values, panels: Matrix, n_threads: int) -> None: ...
def dense(
    X: Values,
    panels: Matrix,
    intercept: Vector,
    K: int,
    kind: int,
    link: int,
    single: bool,
    out: Bytes,
    index: Numbers | None,
    k: int,
    label: Numbers | None,
    start: Numbers | None,
    weight: Vector | None,
    scale: float,
    scratch: Matrix,
    rows: int,
    n_threads: int,
) -> bool: ...
def few_rows(
    X: Values,
    coef: Values,
    intercept: Vector,
    kind: int,
    link: int,
    single: bool,
    out: Bytes,
    index: Numbers | None,
    k: int,
    label: Numbers | None,
    start: Numbers | None,
    weight: Vector | None,
    scale: float,
    scratch: Matrix,
    panels: Matrix,
    n_threads: int,
) -> bool: ...
def csr(
    indptr: Index,
    indices: Index,
    data: Stored,
    V: Matrix,
    intercept: Vector,
    kind: int,
    link: int,
    single: bool,
    out: Bytes,
    index: Numbers | None,
    k: int,
    label: Numbers | None,
    start: Numbers | None,
    weight: Vector | None,
    scale: float,
    scratch: Matrix,
    rows: int,
    n_threads: int,
) -> bool: ...
