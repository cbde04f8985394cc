"""Softmax and the cross-entropy of K classes on arrays, for fastlr.special."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Index = NDArray[np.int32] | NDArray[np.int64]

def rows_per_block(K: int) -> int: ...
def softmax(eta: Matrix, out: Matrix, n_threads: int) -> None: ...
def cross_entropy(
    labels: Index,
    shares: Matrix,
    eta: Matrix,
    weight: Vector,
    tolerance: float,
    weight_scale: float,
    scale: float,
    found: Matrix,
    n_threads: int,
) -> None: ...
def cross_entropy_gradient(
    labels: Index,
    shares: Matrix,
    eta: Matrix,
    weight: Vector,
    out: Matrix,
    tolerance: float,
    scale: float,
    mass: float,
    found: Matrix,
    n_threads: int,
) -> None: ...
def cross_entropy_hessian_product(
    labels: Index,
    shares: Matrix,
    eta: Matrix,
    weight: Vector,
    v: Matrix,
    out: Matrix,
    tolerance: float,
    scale: float,
    mass: float,
    found: Matrix,
    n_threads: int,
) -> None: ...
