"""From a number to a problem: which fit, of what, with which options.

What is rare in practice is frequent here, but not everywhere at once: each kind of trouble has its own chance, so that
most problems have none to three of them and their optimum can be told.
"""

from dataclasses import dataclass, field

import numpy as np

from audit import matrices

TOLS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-6, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 0.0)
NEWTONS = ("newton_small", "newton_cholesky", "newton_cg")
FOR_COMPARISON = ("lbfgs", "gradient_descent", "accelerated_gradient", "adagrad", "stochastic_gradient")


@dataclass(frozen=True, eq=False)
class Problem:
    """One call: fastlr.<entry>(X, y, **options).  `words` tell how X and the rest were made."""

    number: int
    entry: str
    X: object
    y: np.ndarray
    options: dict
    penalty: str
    words: list = field(default_factory=list)

    @property
    def solver(self):
        return self.options.get("solver", "auto")


def make(number):
    """The problem of this number."""
    rng = np.random.default_rng([20, number])
    entry = str(rng.choice(["fit_logistic", "fit_softmax", "fit_one_vs_rest"], p=[0.7, 0.17, 0.13]))
    n, p = _size(rng, entry)
    X, words = matrices.columns(rng, n, p)
    layout = str(rng.choice(matrices.LAYOUTS))
    dtype = np.float32 if rng.random() < 0.15 else np.float64
    X = matrices.stored(rng, X, layout, dtype, rng.choice([np.int32, np.int64]))
    exact = matrices.dense(X)
    words = [layout, dtype.__name__, *words]
    options = _common(rng, words)
    l1, l2, penalty = _strengths(rng, p, exact)
    options.update({name: value for name, value in (("l1", l1), ("l2", l2)) if value is not None})
    build = {"fit_logistic": _two_classes, "fit_softmax": _softmax, "fit_one_vs_rest": _one_vs_rest}[entry]
    y = build(rng, exact, layout, options, words)
    return Problem(number, entry, X, y, options, penalty, words)


def _size(rng, entry):
    n = int(rng.integers(2, 61) if rng.random() < 0.85 else rng.integers(1, 9))
    p = int(rng.choice([rng.integers(1, 4), rng.integers(3, 16), rng.integers(12, 41)], p=[0.35, 0.5, 0.15]))
    return (n, p) if entry == "fit_logistic" else (max(n, 6), min(p, 12))


def _common(rng, words):
    options = {"fit_intercept": bool(rng.random() < 0.65), "tol": float(rng.choice(TOLS))}
    threads = rng.choice([0, 1, 2, 3])
    if threads:
        options["n_threads"] = int(threads)
    if options["fit_intercept"]:
        words.append("intercept")
    return options


def _strengths(rng, p, X):
    """(l1, l2, name); None where there is none.  A third is in the units of the columns."""
    name = str(rng.choice(["none", "l2", "l1", "elasticnet"], p=[0.2, 0.35, 0.25, 0.2]))
    spread = matrices.spread(X) if rng.random() < 0.3 else np.ones(p)

    def strength(power):
        size = 10.0 ** (rng.uniform(-4.0, 0.0) if rng.random() < 0.6 else rng.uniform(-12.0, 2.0))
        if rng.random() < 0.6 and (spread == 1.0).all():
            return float(size)
        values = size * spread**power * (10.0 ** rng.uniform(-1.0, 1.0, p) if rng.random() < 0.5 else 1.0)
        if rng.random() < 0.4:
            values = values * (rng.random(p) < rng.uniform(0.2, 1.0))
        return values

    l1 = strength(1.0) if name in ("l1", "elasticnet") else None
    l2 = strength(2.0) if name in ("l2", "elasticnet") else None
    if l1 is not None and not np.any(l1):
        l1 = None
    if l2 is not None and not np.any(l2):
        l2 = None
    has = (l1 is not None, l2 is not None)
    return l1, l2, {(False, False): "none", (False, True): "l2", (True, False): "l1", (True, True): "elasticnet"}[has]


def _unit(X):
    """Columns of mean zero and unit spread."""
    return (X - X.mean(axis=0)) / matrices.spread(X)


