"""Fits through LogisticRegression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from bench.data.generated import class_numbers
from bench.gates.bit_cases.answers import Answer, Case
from bench.gates.bit_cases.data import MAIN, in_layout, labels


def whole(layout: str, Y: Callable, arguments: dict, n_threads: int) -> Answer:
    """Coefficients of a fit of all rows."""
    from fastlr import LogisticRegression

    X, _ = in_layout(layout)
    model = LogisticRegression(n_threads=n_threads, **arguments).fit(X, Y(X))
    return {"coef": model.coef_, "intercept": model.intercept_}


def mini_batches(layout: str, Y: Callable, arguments: dict, n_threads: int) -> Answer:
    """Coefficients after three mini-batches of 500 rows."""
    from fastlr import LogisticRegression

    X, _ = in_layout(layout)
    y = Y(X)
    model = LogisticRegression(n_threads=n_threads, **arguments)
    known = np.arange(y.shape[1] if y.ndim == 2 else y.max() + 1)
    for begin in range(0, 1500, 500):
        model.partial_fit(X[begin : begin + 500], y[begin : begin + 500], classes=known)
    return {"coef": model.coef_, "intercept": model.intercept_}


def cases() -> Iterator[tuple[str, Case]]:
    """Fits with balanced weights, and with mini-batches, of every kind of targets."""
    kinds: tuple[tuple[str, Callable, dict], ...] = (
        ("two classes", partial(class_numbers, K=2), {}),
        ("two classes, l1", partial(class_numbers, K=2), {"l1_ratio": 1.0, "C": 0.1}),
        ("softmax", partial(class_numbers, K=4), {}),
        ("softmax, groups", partial(class_numbers, K=4), {"l1_ratio": 1.0, "C": 0.1, "group_penalty": True}),
        ("ovr", partial(class_numbers, K=4), {"multi_class": "ovr"}),
        ("multilabel", partial(labels, K=4), {"multi_class": "multilabel"}),
    )
    for layout in MAIN:
        for name, Y, arguments in kinds:
            balanced = {**arguments, "class_weight": "balanced"}
            yield f"estimator, {name}, balanced, {layout}", partial(whole, layout, Y, balanced)
            yield f"partial_fit, {name}, {layout}", partial(mini_batches, layout, Y, arguments)
