"""A peer in a race: its ladder, its runs, its budget."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.peers import PEERS
from bench.peers.base import ladder
from bench.remote import PeerFailed, Remote

START_LIMIT = 600.0  # seconds for loading, preparation and warm-up
STOP_AT = 1e-9  # relative suboptimality below which a ladder ends: a tenth of the strictest target


@dataclass(frozen=True)
class Limits:
    """How much one race may cost.

    Attributes
    ----------
    repeats : int
        Runs per tolerance, the best of which counts.
    steps_per_decade : int
        Tolerances per decade, the same for every peer.
    budget : float
        Seconds of fitting per peer; what is spent limits the repeats first, then the ladder.
    run_limit : float
        Seconds after which a single fit is killed, and with it the peer's race.
    """

    repeats: int = 3
    steps_per_decade: int = 2
    budget: float = 120.0
    run_limit: float = 120.0


@dataclass(frozen=True)
class Run:
    """One fit: tolerance, seconds, objective by the harness, nonzero coefficients."""

    tol: float
    seconds: float
    objective: float
    nonzeros: int


def relative(value: float, best: float) -> float:
    """(f - f*) / f*."""
    return (value - best) / abs(best)


@dataclass
class Entry:
    """One peer's part of the race."""

    name: str
    limits: Limits
    remote: Remote | None = None
    note: str = ""
    pools: list[dict] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    top: int = -1

    def __post_init__(self) -> None:
        peer = PEERS[self.name]
        self.ladder = ladder(peer.loosest, peer.tightest, self.limits.steps_per_decade)

    def start(self, specification: dict) -> None:
        """Start the worker and wait until X is prepared; on refusal or failure the note says why."""
        self.remote = Remote({**specification, "peer": self.name})
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

    @property
    def spent(self) -> float:
        """Seconds of fitting so far."""
        return sum(run.seconds for run in self.runs)

    def seconds_at(self, tol: float) -> float:
        """Best time at one tolerance so far, 0 where there is none."""
        return min((run.seconds for run in self.runs if run.tol == tol), default=0.0)

    def wants(self, rung: int, best: float) -> bool:
        """Whether the ladder's rung is to be run (again), given the lowest objective known."""
        if self.remote is None or rung >= len(self.ladder):
            return False
        if self.spent + self.seconds_at(self.ladder[rung]) >= self.limits.budget:
            return False
        return rung <= self.top or not any(relative(run.objective, best) <= STOP_AT for run in self.runs)

    def run(self, rung: int) -> None:
        """One fit at one tolerance; a failure ends this peer's race and keeps its earlier runs."""
        assert self.remote is not None
        tol = self.ladder[rung]
        try:
            answer = self.remote.ask({"tol": tol}, self.limits.run_limit)
        except PeerFailed as failure:
            self.stop(f"at tolerance {tol:g}: {failure}")
            return
        self.runs.append(Run(tol, **answer))
        self.top = max(self.top, rung)

    def lowest(self) -> float:
        """Its lowest objective."""
        return min((run.objective for run in self.runs), default=float("inf"))

    def time_to(self, target: float, best: float) -> float | None:
        """The smallest time among the runs that reach a relative suboptimality."""
        return min((run.seconds for run in self.runs if relative(run.objective, best) <= target), default=None)
