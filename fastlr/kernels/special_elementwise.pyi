"""The logistic function and the logistic loss on arrays, for fastlr.special."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64]

BLOCK: int
LOSS: int
MASS: int
BAD_WEIGHTS: int
NEGATIVE: int
OTHER: int
ABOVE: int
COLUMNS: int

def totals(found: Matrix) -> Vector: ...
def expit(eta: Values, out: Values, n_threads: int) -> None: ...
def expit_derivative(eta: Values, out: Values, n_threads: int) -> None: ...
def weigh(weight: Vector, scale: float, found: Matrix, n_threads: int) -> None: ...
def log_loss(y: Vector, eta: Vector, weight: Vector, scale: float, found: Matrix, n_threads: int) -> None: ...
def log_loss_gradient(
    y: Vector,
    eta: Vector,
    weight: Vector,
    out: Vector,
    scale: float,
    mass: float,
    found: Matrix,
    n_threads: int,
) -> None: ...
def log_loss_hessian_product(
    y: Vector,
    eta: Vector,
    weight: Vector,
    v: Vector,
    out: Vector,
    scale: float,
    mass: float,
    found: Matrix,
    n_threads: int,
) -> None: ...
