"""The softmax loss summed over rows: values, probabilities, residuals, curvature, the rows' part of the gap."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]

def evaluate(eta: Matrix, label: Labels, weight: Vector, p: Matrix, residual: Matrix, n_threads: int) -> float: ...
def curve(p: Matrix, weight: Vector, z: Matrix, h: Matrix, n_threads: int) -> None: ...
def loss(eta: Matrix, z: Matrix, t: float, label: Labels, weight: Vector, scratch: Matrix, n_threads: int) -> float: ...
def divergence(
    eta: Matrix,
    p: Matrix,
    z: Matrix,
    t: float,
    back: float,
    scale: float,
    label: Labels,
    weight: Vector,
    scratch: Matrix,
    n_threads: int,
) -> tuple[float, int]: ...
