"""From a call of fastlr to what its documentation says is minimised."""

import numpy as np

from audit.losses import Softmax, TwoClasses
from audit.matrices import dense
from audit.posed import Posed
from audit.wide import WIDE


def posed(problem):
    """The Posed of each result that the call returns, a list."""
    X = dense(problem.X)
    return {"fit_logistic": _two_classes, "fit_softmax": _softmax, "fit_one_vs_rest": _one_vs_rest}[problem.entry](
        problem, X
    )


def _strength(options, name, p):
    return np.broadcast_to(np.asarray(options.get(name, 0.0), dtype=WIDE), (p,))


def _weights(options, n):
    """Weights of rows; those whose ratio to the largest is no double are zero."""
    weight = np.asarray(options.get("sample_weight", np.ones(n)), dtype=float)
    return np.where(weight / weight.max() > 0.0, weight, 0.0).astype(WIDE)


def _standardized(X, weight, l1, l2, lower, upper):
    """Strengths in units of weighted standard deviations; columns without any are held at zero."""
    X, share = X[weight > 0].astype(WIDE), weight[weight > 0] / weight.sum()
    mean = share @ X
    spread = np.sqrt(share @ (X - mean) ** 2)
    constant = np.all(X[0] == X, axis=0)
    return l1 * spread, l2 * spread**2, np.where(constant, 0.0, lower), np.where(constant, 0.0, upper)


def _two_classes(problem, X):
    n, p = X.shape
    options = problem.options
    y, weight = problem.y, _weights(options, n)
    if "trials" in options:
        trials = options["trials"]
        y, weight = np.divide(y, trials, out=np.zeros(n), where=trials > 0.0), weight * trials
    elif y.min() < 0.0:
        y = (y + 1.0) / 2.0
    l1, l2 = _strength(options, "l1", p), _strength(options, "l2", p)
    lower, upper = _limits(options.get("bounds"), p)
    if options.get("standardize"):
        l1, l2, lower, upper = _standardized(X, weight, l1, l2, lower, upper)
    offset = options.get("offset", np.zeros(n))
    return [Posed(X, TwoClasses(y), weight, offset, l1, l2, lower, upper, False, options["fit_intercept"])]


def _limits(bounds, p):
    lower, upper = bounds or (None, None)
    lower = np.full(p, -np.inf) if lower is None else np.broadcast_to(np.asarray(lower, dtype=float), (p,))
    upper = np.full(p, np.inf) if upper is None else np.broadcast_to(np.asarray(upper, dtype=float), (p,))
    return lower, upper


def _softmax(problem, X):
    n, p = X.shape
    options = problem.options
    K = options.get("n_classes", int(problem.y.max()) + 1)
    free = np.full(p, np.inf)
    return [
        Posed(
            X,
            Softmax(problem.y, K),
            _weights(options, n),
            np.zeros(n),
            _strength(options, "l1", p),
            _strength(options, "l2", p),
            -free,
            free,
            options.get("group_penalty", False),
            options["fit_intercept"],
        )
    ]


def _one_vs_rest(problem, X):
    n, p = X.shape
    options, Y = problem.options, problem.y
    if Y.ndim == 1:
        Y = Y[:, None] == np.arange(int(Y.max()) + 1)
    weight = _weights(options, n)
    l1, l2 = _strength(options, "l1", p), _strength(options, "l2", p)
    lower, upper = np.full(p, -np.inf), np.full(p, np.inf)
    if options.get("standardize"):
        l1, l2, lower, upper = _standardized(X, weight, l1, l2, lower, upper)
    factors = np.broadcast_to(options.get("label_weight", np.ones(2)), (Y.shape[1], 2)).astype(WIDE)
    out = []
    for k in range(Y.shape[1]):
        y = Y[:, k].astype(float)
        own = weight * np.where(y > 0.0, factors[k, 1], factors[k, 0])
        mass = own.sum() / weight.sum()
        out.append(
            Posed(
                X, TwoClasses(y), own, np.zeros(n), l1 / mass, l2 / mass, lower, upper, False, options["fit_intercept"]
            )
        )
    return out
