"""How far a result is above the optimum of a problem that is posed by hand."""

import numpy as np

from audit.posed import Posed
from audit.reference import optimum
from audit.wide import WIDE


def excess(
    result, X, loss, fit_intercept, l1=0.0, l2=0.0, weight=None, offset=None, bounds=(-np.inf, np.inf), grouped=False
):
    """How far the result's objective is above the optimum, in 80-bit floats."""
    n, p = X.shape
    full = [np.broadcast_to(np.asarray(values, dtype=WIDE), (p,)) for values in (l1, l2)]
    limits = [np.broadcast_to(np.asarray(values, dtype=float), (p,)) for values in bounds]
    weight = np.ones(n) if weight is None else weight
    offset = np.zeros(n) if offset is None else offset
    problem = Posed(X, loss, weight.astype(WIDE), offset, *full, *limits, grouped, fit_intercept)
    point = problem.from_reported(result.coef, result.intercept)
    best = optimum(problem, [point], 200)
    assert best.converged
    return float(problem.value(*point) - best.value)
