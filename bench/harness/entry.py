"""A peer in a race: its ladder, its runs, its budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench.harness.optimum import Optimum
from bench.harness.race import Limits
from bench.harness.remote import PeerFailed, Remote
from bench.peers import PEERS
from bench.peers.base import ladder

START_LIMIT = 600.0  # seconds for loading, preparation and warm-up
BELOW = 0.1  # a ladder ends below so much of the strictest target
HOPELESS = 5.0  # a fit that takes so many times the best peer's time to the strictest target ends a peer's ladder
PROMISING = 2.0  # a tolerance is run again when its time was within this factor of the peer's best to some target


@dataclass(frozen=True)
class Run:
    """One fit: tolerance, seconds, objective by the harness, nonzero coefficients."""

    tol: float
    seconds: float
    objective: float
    nonzeros: int


@dataclass
class Entry:
    """One peer's part of the race.

    Attributes
    ----------
    name : str
        A key of PEERS.
    limits : Limits
    remote : Remote or None
        Its worker process; None before the start and after the end.
    note : str
        Why it takes no (further) part.
    pools : list of dict
        The BLAS and OpenMP libraries that its process has loaded.
    runs : list of Run
    spent : float
        Seconds of fitting, every fit counted.
    unfinished : float or None
        Seconds after which a fit failed or was killed, where one was.
    """

    name: str
    limits: Limits
    remote: Remote | None = None
    note: str = ""
    pools: list[dict] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    spent: float = 0.0
    unfinished: float | None = None

    def __post_init__(self) -> None:
        peer = PEERS[self.name]
        self.ladder = ladder(peer.loosest, peer.tightest, self.limits.steps_per_decade)

    def start(self, specification: dict) -> None:
        """Start the worker, which loads and prepares X."""
        self.remote = Remote({**specification, "peer": self.name})

    def await_start(self) -> None:
        """Wait until X is prepared; on refusal or failure the note says why."""
        assert self.remote is not None
        try:
            message = self.remote.answer(START_LIMIT)
        except PeerFailed as failure:
            self.stop(str(failure))
            return
        self.pools = message.get("pools", [])
        if "refused" in message:
            self.stop(message["refused"])

    def stop(self, note: str = "") -> None:
        """End the worker."""
        self.note = note or self.note
        if self.remote is not None:
            self.remote.close()
            self.remote = None

    def climbs(self, rung: int, optimum: Optimum, leader: float) -> bool:
        """Whether a rung of the ladder is to be tried for the first time.

        Parameters
        ----------
        rung : int
            A position on the ladder of tolerances.
        optimum : Optimum
            The lowest objective known.
        leader : float
            The shortest time in which a peer reached the strictest target.
        """
        if self.remote is None or rung >= len(self.ladder):
            return False
        last = self.runs[-1].seconds if self.runs else 0.0
        if self.spent + last >= self.limits.budget or last > HOPELESS * leader:
            return False
        stop_at = BELOW * self.limits.targets[-1]
        return all(optimum.suboptimality(run.objective) > stop_at for run in self.runs)

    def repeats(self, rung: int, optimum: Optimum, leader: float) -> bool:
        """Whether a rung of the ladder is worth another run."""
        if self.remote is None or rung >= len(self.ladder):
            return False
        before = [run for run in self.runs if run.tol == self.ladder[rung]]
        fastest = min((run.seconds for run in before), default=float("inf"))
        if self.spent + fastest >= self.limits.budget or fastest > HOPELESS * leader:
            return False
        lowest = optimum.suboptimality(min(run.objective for run in before))
        own = [self.time_to(target, optimum) for target in self.limits.targets if lowest <= target]
        return any(seconds is not None and fastest <= PROMISING * seconds for seconds in own)

    def run(self, rung: int, thorough: bool) -> None:
        """One fit at one tolerance; a failure ends this peer's race and keeps its earlier runs."""
        assert self.remote is not None
        tol = self.ladder[rung]
        began = time.monotonic()
        try:
            answer = self.remote.ask({"tol": tol, "thorough": thorough}, self.limits.run_limit)
        except PeerFailed as failure:
            self.unfinished = time.monotonic() - began
            self.stop(f"at tolerance {tol:g}: {failure}")
            return
        self.spent += answer.pop("spent")
        self.runs.append(Run(tol, **answer))

    def lowest(self) -> float:
        """The lowest objective of its runs; infinite before the first."""
        return min((run.objective for run in self.runs), default=float("inf"))

    def time_to(self, target: float, optimum: Optimum) -> float | None:
        """The smallest time among the runs that reach a suboptimality; None where none does."""
        reached = (run.seconds for run in self.runs if optimum.suboptimality(run.objective) <= target)
        return min(reached, default=None)
