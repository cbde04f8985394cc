"""The small fits and predictions that bench.bits compares, through the public interface alone.

A case is a name and a function n_threads -> {quantity: array}.  Problems are just large enough for three threads to
take part: 90,000 entries of X.  What a solver handles is written down here and not asked of the package, so that a
commit that lacks something raises and is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import scipy.sparse as sp

from bench.problems import class_numbers, dense, one_hot, text

Answer = dict[str, np.ndarray]
Case = Callable[[int], Answer]

LAYOUTS: dict[str, Callable] = {
    "C float64": np.ascontiguousarray,
    "C float32": lambda X: np.ascontiguousarray(X, dtype=np.float32),
    "F float64": np.asfortranarray,
    "F float32": lambda X: np.asfortranarray(X, dtype=np.float32),
    "CSR float64": lambda X: X,
    "CSR float32": lambda X: X.astype(np.float32),
    "CSR int64": lambda X: with_long_indices(X),
    "CSC float64": lambda X: X.tocsc(),
    "CSC float32": lambda X: X.tocsc().astype(np.float32),
    "CSC int64": lambda X: with_long_indices(X.tocsc()),
}
MAIN = ("C float64", "CSR float64")


@dataclass(frozen=True)
class Abilities:
    """What a solver of fit_logistic minimises, without bounds and within them, and the layouts it takes."""

    penalties: tuple[str, ...]
    bounded: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ("C", "F", "CSR", "CSC")

    def takes(self, layout: str) -> bool:
        """Whether it can go over X in this layout."""
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


def with_long_indices(X):
    """The same matrix with int64 indices."""
    long = X.copy()
    long.indices, long.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return long


@cache
def plain(kind: str):
    """X with more rows than columns, 96,000 or 100,000 entries, and targets 0 and 1 that cannot be separated."""
    if kind == "dense":
        X, y = dense(3000, 32)
        return X, (y > 0).astype(float)
    r = np.random.default_rng(1)
    X = sp.random_array((2500, 200), density=0.2, format="csr", rng=r, data_sampler=r.standard_normal)
    return X, (X @ r.normal(size=200) * 0.3 + r.logistic(size=2500) > 0).astype(float)


@cache
def words(n: int, p: int, entries: int):
    """Text-like CSR X and targets 0 and 1."""
    X, y = text(n, p, entries)
    return X, (y > 0).astype(float)


@cache
def indicators():
    """CSR X of 25 one-hot groups of 12 columns, 100,000 ones, and targets 0 and 1."""
    X, y = one_hot(4000, 25, 12)
    return X, (y > 0).astype(float)


@cache
def unsorted():
    """Text-like CSR X whose rows are in descending order."""
    X, y = words(1500, 3000, 70)
    X = X.copy()
    for begin, end in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        X.indices[begin:end], X.data[begin:end] = X.indices[begin:end][::-1].copy(), X.data[begin:end][::-1].copy()
    X.has_sorted_indices = False
    return X, y


def in_layout(layout: str):
    """(X, y) of `plain` in one of LAYOUTS."""
    X, y = plain("sparse" if layout.startswith("CS") else "dense")
    return LAYOUTS[layout](X), y


def labels(X, K: int) -> np.ndarray:
    """Zeros and ones (n, K): labels that do not exclude each other."""
    r = np.random.default_rng(K)
    score = X @ r.normal(size=(X.shape[1], K))
    return (score / score.std() + r.logistic(size=score.shape) > 0.5).astype(np.int64)


def of_result(result) -> Answer:
    """The quantities of a fit."""
    return {
        "coef": result.coef,
        "intercept": np.atleast_1d(result.intercept),
        "objective": np.array([result.objective]),
        "gap": np.array([result.duality_gap]),
        "passes": np.array([result.n_passes]),
        "end": np.array([f"{result.solver} {result.status.value}"]),
    }


def of_results(results) -> Answer:
    """The quantities of K fits, stacked."""
    each = [of_result(result) for result in results]
    return {key: np.stack([answer[key] for answer in each]) for key in each[0]}


def fit(data: Callable, arguments: dict, n_threads: int) -> Answer:
    """One fit of two classes."""
    from fastlr import fit_logistic

    X, y = data()
    return of_result(fit_logistic(X, y, n_threads=n_threads, **arguments))


def varied(layout: str, variant: str, arguments: dict, n_threads: int) -> Answer:
    """One fit of two classes in which the rows or columns have something of their own."""
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


def two_classes() -> Iterator[tuple[str, Case]]:
    """Every solver: its penalties, bounds, layouts, and what rows and columns may have of their own."""
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


def of_shape(kind: str, n: int, p: int):
    """Dense X of this shape in C or F order, and targets."""
    X, y = dense(n, p, seed=3)
    return LAYOUTS[f"{kind} float64"](X), (y > 0).astype(float)


def special_shapes() -> Iterator[tuple[str, Case]]:
    """What "auto" and the designs do with wide, tall, renumbered, screened, unsorted and one-hot X."""
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


def fit_classes(data: Callable, K: int, arguments: dict, n_threads: int) -> Answer:
    """One softmax."""
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


def fit_estimator(layout: str, Y: Callable, arguments: dict, streamed: bool, n_threads: int) -> Answer:
    """What the estimator adds: weights of classes, scikit-learn's strengths, mini-batches."""
    from fastlr import LogisticRegression

    X, _ = in_layout(layout)
    y = Y(X)
    model = LogisticRegression(n_threads=n_threads, **arguments)
    if streamed:
        known = np.arange(y.shape[1] if y.ndim == 2 else y.max() + 1)
        for begin in range(0, 1500, 500):
            model.partial_fit(X[begin : begin + 500], y[begin : begin + 500], classes=known)
    else:
        model.fit(X, y)
    return {"coef": model.coef_, "intercept": model.intercept_}


