"""Predictions of two classes from linear predictors: kinds of output, and the loop over blocks of rows."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Bytes = NDArray[np.uint8]

LINEAR: int
PROBABILITY: int
LOG_PROBABILITY: int
LABEL: int
LOSS: int
BLOCK: int

def predict(
    eta: Vector,
    kind: int,
    single: bool,
    out: Bytes,
    y: Bytes | None,
    weight: Vector | None,
    scale: float,
    n_threads: int,
) -> bool: ...
