"""The logistic loss summed over rows: values, residuals, curvature, losses along a step, the rows' part of the gap."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

def n_blocks(n: int) -> int: ...
def evaluate(
    eta: Vector,
    y: Vector,
    weight: Vector,
    residual: Vector,
    curvature: Vector,
    sums: Vector,
    n_threads: int,
) -> float: ...
def losses(
    eta: Vector,
    Xd: Vector,
    steps: Vector,
    y: Vector,
    weight: Vector,
    sums: Vector,
    out: Vector,
    n_threads: int,
) -> None: ...
def slope(
    eta: Vector,
    shift: float,
    y: Vector,
    weight: Vector,
    sums: Vector,
    more_sums: Vector,
    n_threads: int,
) -> tuple[float, float]: ...
def gap(
    eta: Vector,
    Xd: Vector,
    t: float,
    shift: float,
    scale: float,
    back: float,
    y: Vector,
    weight: Vector,
    sums: Vector,
    more_sums: Vector,
    n_threads: int,
) -> tuple[float, int]: ...
