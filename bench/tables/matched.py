"""Elastic net beside L1: the strength at which both leave as many coefficients, and the two fits timed in turn."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from bench.data.cache import cache_folder
from bench.data.problems import load
from bench.harness.penalty import Penalty, lambda_max
from bench.harness.race import TARGETS
from bench.harness.timing import loosest, shortest_in_turn

L1_RATIO = 0.5
STEPS = 25  # of the bisection, at most
CLOSE = 0.005  # relative difference of nonzeros at which it ends
SECONDS = 6.0  # of fits in turn, for each accuracy


@dataclass(frozen=True)
class Match:
    """An L1 strength, and the elastic net with as many nonzero coefficients.

    Attributes
    ----------
    l1 : float
        The L1 penalty: lambda_max over the divisor.
    enet : float
        The l1 of the elastic net; its l2 is as large, at l1_ratio 0.5.
    nonzeros : tuple of int
        Nonzero coefficients of the two fits.
    """

    l1: float
    enet: float
    nonzeros: tuple[int, int]

    def penalty(self, name: str) -> Penalty:
        """The penalty of the elastic net."""
        return Penalty(self.enet * (1 - L1_RATIO) / L1_RATIO, self.enet, name)


def match(problem: str, divisor: float, fit_intercept: bool) -> Match:
    """The matching strength, by bisection with fastlr's fits; kept in the cache folder."""
    name = f"{problem}-l1-{divisor:g}" + ("-intercept" if fit_intercept else "")
    file = cache_folder() / "matched" / f"{name}.json"
    if file.exists():
        return Match(**json.loads(file.read_text()))
    found = _bisect(problem, divisor, fit_intercept)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(vars(found)))
    return found


def _bisect(problem: str, divisor: float, fit_intercept: bool) -> Match:
    from fastlr import fit_logistic

    X, y = load(problem)

    def nonzeros(**penalty: float) -> int:
        fit = fit_logistic(X, y, fit_intercept=fit_intercept, tol=1e-9, max_iter=100_000, **penalty)
        return int(np.count_nonzero(fit.coef))

    top = lambda_max(X, y, fit_intercept)
    wanted = nonzeros(l1=top / divisor)
    low, high = top / (10 * divisor), top  # more nonzeros than wanted, and none
    closest = Match(top / divisor, high, (wanted, 0))
    for _ in range(STEPS):
        middle = float(np.sqrt(low * high))
        count = nonzeros(l1=middle, l2=middle * (1 - L1_RATIO) / L1_RATIO)
        if abs(count - wanted) <= abs(closest.nonzeros[1] - wanted):
            closest = Match(top / divisor, middle, (wanted, count))
        if abs(count - wanted) <= CLOSE * wanted:
            break
        low, high = (middle, high) if count > wanted else (low, middle)
    return closest


def beside_l1(problem: str, found: Match, fit_intercept: bool, n_threads: int) -> dict:
    """Our L1 and elastic-net fits in turn: nonzeros, and seconds to each of the two strict targets."""
    from fastlr import fit_logistic

    X, y = load(problem)
    penalties = ({"l1": found.l1}, {"l1": found.enet, "l2": found.enet * (1 - L1_RATIO) / L1_RATIO})

    def fit(tol: float, penalty: dict):
        return fit_logistic(
            X, y, tol=tol, fit_intercept=fit_intercept, n_threads=n_threads, max_iter=100_000, **penalty
        )

    seconds = {}
    for target in TARGETS[1:]:
        tolerances = [loosest(lambda tol, penalty=penalty: fit(tol, penalty), target) for penalty in penalties]
        pairs = zip(tolerances, penalties, strict=True)
        calls = [lambda tol=tol, penalty=penalty: fit(tol, penalty) for tol, penalty in pairs]
        seconds[f"{target:g}"] = shortest_in_turn(calls, SECONDS)
    return {"nonzeros": found.nonzeros, "seconds": seconds}
