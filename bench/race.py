"""Race fastlr against its peers on one problem: time to a relative suboptimality, the objective taken by the harness.

Run it as `python -m bench.race --problem text-20k-47k --penalty l2 --C 1` or `python -m bench.race --selection quick`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Iterable
from pathlib import Path

from bench.environment import available_cpus, busy_share, clear_blas_overrides

clear_blas_overrides()

from bench import problems, report  # noqa: E402
from bench.entry import TARGETS, Entry, Limits  # noqa: E402
from bench.objective import Penalty  # noqa: E402
from bench.peers import OURS, PEERS  # noqa: E402
from bench.remote import PeerFailed  # noqa: E402

RESULTS = Path(__file__).with_name("results")
QUICK = Limits(repeats=3, steps_per_decade=1, budget=6.0, run_limit=15.0)
QUICK_SELECTION = (
    ("text-20k-47k", "l2", 1.0, False, ("sklearn-newton-cg", "liblinear-s0-m", "liblinear-s7", "snapml-dual")),
    ("text-20k-47k", "l1", 20.0, True, ("liblinear-s6", "skglm-pn", "glmnet")),
    ("dense-500k-50", "l2", 1.0, True, ("sklearn-newton-cholesky", "sklearn-lbfgs", "glum")),
    ("dense-2k-10k", "l1", 20.0, False, ("skglm-pn", "celer-pn", "snapml-primal")),
)
QUICK_SECONDS = 300.0
REFERENCE_LIMIT = 120.0  # seconds of the tight run
CERTIFIERS = 3  # peers asked for a certificate after a race
# Who makes the tight run that the reference starts from; the first that takes part.
REFERENCES = {
    "l2": (OURS, "sklearn-newton-cholesky", "sklearn-newton-cg"),
    "none": (OURS, "sklearn-newton-cholesky", "sklearn-newton-cg"),
    "l1": (OURS, "skglm-pn", "liblinear-s6-m"),
    "enet": (OURS, "skglm-pn"),
}


@dataclasses.dataclass(frozen=True)
class Race:
    """One problem with one penalty."""

    problem: str
    penalty: Penalty
    fit_intercept: bool
    n_threads: int = dataclasses.field(default_factory=available_cpus)

    @property
    def name(self) -> str:
        """The stem of its result files."""
        return f"{self.problem}-{self.penalty.label}" + ("-intercept" if self.fit_intercept else "")

    def specification(self) -> dict:
        """What a worker has to know, but for the peer."""
        return dataclasses.asdict(self)


class Optimum:
    """The lowest objective known and the best certified lower bound, kept between races in the cache folder."""

    def __init__(self, race: Race) -> None:
        self._file = problems.cache_folder() / "optima" / f"{race.name}.json"
        self._key = dataclasses.asdict(race.penalty)
        self.objective = float("inf")
        self.bound = -float("inf")
        if self._file.exists():
            stored = json.loads(self._file.read_text())
            if stored["penalty"] == self._key:
                self.objective, self.bound = stored["objective"], stored["bound"]

    def lower(self, value: float) -> None:
        """Take note of an objective."""
        self.objective = min(self.objective, value)

    @property
    def relative_gap(self) -> float | None:
        """How far the objective can be above the minimum, relative; None where nothing is certified."""
        bounded = self.bound > -float("inf")
        return max(0.0, self.objective - self.bound) / abs(self.objective) if bounded else None

    def certify(self, entries: list[Entry], run_limit: float) -> None:
        """Ask the peers that came closest for the duality gap at their best coefficients."""
        racing = [entry for entry in entries if entry.remote is not None and entry.runs]
        for entry in sorted(racing, key=Entry.lowest)[:CERTIFIERS]:
            try:
                answer = entry.remote.ask({"certify": True}, run_limit)
                self.bound = max(self.bound, answer["objective"] - answer["gap"])
            except PeerFailed as failure:
                entry.stop(str(failure))

    def store(self) -> None:
        """Keep it for later races."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        contents = {"penalty": self._key, "objective": self.objective, "bound": self.bound}
        self._file.write_text(json.dumps(contents))


def start(race: Race, names: Iterable[str], limits: Limits) -> list[Entry]:
    """Start the workers and wait until all are ready; nothing is timed before."""
    entries = [Entry(name, limits) for name in names]
    for entry in entries:
        entry.start(race.specification())
    for entry in entries:
        entry.await_start()
        if entry.note:
            print(f"  {entry.name}: skipped, {entry.note}", flush=True)
    return entries


def refer(race: Race, limits: Limits, optimum: Optimum) -> None:
    """A tight run, so that no ladder ends early; in a worker of its own, which may fail."""
    for name in REFERENCES[race.penalty.kind]:
        entry = Entry(name, dataclasses.replace(limits, run_limit=REFERENCE_LIMIT))
        entry.start(race.specification())
        entry.await_start()
        if entry.remote is not None:
            entry.run(len(entry.ladder) - 1, thorough=False)
        optimum.lower(entry.lowest())
        optimum.certify([entry], REFERENCE_LIMIT)
        entry.stop()
        if entry.runs:
            return


