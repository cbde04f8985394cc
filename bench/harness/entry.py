"""A peer in a race: its ladder, its runs, its budget."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.peers import PEERS
from bench.peers.base import ladder
from bench.remote import PeerFailed, Remote

START_LIMIT = 600.0  # seconds for loading, preparation and warm-up
TARGETS = (1e-4, 1e-6, 1e-8)  # the relative suboptimalities that are raced for
STOP_AT = TARGETS[-1] / 10  # below it a ladder ends
HOPELESS = 5.0  # a fit that takes so many times the best peer's time to the strictest target ends a peer's ladder
PROMISING = 2.0  # a tolerance is run again when its time was within this factor of the peer's best to some target


@dataclass(frozen=True)
class Limits:
    """How much one race may cost.

    Attributes
    ----------
    repeats : int
        Thorough runs of each tolerance that looked promising when the ladder was climbed; the best time counts.
    steps_per_decade : int
        Tolerances per decade, the same for every peer.
    budget : float
        Seconds of fitting per peer, every fit counted; what is spent limits the repeats first, then the ladder.
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
    spent: float = 0.0

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

    def climbs(self, rung: int, best: float, leader: float) -> bool:
        """Whether a rung of the ladder is to be tried for the first time.

        Parameters
        ----------
        best : float
            The lowest objective known.
        leader : float
            The shortest time in which a peer reached the strictest target.
        """
        if self.remote is None or rung >= len(self.ladder):
            return False
        last = self.runs[-1].seconds if self.runs else 0.0
        if self.spent + last >= self.limits.budget or last > HOPELESS * leader:
            return False
        return all(relative(run.objective, best) > STOP_AT for run in self.runs)

    def repeats(self, rung: int, best: float, leader: float) -> bool:
        """Whether a rung of the ladder is worth another run."""
        if self.remote is None or rung >= len(self.ladder):
            return False
        before = [run for run in self.runs if run.tol == self.ladder[rung]]
        fastest = min((run.seconds for run in before), default=float("inf"))
        if self.spent + fastest >= self.limits.budget or fastest > HOPELESS * leader:
            return False
        lowest = relative(min(run.objective for run in before), best)
        own = [self.time_to(target, best) for target in TARGETS if lowest <= target]
        return any(seconds is not None and fastest <= PROMISING * seconds for seconds in own)

    def run(self, rung: int, thorough: bool) -> None:
        """One fit at one tolerance; a failure ends this peer's race and keeps its earlier runs."""
        assert self.remote is not None
        tol = self.ladder[rung]
        try:
            answer = self.remote.ask({"tol": tol, "thorough": thorough}, self.limits.run_limit)
        except PeerFailed as failure:
            self.stop(f"at tolerance {tol:g}: {failure}")
            return
        self.spent += answer.pop("spent")
        self.runs.append(Run(tol, **answer))

    def lowest(self) -> float:
        """Its lowest objective."""
        return min((run.objective for run in self.runs), default=float("inf"))

    def time_to(self, target: float, best: float) -> float | None:
        """The smallest time among the runs that reach a relative suboptimality."""
        return min((run.seconds for run in self.runs if relative(run.objective, best) <= target), default=None)
