"""The interface of an adapter: the fits that a peer offers, and how it makes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from bench.harness.objective import Objective

SMOOTH = frozenset({"l2", "none"})
ALL = frozenset({"l2", "l1", "enet", "none"})


class Peer(ABC):
    """One solver at one setting, for two classes and, where it can, for K.

    Libraries are imported in `prepare`, so that a missing one is an ImportError there and nowhere else.

    Attributes
    ----------
    name : str
        Its name in tables and on the command line.
    penalties, softmax_penalties, ovr_penalties : frozenset of str
        Which of "l2", "l1", "enet", "group", "none" it minimises: of two classes, of a softmax of K, and of each of K
        against the rest.
    storage : frozenset of str
        "dense", "sparse" or both.
    intercept : {"unpenalised", "penalised", "none"}
        What it offers; only an unpenalised intercept minimises the common objective.
    loosest, tightest : float
        Ends of its ladder of tolerances.
    max_coefficients : float
        Above it the solver would need more memory than a race allows (a square matrix of as many rows).
    seconds : float or None
        Time of the last fit by the peer's own clock; None where the harness's clock is right.
    """

    name: str
    penalties: frozenset[str]
    softmax_penalties: frozenset[str] = frozenset()
    ovr_penalties: frozenset[str] = frozenset()
    storage: frozenset[str] = frozenset({"dense", "sparse"})
    intercept: str = "unpenalised"
    loosest: float = 1e-1
    tightest: float = 1e-12
    max_coefficients: float = float("inf")
    seconds: float | None = None

    def refusal(self, X, objective: Objective) -> str | None:
        """The reason why this peer can't take part, or None."""
        storage = "sparse" if sp.issparse(X) else "dense"
        if storage not in self.storage:
            return f"no {storage} X"
        able = {"binary": self.penalties, "multinomial": self.softmax_penalties, "ovr": self.ovr_penalties}
        if objective.penalty.kind not in able[objective.formulation]:
            return f"no {objective.formulation} fit with penalty {objective.penalty.kind}"
        if objective.fit_intercept and self.intercept != "unpenalised":
            return f"intercept: {self.intercept}"
        if objective.n_coefficients(X) > self.max_coefficients:
            return f"more than {self.max_coefficients:.0f} coefficients"
        return None

    @abstractmethod
    def prepare(self, X, y: np.ndarray, objective: Objective, n_threads: int) -> None:
        """Import the library and bring X into the form it likes best: outside the clock, in its favour."""

    @abstractmethod
    def fit(self, tol: float) -> tuple[np.ndarray, float | np.ndarray]:
        """Fit from zero to its own tolerance; this is what the clock measures.

        Returns
        -------
        coef : ndarray of shape (p,), or with K classes (K, p)
        intercept : float, or with K classes ndarray of shape (K,)
        """

    def close(self) -> None:  # noqa: B027 (most peers have nothing to end)
        """End helper processes."""


def ladder(loosest: float, tightest: float, steps_per_decade: int) -> list[float]:
    """Tolerances from loosest to tightest, the same number a decade for everyone."""
    decades = np.log10(loosest / tightest)
    steps = round(float(decades) * steps_per_decade)
    return [float(f"{loosest * 10 ** (-step / steps_per_decade):.3g}") for step in range(steps + 1)]
