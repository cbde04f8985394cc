"""The functions of fastlr.special."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np

from bench.gates.bit_cases.answers import Answer, Case

#: Each function, and the names of its arguments in `arrays`.
FUNCTIONS = {
    "expit": ("eta",),
    "expit_derivative": ("eta",),
    "log_loss": ("y", "eta"),
    "log_loss_gradient": ("y", "eta"),
    "log_loss_hessian_product": ("y", "eta", "v"),
    "softmax": ("class_eta",),
    "cross_entropy": ("class_y", "class_eta"),
    "cross_entropy_gradient": ("class_y", "class_eta"),
    "cross_entropy_hessian_product": ("class_y", "class_eta", "class_v"),
}


@cache
def arrays() -> dict[str, np.ndarray]:
    """Linear predictors between -40 and 40, targets and directions: 100,000 for two classes, 20,000 x 5 for five."""
    r = np.random.default_rng(10)
    eta = r.uniform(-40, 40, size=(20_000, 5))
    y, v = r.integers(5, size=20_000), r.normal(size=eta.shape)
    of_two = {"eta": eta.ravel(), "y": r.integers(2, size=eta.size), "v": v.ravel()}
    return of_two | {"class_eta": eta, "class_y": y, "class_v": v}


def call(name: str, n_threads: int) -> Answer:
    """The values of one function."""
    from fastlr import special

    arguments = [arrays()[argument] for argument in FUNCTIONS[name]]
    return {"values": np.atleast_1d(getattr(special, name)(*arguments, n_threads=n_threads))}


def cases() -> Iterator[tuple[str, Case]]:
    """One case a function."""
    for name in FUNCTIONS:
        yield f"special.{name}", partial(call, name)