def _predictor(rng, X, words):
    """Linear predictors that labels are drawn from."""
    size = float(rng.choice([0.0, 1.0, 1.0, 1.0, 5.0, 30.0]))
    coef = rng.standard_normal(X.shape[1]) * (rng.random(X.shape[1]) < rng.uniform(0.1, 1.0))
    words.append(f"signal {size:g}")
    return size * _unit(X) @ coef / np.sqrt(max(1, np.count_nonzero(coef)))


def _labels(rng, X, words):
    """(n,) zeros and ones, both among them where n > 1; one soft target for a single row."""
    eta = _predictor(rng, X, words) + rng.choice([0.0, 0.0, -2.0])
    noise = 0.0 if rng.random() < 0.12 else 1.0
    if not noise:
        words.append("separable")
    y = (eta + noise * rng.logistic(size=len(X)) > 0.0).astype(float)
    if len(y) == 1:
        return np.array([rng.uniform(0.05, 0.95)])
    if y.min() == y.max():
        y[rng.integers(len(y))] = 1.0 - y[0]
    return y


def _weights(rng, n, fixed, words):
    """Sample weights (n,), or None; rows of `fixed` keep a weight of the largest size."""
    kind = str(rng.choice(["none", "counts", "ratio 1e8", "ratio 1e600"], p=[0.7, 0.15, 0.11, 0.04]))
    if kind == "none":
        return None
    words.append(f"weights {kind}")
    if kind == "counts":
        weight, top = rng.integers(0, 4, n).astype(float), 2.0
    else:
        power = {"ratio 1e8": 4.0, "ratio 1e600": 300.0}[kind]
        weight, top = 10.0 ** rng.uniform(-power, power, n) * (rng.random(n) < 0.9), 10.0**power
    weight[fixed] = top
    return weight


def _each_class(rng, y):
    """A row of each class."""
    return [int(rng.choice(np.flatnonzero(y == k))) for k in np.unique(y)]


# --- two classes -----------------------------------------------------------------------------------------------------


def _two_classes(rng, X, layout, options, words):
    n, p = X.shape
    y = _labels(rng, X, words)
    fixed = _each_class(rng, y)
    weight = _weights(rng, n, fixed, words)
    if weight is not None:
        options["sample_weight"] = weight
    if rng.random() < 0.15:
        size = float(rng.choice([0.5, 3.0, 50.0, 500.0], p=[0.4, 0.3, 0.15, 0.15]))
        options["offset"] = size * rng.standard_normal(n)
        words.append(f"offset {size:g}")
    if rng.random() < 0.12 and "weights ratio 1e600" not in words:
        options["standardize"] = True
        words.append("standardize")
    if rng.random() < 0.2:
        options["bounds"] = _bounds(rng, X, options.get("standardize", False), words)
    if rng.random() < 0.1:
        options["start"] = _start(rng, X, 1, words)
    y = _told(rng, y, options, words)
    solver = _solver(rng, layout, p, options)
    if solver != "auto":
        options["solver"] = solver
    return y


def _told(rng, y, options, words):
    """Labels as they are, as -1 and 1, as shares, or as successes among trials."""
    kind = str(rng.choice(["labels", "signs", "shares", "trials"], p=[0.7, 0.1, 0.1, 0.1]))
    if kind == "labels" or len(y) == 1:
        return y
    if kind == "signs":
        return 2.0 * y - 1.0
    words.append(kind)
    if kind == "shares":
        return np.where(rng.random(len(y)) < 0.5, y, rng.random(len(y)))
    trials = rng.integers(0, 6, len(y)).astype(float)
    trials[np.unique(y, return_index=True)[1]] = 3.0  # a row of each class counts
    if "sample_weight" in options:
        trials[options["sample_weight"] == options["sample_weight"].max()] = 3.0
    options["trials"] = trials
    return (
        rng.binomial(trials.astype(int), np.where(y > 0.0, 0.8, 0.2)).astype(float)
        if rng.random() < 0.5
        else y * trials
    )


