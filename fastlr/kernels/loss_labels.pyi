"""K logistic losses over rows with K labels 0 or 1 each: values, residuals, curvature, the rows' part of K gaps."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Labels = NDArray[np.uint8]

def evaluate(
    eta: Matrix,
    label: Labels,
    weight: Vector,
    factor: Matrix,
    residual: Matrix,
    curvature: Matrix,
    n_threads: int,
) -> Vector: ...
def slopes(eta: Matrix, shift: Vector, label: Labels, weight: Vector, factor: Matrix, n_threads: int) -> Matrix: ...
def losses(
    eta: Matrix, Xd: Matrix, t: Vector, label: Labels, weight: Vector, factor: Matrix, n_threads: int
) -> Vector: ...
def divergence(
    eta: Matrix,
    Xd: Matrix,
    t: Vector,
    scale: Vector,
    back: float,
    label: Labels,
    weight: Vector,
    factor: Matrix,
    n_threads: int,
) -> Matrix: ...
def bend(curvature: Matrix, Xd: Matrix, curved: Matrix, n_threads: int) -> Vector: ...
def move(curvature: Matrix, shift: Vector, Xd: Matrix, curved: Matrix, n_threads: int) -> None: ...
