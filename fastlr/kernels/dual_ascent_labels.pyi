"""Epochs of coordinate ascent on the duals of several labels at once, over the rows of CSR X."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Lanes = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def epoch(
    indptr: Index,
    indices: Index,
    data: Values,
    order: NDArray[np.intp],
    group: int,
    label: NDArray[np.uint8],
    weight: Vector,
    factor: Lanes,
    norms: Vector,
    own: Vector,
    inverse: Vector,
    free: float,
    logit: Lanes,
    residual: Lanes,
    weights: Lanes,
    n_threads: int,
) -> Matrix: ...
def forward(indptr: Index, indices: Index, data: Values, weights: Lanes, out: Lanes, n_threads: int) -> None: ...
def adjoint(
    indptr: Index, indices: Index, data: Values, u: Lanes, inverse: Vector, weights: Lanes, n_threads: int
) -> None: ...
def lonely(
    indptr: Index, indices: Index, renumbered: Index, data: Values, m: int, home: Index, value: Vector
) -> None: ...
def lonely_peaks(home: Index, value: Vector, v: Matrix, out: Vector) -> None: ...
def coefficients(
    number: Index,
    home: Index,
    value: Vector,
    inverse: Vector,
    weights: Matrix,
    u: Matrix,
    lanes: NDArray[np.intp],
    out: Matrix,
    n_threads: int,
) -> None: ...