def _bounds(rng, X, with_zero, words):
    """(lower, upper), of sizes that the columns or nothing tells."""
    p = X.shape[1]
    if rng.random() < 0.3:
        words.append("bounds non-negative")
        return 0.0, None
    size = 10.0 ** rng.uniform(-2.0, 1.0) * np.ones(p)
    if rng.random() < 0.7:
        size = size / matrices.spread(X)
    a, b = size * rng.uniform(0.05, 1.0, p), size * rng.uniform(0.05, 1.0, p)
    kinds = ["free", "free", "above 0", "below 0", "around 0"]
    if not with_zero:
        kinds += ["positive", "negative", "one value"]
    kind = rng.choice(kinds if rng.random() < 0.5 else kinds[:5], p)
    free = np.full(p, np.inf)
    lower = np.select(
        [kind == k for k in ("above 0", "around 0", "positive", "negative", "one value")],
        [0.0 * a, -a, a, -a - b, a],
        -free,
    )
    upper = np.select(
        [kind == k for k in ("below 0", "around 0", "positive", "negative", "one value")],
        [0.0 * a, b, a + b, -a, a],
        free,
    )
    words.append("bounds without 0" if (lower > 0).any() or (upper < 0).any() else "bounds")
    return lower, upper


def _start(rng, X, q, words):
    """(coef, intercept) as of a fit to other labels, or far beyond: rows saturated."""
    size = float(rng.choice([0.1, 1.0, 300.0], p=[0.4, 0.4, 0.2]))
    words.append("start" if size < 300.0 else "saturated start")
    coef = size * rng.standard_normal((q, X.shape[1])) / matrices.spread(X) * (rng.random((q, X.shape[1])) < 0.6)
    intercept = rng.standard_normal(q) - coef @ X.mean(axis=0)
    return (coef, intercept) if q > 1 else (coef[0], float(intercept[0]))


def _solver(rng, layout, p, options):
    """ "auto" in half of the problems, else one that can."""
    if rng.random() < 0.5:
        return "auto"
    has_l1, has_l2 = "l1" in options, "l2" in options
    rows_stored = not layout.startswith("csc")
    able = ["gradient_descent", "accelerated_gradient", "adagrad"] + ["stochastic_gradient"] * rows_stored
    if has_l1 or "bounds" in options:
        most = ["prox_newton", "coordinate_descent"] + ["projected_newton"] * (not has_l1)
    else:
        most = [*NEWTONS[1:], *NEWTONS[:1] * rows_stored]
        able.append("lbfgs")
        if has_l2 and np.all(options["l2"]) and layout in ("C", "csr", "csr unsorted"):
            most.append("dual_coordinate_descent")
    return str(rng.choice(most if rng.random() < 0.75 else able))


# --- more classes ----------------------------------------------------------------------------------------------------


def _class_numbers(rng, X, K, words):
    eta = np.column_stack([_predictor(rng, X, []) for _ in range(K)])
    noise = 0.0 if rng.random() < 0.1 else 1.0
    words.append(f"{K} classes" + (", separable" if not noise else ""))
    y = np.argmax(eta + noise * rng.gumbel(size=eta.shape), axis=1)
    y[rng.permutation(len(y))[:K]] = np.arange(K)
    return y


def _softmax(rng, X, layout, options, words):
    n, p = X.shape
    K = int(rng.integers(2, 6 if p <= 8 else 4))
    y = _class_numbers(rng, X, K, words)
    weight = _weights(rng, n, _each_class(rng, y), words)
    if weight is not None:
        options["sample_weight"] = weight
    if rng.random() < 0.3:
        options["n_classes"] = K
    if "l1" in options and rng.random() < 0.5:
        options["group_penalty"] = True
        words.append("groups")
    if rng.random() < 0.1:
        options["start"] = _start(rng, X, K, words)
    return y


def _one_vs_rest(rng, X, layout, options, words):
    n, p = X.shape
    K = int(rng.integers(3, 6))
    if rng.random() < 0.5:
        y = _class_numbers(rng, X, K, words)
        fixed = _each_class(rng, y)
    else:
        y = np.column_stack([_labels(rng, X, words) for _ in range(K)]).astype(int)
        fixed = [i for k in range(K) for i in _each_class(rng, y[:, k])]
        words.append("indicator")
    weight = _weights(rng, n, fixed, words)
    if weight is not None:
        options["sample_weight"] = weight
    if rng.random() < 0.15:
        options["label_weight"] = rng.uniform(0.2, 5.0, (K, 2) if rng.random() < 0.5 else 2)
        words.append("label weights")
    if rng.random() < 0.12 and "weights ratio 1e600" not in words:
        options["standardize"] = True
        words.append("standardize")
    if rng.random() < 0.1:
        options["start"] = _start(rng, X, K, words)
    solver = _solver(rng, layout, p, options)
    if solver != "auto":
        options["solver"] = solver
    return y