def leading_time(entries: list[Entry], optimum: Optimum) -> float:
    """The shortest time in which a peer reached the strictest target; infinite before."""
    times = [entry.time_to(TARGETS[-1], optimum.objective) for entry in entries if entry.name != OURS]
    return min((seconds for seconds in times if seconds is not None), default=float("inf"))


def sweep(entries: list[Entry], optimum: Optimum, deadline: float, thorough: bool) -> None:
    """Everyone climbs the ladder (again, on the rungs that are worth it), rung by rung in turn."""
    for rung in range(max(len(entry.ladder) for entry in entries)):
        for entry in entries:
            wants = entry.repeats if thorough else entry.climbs
            if time.monotonic() < deadline and wants(rung, optimum.objective, leading_time(entries, optimum)):
                entry.run(rung, thorough)
                optimum.lower(entry.lowest())


def run_race(race: Race, names: Iterable[str], limits: Limits, deadline: float, folder: Path) -> None:
    """Run one race, write its files, print its table."""
    print(f"{race.name}", flush=True)
    record = compete(race, names, limits, deadline)
    report.write(record, folder)
    print(report.table(record), flush=True)


def compete(race: Race, names: Iterable[str], limits: Limits, deadline: float) -> dict:
    """Run one race.

    Parameters
    ----------
    names : iterable of str
        Peers, keys of PEERS.
    limits : Limits
        Repeats, ladder, budget.
    deadline : float
        Time on the monotonic clock after which no fit is started.

    Returns
    -------
    dict
        The contents of the JSON file.
    """
    busy = [busy_share()]
    optimum = Optimum(race)
    if optimum.objective == float("inf"):
        refer(race, limits, optimum)
    entries = start(race, names, limits)
    try:
        sweep(entries, optimum, deadline, thorough=False)
        for repeat in range(limits.repeats):
            sweep(entries if repeat % 2 else entries[::-1], optimum, deadline, thorough=True)
        optimum.certify(entries, limits.run_limit)
    finally:
        for entry in entries:
            entry.stop()
    optimum.store()
    return report.record(race, entries, optimum, limits, [*busy, busy_share()])


def make_race(problem: str, kind: str, value: float, fit_intercept: bool, l1_ratio: float = 0.5) -> Race:
    """Load (or make) the data and settle the penalty."""
    X, y = problems.load(problem)
    return Race(problem, problems.make_penalty(X, y, kind, value, fit_intercept, l1_ratio), fit_intercept)


def quick_selection(folder: Path) -> None:
    """Four races in about five minutes; each gets its share of what is left."""
    end = time.monotonic() + QUICK_SECONDS
    for position, (problem, kind, value, fit_intercept, peers) in enumerate(QUICK_SELECTION):
        race = make_race(problem, kind, value, fit_intercept)
        now = time.monotonic()
        deadline = now + (end - now) / (len(QUICK_SELECTION) - position)
        run_race(race, (OURS, *peers), QUICK, deadline, folder)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--problem", help=f"sizes (dense-3000x50) or one of {', '.join(problems.PROBLEMS)}")
    what.add_argument("--selection", choices=["quick"], help="a fixed selection of about five minutes")
    parser.add_argument("--penalty", choices=["l2", "l1", "enet", "none"], help="default: all variants in turn")
    parser.add_argument("--C", type=float, default=1.0, help="inverse strength for l2, as in scikit-learn")
    parser.add_argument("--divisor", type=float, default=20.0, help="l1 = lambda_max / divisor, for l1 and enet")
    parser.add_argument("--l1-ratio", type=float, default=0.5, help="for enet")
    parser.add_argument("--intercept", action="store_true", help="with an unpenalised intercept")
    parser.add_argument("--peers", help=f"comma-separated, default all: {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help="fewer tolerances and a budget of seconds per peer")
    parser.add_argument("--repeats", type=int, help="thorough runs of a promising tolerance")
    parser.add_argument("--budget", type=float, help="seconds of fitting per peer")
    parser.add_argument("--run-limit", type=float, help="seconds after which a single fit is killed")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the JSON files and plots")
    options = parser.parse_args(arguments)
    names = options.peers.split(",") if options.peers else list(PEERS)
    if unknown := set(names) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    if options.problem:
        try:
            problems.maker(options.problem)
        except ValueError as error:
            parser.error(str(error))
    options.peers = names
    return options


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    options = parse(arguments)
    if options.selection:
        quick_selection(options.out)
        return
    changes = {key: getattr(options, key) for key in ("repeats", "budget", "run_limit")}
    limits = dataclasses.replace(
        QUICK if options.quick else Limits(), **{key: value for key, value in changes.items() if value is not None}
    )
    value = options.C if options.penalty == "l2" else options.divisor
    variants = ((options.penalty, value),) if options.penalty else problems.DEFAULT_VARIANTS
    for kind, value in variants:
        race = make_race(options.problem, kind, value, options.intercept, options.l1_ratio)
        run_race(race, options.peers, limits, float("inf"), options.out)


if __name__ == "__main__":
    main()
