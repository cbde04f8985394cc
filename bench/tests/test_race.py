"""A race: workers that fail, ladders and budgets, the optimum kept, the files left."""

from __future__ import annotations

import json
import time

import pytest

from bench.harness import record
from bench.harness.entry import Entry, Run
from bench.harness.optimum import Optimum
from bench.harness.race import Limits, make_race
from bench.harness.remote import PeerFailed, Remote
from bench.harness.worker import THOROUGH
from bench.race import run_race

pytestmark = pytest.mark.usefixtures("cache")


def specification(peer: str, problem: str = "toy-dense") -> dict:
    return {**make_race(problem, "l2", 1.0, False).specification(), "peer": peer}


def test_a_silent_worker_is_killed():
    remote = Remote(specification("sklearn-lbfgs"))
    with pytest.raises(PeerFailed, match="no answer"):
        remote.answer(0.01)
    remote.close()


def test_a_worker_that_dies_is_reported():
    remote = Remote(specification("sklearn-lbfgs"))
    assert remote.answer(120)["ready"]
    remote.kill()
    with pytest.raises(PeerFailed, match="ended"):
        remote.ask({"tol": 0.1, "thorough": False}, 10)
    remote.close()


def test_an_error_inside_a_worker_is_reported():
    remote = Remote(specification("nobody"))
    assert "nobody" in remote.answer(120)["refused"]
    remote.close()


NOBODY = float("inf")  # no peer has reached the strictest target


def entry_after(*runs: tuple[float, float]) -> Entry:
    """One that has climbed as many rungs, with these seconds and objectives."""
    entry = Entry("sklearn-lbfgs", Limits(budget=10.0), remote=object())
    entry.runs = [Run(tol, seconds, value, 5) for tol, (seconds, value) in zip(entry.ladder, runs, strict=False)]
    entry.spent = sum(seconds for seconds, _ in runs)
    return entry


def least(value: float) -> Optimum:
    """The lowest objective known, of a race of its own."""
    optimum = Optimum(make_race("dense-50x3", "l2", value, False))
    optimum.objective = value
    return optimum


def test_entry_climbs_to_the_target_or_its_budget():
    entry = entry_after((1.0, 2.0))
    assert entry.climbs(1, least(1.0), leader=NOBODY)
    assert not entry.climbs(1, least(2.0), leader=NOBODY)
    assert not entry_after((1.0, 2.0), (8.5, 1.9)).climbs(2, least(1.0), leader=NOBODY)
    assert entry.time_to(1e-4, least(2.0)) == 1.0
    assert entry.time_to(1e-4, least(1.0)) is None


def test_entry_gives_up_far_behind_the_leader():
    assert entry_after((1.0, 2.0)).climbs(1, least(1.0), leader=0.21)
    assert not entry_after((1.0, 2.0)).climbs(1, least(1.0), leader=0.19)
    assert not entry_after((1.0, 1.0)).repeats(0, least(1.0), leader=0.19)


def test_entry_repeats_what_is_near_its_own_best_at_some_target():
    entry = entry_after((0.1, 2.0), (0.2, 1 + 1e-5), (0.3, 1 + 1e-7), (0.7, 1 + 1e-7), (0.8, 1.0))
    worth = [entry.repeats(rung, least(1.0), leader=NOBODY) for rung in range(5)]
    assert worth == [False, True, True, False, True]


def test_short_fits_go_on_until_they_fill_their_time():
    assert THOROUGH.wants([0.2] * 4)
    assert not THOROUGH.wants([0.2] * 5)
    assert not THOROUGH.wants([1.1])
    assert THOROUGH.wants([1e-3] * 50)


def test_optimum_keeps_the_lowest_between_races():
    race = make_race("toy-dense", "l2", 3.0, False)
    first = Optimum(race)
    first.lower(2.0)
    first.raise_bound(1.5)
    first.store()
    second = Optimum(race)
    second.lower(2.5)
    assert (second.objective, second.bound, second.relative_gap) == (2.0, 1.5, 0.25)


def test_ratios_compare_the_best_peer_with_us():
    times = {"fastlr": {"0.0001": 1.0, "1e-06": 2.0, "1e-08": None}}
    times |= {"a": {"0.0001": 3.0, "1e-06": 1.0, "1e-08": 5.0}, "b": {"0.0001": 2.0, "1e-06": None, "1e-08": None}}
    assert record.ratios(times) == {"0.0001": 2.0, "1e-06": 0.5, "1e-08": None}


def test_a_race_leaves_its_files(tmp_path):
    race = make_race("toy-dense", "l2", 1.0, True)
    limits = Limits(repeats=2, steps_per_decade=1, budget=5.0, run_limit=20.0)
    names = ("sklearn-newton-cholesky", "sklearn-lbfgs", "sklearn-liblinear")
    run_race(race, names, limits, time.monotonic() + 300, tmp_path)
    stored = json.loads((tmp_path / f"{race.name}.json").read_text())
    assert stored["peers"]["sklearn-liblinear"]["note"] == "intercept: penalised"
    assert stored["peers"]["sklearn-newton-cholesky"]["times"]["1e-08"] > 0
    assert stored["optimum"]["relative_gap"] < 1e-8
    assert "newton-cholesky" in record.table(stored)
    pytest.importorskip("matplotlib")
    assert (tmp_path / f"{race.name}.png").stat().st_size > 10_000
