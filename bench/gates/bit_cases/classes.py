"""Fits of K classes: softmax, and one against the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from bench.data.generated import class_numbers
from bench.gates.bit_cases.answers import Answer, Case, of_result, of_results
from bench.gates.bit_cases.data import LAYOUTS, MAIN, in_layout, indicators, labels, of_shape, words


def fit_classes(data: Callable, K: int, arguments: dict, n_threads: int) -> Answer:
    """One softmax fit of K classes."""
    from fastlr import fit_softmax

    X, _ = data()
    return of_result(fit_softmax(X, class_numbers(X, K), K, n_threads=n_threads, **arguments))


def softmax() -> Iterator[tuple[str, Case]]:
    """Softmax fits: all layouts, few and many coefficients, texts, penalties."""
    text_like = partial(words, 1200, 4000, 90)
    weighted = {"sample_weight": np.random.default_rng(6).uniform(size=3000)}
    penalties: dict[str, dict] = {
        "none": {},
        "l2": {"l2": 1e-3},
        "l1": {"l1": 8e-3},
        "elasticnet": {"l1": 5e-3, "l2": 1e-3},
        "groups": {"l1": 1.5e-2, "group_penalty": True},
        "groups and l2": {"l1": 1e-2, "l2": 1e-3, "group_penalty": True},
    }
    for layout in LAYOUTS:
        data = partial(in_layout, layout)
        for penalty in penalties if layout in MAIN else ("l2", "l1", "groups"):
            if penalty != "none" or layout != "CSR float64":  # 200 columns would take long to separate
                yield f"softmax, {penalty}, {layout}", partial(fit_classes, data, 4, penalties[penalty])
    plain_l2, free = {"l2": 1e-3}, {"l2": 1e-3, "fit_intercept": False}
    for name, data, K, arguments in (
        ("l2, no intercept, C float64", partial(in_layout, "C float64"), 4, free),
        ("l2, no intercept, CSR float64", partial(in_layout, "CSR float64"), 4, free),
        ("l2, weights, C float64", partial(in_layout, "C float64"), 4, plain_l2 | weighted),
        ("l2, 1,500 x 90 x 6", partial(of_shape, "C", 1500, 90), 6, plain_l2),
        ("l2, 1,500 x 90 x 6, F order", partial(of_shape, "F", 1500, 90), 6, plain_l2),
        ("l2, 1,500 x 90 x 6, no intercept", partial(of_shape, "C", 1500, 90), 6, free),
        ("l2, 1,500 x 90 x 20", partial(of_shape, "C", 1500, 90), 20, plain_l2),
        ("l2, text", text_like, 5, plain_l2),
        ("l2, text, no intercept", text_like, 5, free),
        ("l1, text", text_like, 5, {"l1": 1e-3}),
        ("groups, text", text_like, 5, {"l1": 3e-3, "group_penalty": True}),
        ("l2, one-hot", indicators, 3, plain_l2),
        ("l1, one-hot", indicators, 3, {"l1": 2e-3}),
    ):
        yield f"softmax, {name}", partial(fit_classes, data, K, arguments)


def fit_labels(data: Callable, Y: Callable, arguments: dict, n_threads: int) -> Answer:
    """K fits of two classes."""
    from fastlr import fit_one_vs_rest

    X, _ = data()
    return of_results(fit_one_vs_rest(X, Y(X), n_threads=n_threads, **arguments))


def one_vs_rest() -> Iterator[tuple[str, Case]]:
    """K problems by dual ascent together, by Newton steps in lockstep, and one by one."""
    text_like = partial(words, 1200, 4000, 90)
    five, tags = partial(class_numbers, K=5), partial(labels, K=6)
    ways = (
        ("together", text_like, {"l2": 1e-3, "solver": "dual_coordinate_descent"}),
        ("together, CSR", partial(in_layout, "CSR float64"), {"l2": 1e-3, "solver": "dual_coordinate_descent"}),
        ("lockstep, C", partial(in_layout, "C float64"), {"l2": 1e-3, "solver": "newton_cg"}),
        ("lockstep, F", partial(in_layout, "F float64"), {"l2": 1e-3, "solver": "newton_cg"}),
        ("lockstep, C float32", partial(in_layout, "C float32"), {"l2": 1e-3, "solver": "newton_cg"}),
        ("lockstep, CSR", partial(in_layout, "CSR float64"), {"l2": 1e-3, "solver": "newton_cg"}),
        ("lockstep, CSC", partial(in_layout, "CSC float64"), {"l2": 1e-3, "solver": "newton_cg"}),
        ("one by one, Cholesky", partial(in_layout, "C float64"), {"l2": 1e-3, "solver": "newton_cholesky"}),
        ("one by one, l1", partial(in_layout, "C float64"), {"l1": 2e-3}),
        ("one by one, l1, text", text_like, {"l1": 2e-3}),
        ("one by one, elastic net", partial(in_layout, "CSR float64"), {"l1": 2e-3, "l2": 1e-3}),
        ("one by one, dual, C", partial(in_layout, "C float64"), {"l2": 1e-3, "solver": "dual_coordinate_descent"}),
        ("auto, one-hot", indicators, {"l2": 1e-3}),
    )
    for name, data, arguments in ways:
        yield f"one vs rest, {name}", partial(fit_labels, data, five, arguments)
        yield f"multilabel, {name}", partial(fit_labels, data, tags, arguments)
    more = {
        "no intercept": {"fit_intercept": False},
        "weights": {"sample_weight": np.random.default_rng(7).uniform(size=3000)},
        "label weights": {"label_weight": np.random.default_rng(8).uniform(0.5, 2.0, size=(5, 2))},
        "standardize": {"standardize": True},
    }
    for name, arguments in more.items():
        for solver in ("newton_cg", "dual_coordinate_descent", "newton_cholesky"):
            data = partial(in_layout, "C float64" if name == "weights" else "CSR float64")
            all_arguments = {"l2": 1e-3, "solver": solver, **arguments}
            yield f"one vs rest, {name}, {solver}", partial(fit_labels, data, five, all_arguments)


def cases() -> Iterator[tuple[str, Case]]:
    """The cases of softmax, and of one against the rest."""
    yield from softmax()
    yield from one_vs_rest()
