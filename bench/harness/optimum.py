"""The lowest objective known of a race, and what suboptimality is measured from."""

from __future__ import annotations

import dataclasses
import json

from bench.data.cache import cache_folder
from bench.harness.race import Race


def relative(value: float, best: float) -> float:
    """Relative suboptimality: (value - best) / |best|."""
    return (value - best) / abs(best)


class Optimum:
    """The lowest objective known and the best certified lower bound, kept between races in the cache folder.

    Attributes
    ----------
    objective : float
        The lowest known; infinite before the first.
    bound : float
        The largest known lower bound; minus infinity where nothing is certified.
    """

    def __init__(self, race: Race) -> None:
        self._file = cache_folder() / "optima" / f"{race.name}.json"
        self._scale = race.objective.scale
        self._key = dataclasses.asdict(race.objective.penalty)
        self.objective = float("inf")
        self.bound = -float("inf")
        if self._file.exists():
            stored = json.loads(self._file.read_text())
            if stored["penalty"] == self._key:
                self.objective, self.bound = stored["objective"], stored["bound"]

    def lower(self, value: float) -> None:
        """Take note of an objective."""
        self.objective = min(self.objective, value)

    def raise_bound(self, value: float) -> None:
        """Take note of a certified lower bound."""
        self.bound = max(self.bound, value)

    def suboptimality(self, value: float) -> float:
        """An objective less the lowest known, over the scale of the race's objective."""
        return (value - self.objective) / self._scale(self.objective)

    @property
    def relative_gap(self) -> float | None:
        """How far the objective can be above the minimum, relative; None where nothing is certified."""
        if self.bound == -float("inf"):
            return None
        return max(0.0, self.objective - self.bound) / self._scale(self.objective)

    def store(self) -> None:
        """Keep it for later races."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        contents = {"penalty": self._key, "objective": self.objective, "bound": self.bound}
        self._file.write_text(json.dumps(contents))
