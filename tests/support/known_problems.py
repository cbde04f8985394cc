"""Problems with known optima: every penalty and bounds crossed, with every kind of targets, offsets and intercept."""

import functools

import numpy as np

from support.optimum import Problem

N, P = 60, 5
PENALTIES = {
    "none": {},
    "l2": {"l2": 2e-2},
    "l1": {"l1": 3e-2},
    "elasticnet": {"l1": 2e-2, "l2": 2e-2},
    "some l2": {"l2": np.array([0.0, 3e-2, 1e-2, 0.0, 5e-2])},
    "some l1": {"l1": np.array([2e-2, 0.0, 6e-2, 4e-2, 0.0])},
    "some of both": {"l1": np.array([0.0, 2e-2, 5e-2, 5e-2, 0.0]), "l2": np.array([3e-2, 0.0, 2e-2, 0.0, 0.0])},
}


#: As users write them.
BOUNDS = {
    "free": None,
    "non-negative": (0.0, None),
    "box": (np.array([0.2, -0.4, -0.1, -0.5, -2.0]), np.array([0.6, 0.5, 0.5, 0.05, -0.3])),
    "one column": {1: (-0.4, np.inf)},
}
TARGETS = ("labels", "counts", "shares", "trials")


def strengths(penalty):
    return tuple(np.full(P, PENALTIES[penalty].get(name, 0.0)) for name in ("l1", "l2"))


def limits(bounds):
    """(lower, upper), (p,) each."""
    given = BOUNDS[bounds]
    lower, upper = np.full(P, -np.inf), np.full(P, np.inf)
    if isinstance(given, dict):
        for j, pair in given.items():
            lower[j], upper[j] = pair
    elif given is not None:
        lower[:], upper[:] = (-np.inf if given[0] is None else given[0]), (np.inf if given[1] is None else given[1])
    return lower, upper


@functools.cache
def columns():
    """X with zeros, exact in float32, and the linear predictors that labels are drawn from."""
    rng = np.random.default_rng(0)
    X = np.round(64.0 * (rng.standard_normal((N, P)) + 0.3)) / 64.0 * (rng.random((N, P)) < 0.7)
    return X, X @ np.array([1.0, -1.0, 0.1, 0.3, -0.7]) + 0.5


@functools.cache
def targets_of(kind):
    """What fit_logistic is told of the targets; and (y, weight), what it means."""
    rng = np.random.default_rng(1)
    _, eta = columns()
    labels = (eta + rng.logistic(size=N) > 0.0).astype(float)
    if kind == "labels":
        return {"y": labels}, (labels, np.ones(N))
    if kind == "counts":
        counts = rng.integers(0, 4, N).astype(float)
        return {"y": labels, "sample_weight": counts}, (labels, counts)
    if kind == "shares":
        shares = 1.0 / (1.0 + np.exp(-eta - rng.normal(size=N)))
        return {"y": shares}, (shares, np.ones(N))
    trials = rng.integers(0, 6, N)
    successes = rng.binomial(trials, 1.0 / (1.0 + np.exp(-eta)))
    return {"y": successes, "trials": trials}, (successes / np.maximum(trials, 1), trials.astype(float))


def offsets(wanted):
    return np.random.default_rng(2).normal(size=N) if wanted else None


@functools.cache
def problem(penalty, bounds, targets, offset, fit_intercept):
    """The Problem, and its null value."""
    X, _ = columns()
    given = offsets(offset)
    _, (y, weight) = targets_of(targets)
    given = np.zeros(N) if given is None else given
    made = Problem(X, y, weight, given, *strengths(penalty), *limits(bounds), fit_intercept)
    return made, made.null_value()