def estimator() -> Iterator[tuple[str, Case]]:
    """Fits through LogisticRegression."""
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
            yield f"estimator, {name}, balanced, {layout}", partial(fit_estimator, layout, Y, balanced, False)
            yield f"partial_fit, {name}, {layout}", partial(fit_estimator, layout, Y, arguments, True)


def predictions(layout: str, mode: str, n_threads: int) -> Answer:
    """Every prediction of a model whose coefficients are given, so that no fit takes part."""
    from fastlr import LogisticRegression

    X, _ = in_layout(layout)
    K = 2 if mode == "two classes" else 5
    r = np.random.default_rng(9)
    model = LogisticRegression(n_threads=n_threads, multi_class="multinomial" if K == 2 else mode)
    shape = (1, X.shape[1]) if K == 2 else (K, X.shape[1])
    model.coef_, model.intercept_ = r.normal(size=shape).astype(X.dtype), r.normal(size=shape[0]).astype(X.dtype)
    model.classes_, model.n_features_in_ = np.arange(K), X.shape[1]
    model.sparse_labels_ = False
    y = labels(X, K) if mode == "multilabel" else class_numbers(X, K)
    methods = ("decision_function", "predict_proba", "predict_log_proba", "predict")
    answer = {name: np.asarray(getattr(model, name)(X)) for name in methods}
    answer["log_loss"] = np.array([model.log_loss(X, y)])
    if K > 2:
        answer["top"], answer["top probabilities"] = model.predict_top_k(X, 3)
    return answer


def functions(name: str, n_threads: int) -> Answer:
    """One function of fastlr.special on 100,000 numbers between -40 and 40."""
    from fastlr import special

    r = np.random.default_rng(10)
    eta = r.uniform(-40, 40, size=(20_000, 5))
    y, flat, v = r.integers(5, size=20_000), eta.ravel(), r.normal(size=eta.shape)
    targets = r.integers(2, size=flat.size)
    arguments = {
        "expit": (flat,),
        "expit_derivative": (flat,),
        "log_loss": (targets, flat),
        "log_loss_gradient": (targets, flat),
        "log_loss_hessian_product": (targets, flat, v.ravel()),
        "softmax": (eta,),
        "cross_entropy": (y, eta),
        "cross_entropy_gradient": (y, eta),
        "cross_entropy_hessian_product": (y, eta, v),
    }[name]
    return {"values": np.atleast_1d(getattr(special, name)(*arguments, n_threads=n_threads))}


FUNCTIONS = (
    "expit",
    "expit_derivative",
    "log_loss",
    "log_loss_gradient",
    "log_loss_hessian_product",
    "softmax",
    "cross_entropy",
    "cross_entropy_gradient",
    "cross_entropy_hessian_product",
)


def without_fits() -> Iterator[tuple[str, Case]]:
    """Predictions in every layout, and functions on arrays."""
    for mode in ("two classes", "multinomial", "ovr", "multilabel"):
        for layout in LAYOUTS:
            yield f"predictions, {mode}, {layout}", partial(predictions, layout, mode)
    for name in FUNCTIONS:
        yield f"special.{name}", partial(functions, name)


CASES: dict[str, Case] = {
    name: case
    for family in (two_classes, special_shapes, softmax, one_vs_rest, estimator, without_fits)
    for name, case in family()
}
