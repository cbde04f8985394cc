"""The quantities of a fit that are compared, as arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Answer = dict[str, np.ndarray]
#: From n_threads to an answer.
Case = Callable[[int], Answer]


def of_result(result) -> Answer:
    """Parameters, objective, gap, passes of a fit, and how it ended."""
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
