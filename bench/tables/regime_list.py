"""The races that fastlr is meant to win, each with its target."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from bench.data.problems import load
from bench.harness.objective import Objective
from bench.harness.penalty import label, make_penalty
from bench.harness.race import Limits, Race
from bench.peers import OURS, PEERS
from bench.tables.matched import match

CONTENDERS = Path(__file__).with_name("contenders.json")
GROUPS = ("l2", "l1", "enet", "real", "intercept")


@dataclass(frozen=True)
class Regime:
    """One race of the table.

    Attributes
    ----------
    group : str
        One of GROUPS.
    problem, kind, value : str, str, float
        As `make_race` takes them; for "enet" the divisor of the L1 fit whose number of nonzeros it matches.
    target : float or None
        Best peer's time over ours that is aimed at; for "enet" our L1 time over our time; None for the real sets, which
        are judged together.
    budget : float
        Seconds of fitting per peer.
    steps_per_decade : int
        Of everyone's ladder.
    fit_intercept : bool
    """

    group: str
    problem: str
    kind: str
    value: float
    target: float | None
    budget: float
    steps_per_decade: int = 2
    fit_intercept: bool = False

    @property
    def label(self) -> str:
        """The penalty's name."""
        return f"enet0.5-as-l1-{self.value:g}" if self.kind == "enet" else label(self.kind, self.value)

    @property
    def name(self) -> str:
        """The race's name, and the stem of its record."""
        return f"{self.problem}-{self.label}" + ("-intercept" if self.fit_intercept else "")

    def race(self) -> Race:
        """The race: data made or loaded, penalty settled."""
        if self.kind == "enet":
            penalty = match(self.problem, self.value, self.fit_intercept).penalty(self.label)
        else:
            penalty = make_penalty(*load(self.problem), self.kind, self.value, self.fit_intercept)
        return Race(self.problem, Objective(penalty, self.fit_intercept))

    def limits(self, repeats: int) -> Limits:
        """The limits of the race."""
        return Limits(repeats, self.steps_per_decade, self.budget, run_limit=self.budget + 2.0)

    def contenders(self) -> list[str]:
        """The names of who takes part: the peers that can be best here (`regimes --scout` finds them), or all."""
        stored = json.loads(CONTENDERS.read_text()) if CONTENDERS.exists() else {}
        return [OURS, *(stored.get(self.name) or [name for name in PEERS if name != OURS])]


GENERATED = (
    Regime("l2", "dense-500k-50", "l2", 1.0, 6.0, 10.0),
    Regime("l2", "dense-60k-800", "l2", 1.0, 4.0, 15.0),
    Regime("l2", "text-20k-47k", "l2", 1.0, 1.5, 6.0),
    Regime("l2", "text-20k-47k", "l2", 100.0, 1.5, 10.0),
    Regime("l2", "text-400k-50k", "l2", 1.0, 2.0, 20.0, steps_per_decade=1),
    Regime("l2", "text-20k-1.3M", "l2", 1.0, 1.2, 10.0),
    Regime("l1", "text-20k-47k", "l1", 10.0, 1.5, 6.0),
    Regime("l1", "text-20k-47k", "l1", 100.0, 1.5, 10.0),
    Regime("l1", "text-20k-1.3M", "l1", 20.0, 6.0, 30.0, steps_per_decade=1),
    Regime("l1", "dense-2k-10k", "l1", 20.0, 2.0, 12.0),
)
ELASTIC = tuple(
    dataclasses.replace(regime, group="enet", kind="enet", target=1.0) for regime in GENERATED if regime.kind == "l1"
)
REAL = tuple(
    Regime("real", problem, kind, value, None, budget)
    for problem, budget in (
        ("a9a", 4.0),
        ("w8a", 4.0),
        ("mnist-zero", 20.0),
        ("20newsgroups", 15.0),
        ("reuters21578", 6.0),
        ("covtype-20k", 6.0),
        ("higgs-sample", 3.0),
        ("golub-leukemia", 8.0),
        ("colon", 4.0),
        ("skin", 5.0),
    )
    for kind, value in (("l2", 1.0), ("l1", 20.0))
)
INTERCEPT = tuple(
    dataclasses.replace(regime, group="intercept", fit_intercept=True) for regime in (*GENERATED, *ELASTIC)
)
REGIMES = (*GENERATED, *ELASTIC, *REAL, *INTERCEPT)
