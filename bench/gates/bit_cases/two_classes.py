"""Fits of two classes by every solver, and of X of special shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.gates.bit_cases.answers import Answer, Case, of_result
from bench.gates.bit_cases.data import LAYOUTS, MAIN, in_layout, indicators, of_shape, unsorted, words


@dataclass(frozen=True)
class Abilities:
    """The penalties that a solver of fit_logistic takes, without bounds and within them, and the layouts of X."""

    penalties: tuple[str, ...]
    bounded: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ("C", "F", "CSR", "CSC")

    def takes(self, layout: str) -> bool:
        """Whether the solver takes X in this layout, a key of LAYOUTS."""
        return layout.split()[0] in self.layouts


SMOOTH, L1 = ("none", "l2"), ("l1", "elasticnet")
EVERY = SMOOTH + L1
SOLVERS = {
    "newton_small": Abilities(SMOOTH, layouts=("C", "F", "CSR")),
    "dual_coordinate_descent": Abilities(("l2",), layouts=("C", "CSR")),
    "newton_cholesky": Abilities(SMOOTH),
    "newton_cg": Abilities(SMOOTH),
    "prox_newton": Abilities(L1, EVERY),
    "projected_newton": Abilities((), SMOOTH),
    "coordinate_descent": Abilities(L1, EVERY),
    "lbfgs": Abilities(SMOOTH),
    "gradient_descent": Abilities(EVERY, EVERY),
    "accelerated_gradient": Abilities(EVERY, EVERY),
    "adagrad": Abilities(EVERY, EVERY),
    "stochastic_gradient": Abilities(EVERY, EVERY, layouts=("C", "F", "CSR")),
}
PENALTIES = {
    "none": {},
    "l2": {"l2": 1e-3},
    "l1": {"l1": 3e-3},
    "elasticnet": {"l1": 2e-3, "l2": 1e-3},
}
BOUNDS = {"bounds": (-0.05, 0.1)}
MOST_STEPS = {"stochastic_gradient": 3}  # a fit need not end at the optimum to be compared


def fit(data: Callable, arguments: dict, n_threads: int) -> Answer:
    """One fit of two classes."""
    from fastlr import fit_logistic

    X, y = data()
    return of_result(fit_logistic(X, y, n_threads=n_threads, **arguments))


def varied(layout: str, variant: str, arguments: dict, n_threads: int) -> Answer:
    """One fit of two classes with one of VARIANTS, such as weights or an offset."""
    from fastlr import fit_logistic

    X, y = in_layout(layout)
    r = np.random.default_rng(5)
    n, p = X.shape
    arguments = dict(arguments)
    if variant == "no intercept":
        arguments["fit_intercept"] = False
    elif variant == "weights":
        arguments["sample_weight"] = r.integers(4, size=n) * 0.7
    elif variant == "offset":
        arguments["offset"] = r.normal(size=n)
    elif variant == "standardize":
        arguments["standardize"] = True
    elif variant == "trials":
        arguments["trials"] = 1.0 + r.integers(5, size=n)
        y = np.floor(arguments["trials"] * r.uniform(size=n))
    elif variant == "own strengths":
        arguments |= {key: arguments[key] * r.uniform(0.5, 2.0, size=p) for key in ("l1", "l2") if key in arguments}
    elif variant == "start":
        arguments["start"] = r.normal(size=p) * 0.05, 0.3
    return of_result(fit_logistic(X, y, n_threads=n_threads, **arguments))


VARIANTS = ("no intercept", "weights", "offset", "standardize", "trials", "own strengths", "start")


def by_every_solver() -> Iterator[tuple[str, Case]]:
    """Every solver with each of its penalties, bounds, layouts, and of VARIANTS."""
    for solver, able in SOLVERS.items():
        within, steps = {} if able.penalties else BOUNDS, {"max_iter": MOST_STEPS.get(solver, 10)}
        kinds = [(penalty, {}) for penalty in able.penalties] + [(penalty, BOUNDS) for penalty in able.bounded]
        for layout in MAIN:
            for penalty, bounds in kinds:
                arguments = {"solver": solver, **PENALTIES[penalty], **bounds, **steps}
                name = f"{solver}, {penalty}{', bounds' if bounds else ''}, {layout}"
                yield name, partial(fit, partial(in_layout, layout), arguments)
        penalty = (able.penalties or able.bounded)[-1]
        arguments = {"solver": solver, **PENALTIES[penalty], **within, **steps}
        for layout in LAYOUTS:
            if layout not in MAIN and able.takes(layout):
                yield f"{solver}, {penalty}, {layout}", partial(fit, partial(in_layout, layout), arguments)
        for position, variant in enumerate(VARIANTS):  # dense and sparse X in turn
            layout = MAIN[position % 2]
            yield f"{solver}, {penalty}, {variant}, {layout}", partial(varied, layout, variant, arguments)


def special_shapes() -> Iterator[tuple[str, Case]]:
    """Fits of wide, tall, renumbered, screened, unsorted and one-hot X, for which there is code of its own."""
    tall, wide, text_like = partial(of_shape, "C", 20_000, 20), (120, 900), partial(words, 1500, 3000, 70)
    l2, l1 = {"l2": 1e-3}, {"l1": 2e-3}
    for name, data, arguments in (
        ("auto, 200 x 5", partial(of_shape, "C", 200, 5), l2),
        ("auto, no penalty, 200 x 5", partial(of_shape, "F", 200, 5), {}),
        ("start from a sample, tall", tall, {**l2, "solver": "newton_cg"}),
        ("auto, l1, tall", tall, l1),
        ("Hessian by panels, 1,500 x 140", partial(of_shape, "C", 1500, 140), {**l2, "solver": "newton_cholesky"}),
        ("Hessian by panels, F order", partial(of_shape, "F", 1500, 140), {**l2, "solver": "newton_cholesky"}),
        ("row space, C order", partial(of_shape, "C", *wide), {**l2, "solver": "newton_cg"}),
        ("row space, F order", partial(of_shape, "F", *wide), {**l2, "solver": "newton_cg"}),
        ("row space, CSR", partial(words, 150, 5000, 40), {**l2, "solver": "newton_cg"}),
        ("working sets, wide", partial(of_shape, "C", *wide), l1),
        ("auto, text", text_like, l2),
        ("auto, text, l1, screened", text_like, {"l1": 5e-3}),
        ("auto, text, l1", text_like, {"l1": 5e-4}),
        ("by ranges of columns, text", partial(words, 2000, 20_000, 60), {**l2, "solver": "newton_cg"}),
        ("renumbered columns, text", partial(words, 500, 140_000, 60), {**l2, "solver": "dual_coordinate_descent"}),
        ("wide text, l1", partial(words, 500, 140_000, 60), l1),
        ("unsorted CSR", unsorted, {**l2, "solver": "newton_cg"}),
        ("unsorted CSR, dual", unsorted, {**l2, "solver": "dual_coordinate_descent"}),
        ("unsorted CSR, l1", unsorted, l1),
        ("one-hot", indicators, l2),
        ("one-hot, l1", indicators, l1),
        ("one-hot, dual", indicators, {**l2, "solver": "dual_coordinate_descent"}),
        ("one-hot, standardize", indicators, {**l2, "standardize": True}),
    ):
        yield name, partial(fit, data, arguments)


def cases() -> Iterator[tuple[str, Case]]:
    """The cases of every solver, and of special shapes."""
    yield from by_every_solver()
    yield from special_shapes()
