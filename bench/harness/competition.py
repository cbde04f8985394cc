"""One race from start to record: workers, ladders in turn, certificates."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable

from bench.harness import record
from bench.harness.entry import Entry
from bench.harness.environment import busy_share
from bench.harness.optimum import Optimum
from bench.harness.race import Limits, Race
from bench.harness.remote import PeerFailed
from bench.peers import OURS

REFERENCE_LIMIT = 120.0  # seconds of the tight run
CERTIFIERS = 3  # peers asked for a certificate after a race
# Who makes the tight run that the reference starts from; the first that takes part.
REFERENCES = {
    "l2": (OURS, "sklearn-newton-cholesky", "sklearn-newton-cg"),
    "none": (OURS, "sklearn-newton-cholesky", "sklearn-newton-cg"),
    "l1": (OURS, "skglm-pn", "liblinear-s6-m"),
    "enet": (OURS, "skglm-pn"),
    "group": (OURS,),
}


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


def certify(entries: list[Entry], run_limit: float, optimum: Optimum) -> None:
    """Ask the peers that came closest for the duality gap at their best coefficients."""
    racing = [entry for entry in entries if entry.remote is not None and entry.runs]
    for entry in sorted(racing, key=Entry.lowest)[:CERTIFIERS]:
        try:
            answer = entry.remote.ask({"certify": True}, run_limit)
            optimum.raise_bound(answer["objective"] - answer["gap"])
        except PeerFailed as failure:
            entry.stop(str(failure))


def refer(race: Race, limits: Limits, optimum: Optimum) -> None:
    """A tight run, so that no ladder ends early; in a worker of its own, which may fail."""
    for name in REFERENCES[race.objective.penalty.kind]:
        entry = Entry(name, dataclasses.replace(limits, run_limit=REFERENCE_LIMIT))
        entry.start(race.specification())
        entry.await_start()
        if entry.remote is not None:
            entry.run(len(entry.ladder) - 1, thorough=False)
        optimum.lower(entry.lowest())
        certify([entry], REFERENCE_LIMIT, optimum)
        entry.stop()
        if entry.runs:
            return


def leading_time(entries: list[Entry], optimum: Optimum) -> float:
    """The shortest time in which a peer reached the strictest target; infinite before."""
    others = [entry for entry in entries if entry.name != OURS]
    times = [entry.time_to(entry.limits.targets[-1], optimum) for entry in others]
    return min((seconds for seconds in times if seconds is not None), default=float("inf"))


def sweep(entries: list[Entry], optimum: Optimum, deadline: float, thorough: bool) -> None:
    """Everyone climbs the ladder (again, on the rungs that are worth it), rung by rung in turn."""
    for rung in range(max(len(entry.ladder) for entry in entries)):
        for entry in entries:
            wants = entry.repeats if thorough else entry.climbs
            if time.monotonic() < deadline and wants(rung, optimum, leading_time(entries, optimum)):
                entry.run(rung, thorough)
                optimum.lower(entry.lowest())


def compete(race: Race, names: Iterable[str], limits: Limits, deadline: float) -> dict:
    """Run one race.

    Parameters
    ----------
    race : Race
    names : iterable of str
        Peers, keys of PEERS.
    limits : Limits
        Repeats, ladder, budget.
    deadline : float
        Time on the monotonic clock after which no fit is started.

    Returns
    -------
    dict
        The contents of the JSON file, as `record.make` describes them.
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
        certify(entries, limits.run_limit, optimum)
    finally:
        for entry in entries:
            entry.stop()
    optimum.store()
    return record.make(race, entries, optimum, limits, [*busy, busy_share()])
