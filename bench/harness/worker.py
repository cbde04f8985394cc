"""One peer on one problem, in a process of its own: answers requests, one JSON line each.

`bench.harness.remote` starts it as `python -m bench.harness.worker '<specification>'`.  The first line it writes says
whether the peer takes part ({"ready": ...} or {"refused": reason}); then each request is answered:

    {"tol": t, "thorough": b}  fits from zero -> {"seconds", "objective", "nonzeros", "spent"}
    {"certify": true}          -> {"objective", "gap"} of the best coefficients so far
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
import time
from dataclasses import dataclass, replace
from typing import TextIO

import numpy as np

from bench.harness.environment import thread_pools
from bench.harness.objective import Objective
from bench.harness.race import Race
from bench.peers import PEERS
from bench.peers.base import Peer

WARM_UP_ROWS, WARM_UP_COLUMNS = 200, 40


def describe(error: BaseException) -> str:
    """An error in one line, without the folders of this machine."""
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return re.sub(r"(/[\w.+-]+)+/", "", text)[:200]


def warm_up(peer: Peer, X, y: np.ndarray, objective: Objective, n_threads: int) -> None:
    """One fit of a few rows of each class: loads, compiles and starts threads before the clock runs."""
    most = max(WARM_UP_ROWS // objective.n_classes, 2)
    rows = np.concatenate([np.flatnonzero(y == label)[:most] for label in np.unique(y)])
    few, labels = X[rows][:, :WARM_UP_COLUMNS], y[rows]
    penalty = objective.penalty
    if penalty.l1 > 0:  # leave nonzero coefficients, so that just-in-time compilation gets to everything
        objective = replace(objective, penalty=replace(penalty, l1=objective.lambda_max(few, labels) / 20))
    try:
        peer.prepare(few, labels, objective, n_threads)
        peer.fit(float(np.sqrt(peer.loosest * peer.tightest)))
        peer.close()
    except ImportError:
        raise
    except Exception as error:  # a tiny problem may be degenerate for a peer that is fine on the real one
        print(f"warm-up: {describe(error)}", file=sys.stderr)


# A machine that has been idle for a moment (the harness evaluates objectives between fits) wakes its cores slowly and
# has cold caches; fits back to back show what the peer can do.  Short fits go on until they have filled some time, so
# that the shortest of them is steady.
@dataclass(frozen=True)
class BackToBack:
    """The number of fits in a run.

    Attributes
    ----------
    fits : int
        The number, if their time is between the two limits.
    shortest, longest : float
        Seconds: there are more fits until the former has passed, and none begins after the latter.
    """

    fits: int
    shortest: float
    longest: float

    def wants(self, times: list[float]) -> bool:
        """Whether there is to be another fit after fits that took these times."""
        return sum(times) < (self.longest if len(times) < self.fits else self.shortest)


FIRST_LOOK = BackToBack(fits=2, shortest=0.02, longest=0.25)
THOROUGH = BackToBack(fits=5, shortest=0.1, longest=1.0)


class Worker:
    """The peer with its problem, and the best coefficients that it has found."""

    def __init__(self, specification: dict) -> None:
        race = Race.of_specification(specification)
        self.X, self.y = race.load()
        self.objective = race.objective
        self.peer = PEERS[specification["peer"]]()
        zero = np.zeros(self.objective.n_coefficients(self.X))
        self.best = (float("inf"), zero, 0.0)
        self.refusal = self.peer.refusal(self.X, self.objective)
        if self.refusal is None:
            arguments = (self.X, self.y, self.objective, race.n_threads)
            try:
                warm_up(self.peer, *arguments)
                self.peer.prepare(*arguments)
            except ImportError as error:
                self.refusal = f"not installed ({describe(error)})"

    def fit(self, tol: float, plan: BackToBack) -> dict:
        """Time fits at one tolerance, back to back, the shortest of which counts; evaluate the last."""
        gc.collect()
        times: list[float] = []
        while plan.wants(times):
            self.peer.seconds = None
            start = time.perf_counter()
            coef, intercept = self.peer.fit(tol)
            seconds = time.perf_counter() - start
            times.append(seconds if self.peer.seconds is None else self.peer.seconds)
        value = self.objective.value(self.X, self.y, coef, intercept)
        if not np.isfinite(value):
            return {"error": "coefficients are not finite"}
        if value < self.best[0]:
            self.best = (value, np.array(coef), intercept)
        nonzeros = int(np.count_nonzero(coef))
        return {"seconds": min(times), "objective": value, "nonzeros": nonzeros, "spent": sum(times)}

    def certify(self) -> dict:
        """The duality gap of the best coefficients."""
        value, coef, intercept = self.best
        return {"objective": value, "gap": self.objective.gap(self.X, self.y, coef, intercept)}


def serve(worker: Worker, answers: TextIO) -> None:
    """Answer requests until standard input ends."""

    def answer(message: dict) -> None:
        print(json.dumps(message), file=answers, flush=True)

    if worker.refusal is not None:
        answer({"refused": worker.refusal})
        return
    answer({"ready": True, "pools": thread_pools()})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "tol" in request:
                answer(worker.fit(request["tol"], THOROUGH if request["thorough"] else FIRST_LOOK))
            else:
                answer(worker.certify())
        except Exception as error:  # the race goes on without this peer
            answer({"error": describe(error)})
    worker.peer.close()


def main() -> None:
    """Keep the pipe for answers and send whatever else is printed to standard error."""
    parser = argparse.ArgumentParser(prog="python -m bench.harness.worker", description=__doc__.splitlines()[0])
    parser.add_argument("specification", help="peer and race as JSON")
    specification = parser.parse_args().specification
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        worker = Worker(json.loads(specification))
    except Exception as error:
        print(json.dumps({"refused": describe(error)}), file=answers, flush=True)
        return
    serve(worker, answers)


if __name__ == "__main__":
    main()
