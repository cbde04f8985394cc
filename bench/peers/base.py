"""What every peer declares and answers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import scipy.sparse as sp

from bench.objective import Penalty


class Peer(ABC):
    """One solver at one setting.

    Libraries are imported in `prepare`, so that a missing one is an ImportError there and nowhere else.

    Attributes
    ----------
    name : str
        Its name in tables and on the command line.
    penalties : frozenset of str
        Which of "l2", "l1", "enet", "none" it minimises.
    storage : frozenset of str
        "dense", "sparse" or both.
    intercept : {"unpenalised", "penalised", "none"}
        What it offers; only an unpenalised intercept minimises the common objective.
    loosest, tightest : float
        Ends of its ladder of tolerances.
    max_columns : float
        Above it the solver would need more memory than a race allows (a p x p matrix).
    seconds : float or None
        Time of the last fit by the peer's own clock; None where the harness's clock is right.
    """

    name: str
    penalties: frozenset[str]
    storage: frozenset[str] = frozenset({"dense", "sparse"})
    intercept: str = "unpenalised"
    loosest: float = 1e-1
    tightest: float = 1e-12
    max_columns: float = float("inf")
    seconds: float | None = None

    def refusal(self, X, penalty: Penalty, fit_intercept: bool) -> str | None:
        """Why this peer can't take part, or None."""
        storage = "sparse" if sp.issparse(X) else "dense"
        if storage not in self.storage:
            return f"no {storage} X"
        if penalty.kind not in self.penalties:
            return f"no penalty {penalty.kind}"
        if fit_intercept and self.intercept != "unpenalised":
            return f"intercept: {self.intercept}"
        if X.shape[1] > self.max_columns:
            return f"more than {self.max_columns:.0f} columns"
        return None

    @abstractmethod
    def prepare(self, X, y: np.ndarray, penalty: Penalty, fit_intercept: bool, n_threads: int) -> None:
        """Import the library and bring X into the form it likes best: outside the clock, in its favour."""

    @abstractmethod
    def fit(self, tol: float) -> tuple[np.ndarray, float]:
        """Fit from zero to its own tolerance: coef (p,) and intercept.  This is what the clock measures."""

    def close(self) -> None:  # noqa: B027 (most peers have nothing to end)
        """End helper processes."""


def ladder(loosest: float, tightest: float, steps_per_decade: int) -> list[float]:
    """Tolerances from loosest to tightest, the same number a decade for everyone."""
    decades = np.log10(loosest / tightest)
    steps = round(float(decades) * steps_per_decade)
    return [float(f"{loosest * 10 ** (-step / steps_per_decade):.3g}") for step in range(steps + 1)]
