"""The elastic-net penalty over coefficients, also within bounds: soft thresholds, subgradients, shares of the gap."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

def soft_threshold(v: Vector, threshold: Vector, out: Vector, n_threads: int) -> None: ...
def subgradient(
    coef: Vector, gradient: Vector, l1: Vector, lower: Vector, upper: Vector, out: Vector, n_threads: int
) -> float: ...
def largest_ratio(adjoint: Vector, l1: Vector, l2: Vector, lower: Vector, upper: Vector, n_threads: int) -> float: ...
def gap(coef: Vector, adjoint: Vector, scale: float, l1: Vector, l2: Vector, n_threads: int) -> float: ...
def gap_within(
    coef: Vector,
    adjoint: Vector,
    scale: float,
    l1: Vector,
    l2: Vector,
    lower: Vector,
    upper: Vector,
    n_threads: int,
) -> float: ...
