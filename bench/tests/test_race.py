"""The harness checked on small problems: objective, certificate, penalties of every peer, crashes, records."""

from __future__ import annotations

import dataclasses
import json
import time

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import check_grad, minimize
from scipy.special import expit

from bench import kernels, lbfgs, problems, report, solvers
from bench.entry import Entry, Limits, Run
from bench.objective import Penalty, best_intercept, duality_gap, lambda_max, loss, objective
from bench.peers import PEERS
from bench.peers.base import ladder
from bench.race import Optimum, make_race, run_race
from bench.remote import PeerFailed, Remote
from bench.worker import THOROUGH

CASES = [("l2", 1.0), ("l1", 10.0), ("enet", 20.0), ("none", 0.0)]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """A cache of their own for these tests."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("FASTLR_BENCH_CACHE", str(folder))


def small(kind: str = "dense"):
    X, y = problems.dense(200, 5, seed=3) if kind == "dense" else problems.text(150, 80, 12, seed=3)
    return X, y


def test_loss_is_exact_at_the_extremes():
    assert loss(np.array([1e308, -1e308, 0.0, 40.0])).tolist() == [0.0, 1e308, np.log(2), np.log1p(np.exp(-40))]


def test_objective_of_a_diverged_fit_is_nan():
    X, y = small()
    assert np.isnan(objective(X, y, np.full(5, np.inf), 0.0, Penalty(0.1, 0.0, "")))


def test_best_intercept_zeroes_the_derivative():
    X, y = small()
    eta = X @ np.arange(5.0)
    b = best_intercept(eta, y, 50.0)
    assert abs((expit(eta + b) - (y > 0)).sum()) < 1e-10


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_lambda_max_is_where_zero_stops_being_optimal(fit_intercept):
    X, y = small()
    top = lambda_max(X, y, fit_intercept)
    zero = np.zeros(5)
    b = best_intercept(zero[:1].repeat(len(y)), y, 0.0) if fit_intercept else 0.0
    at = Penalty(0.0, top, "")
    assert duality_gap(X, y, zero, b, at, fit_intercept) == pytest.approx(0, abs=1e-12)
    assert duality_gap(X, y, zero, b, dataclasses.replace(at, l1=0.9 * top), fit_intercept) > 1e-4


@pytest.mark.parametrize("kind", ["l2", "l1", "enet"])
@pytest.mark.parametrize("storage", ["dense", "text"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_gap_bounds_the_suboptimality(kind, storage, fit_intercept):
    X, y = small(storage)
    penalty = problems.make_penalty(X, y, kind, 1.0 if kind == "l2" else 5.0, fit_intercept)
    p = X.shape[1]

    def split(z):  # coef = z[:p] - z[p:2p], both parts at least 0
        return objective(X, y, z[:p] - z[p : 2 * p], z[-1] * fit_intercept, penalty)

    def slope(z):
        r = (expit(X @ (z[:p] - z[p : 2 * p]) + z[-1] * fit_intercept) - (y > 0)) / len(y)
        g = X.T @ r + penalty.l2 * (z[:p] - z[p : 2 * p])
        return np.concatenate([g + penalty.l1, penalty.l1 - g, [r.sum() * fit_intercept]])

    bounds = [(0, None)] * (2 * p) + [(None, None)]
    options = {"ftol": 1e-16, "gtol": 1e-10, "maxiter": 20_000, "maxfun": 200_000}
    z = minimize(split, np.zeros(2 * p + 1), jac=slope, bounds=bounds, method="L-BFGS-B", options=options).x
    best = split(z)
    coef = z[:p] - z[p : 2 * p]
    assert duality_gap(X, y, coef, z[-1], penalty, fit_intercept) < 1e-5
    rng = np.random.default_rng(0)
    for scale in (1e-3, 0.1, 3.0):
        away = coef + scale * rng.normal(size=p)
        b = best_intercept(X @ away, y, 0.0) if fit_intercept else 0.0
        assert duality_gap(X, y, away, b, penalty, fit_intercept) >= objective(X, y, away, b, penalty) - best


def test_slope_of_the_objective():
    X, y = small()
    penalty = Penalty(0.3, 0.0, "")

    def value(w):
        return objective(X, y, w, 0.2, penalty)

    def slope(w):
        return X.T @ (expit(X @ w + 0.2) - (y > 0)) / len(y) + 0.3 * w

    assert check_grad(value, slope, np.arange(5) / 5) < 1e-6


def test_problems_are_reproducible_and_cached():
    for name in ("toy-dense", "toy-text"):
        X, y = problems.load(name)
        again, labels = problems.load(name)
        made, made_labels = problems.GENERATED[name]()
        assert abs(X - again).max() == 0
        assert abs(X - made).max() == 0
        assert (y == labels).all()
        assert (y == made_labels).all()
        assert set(y) == {-1, 1}
        if sp.issparse(X):
            assert X.has_canonical_format
            assert X.indices.dtype == np.int32


def test_unknown_problem_is_named():
    with pytest.raises(ValueError, match="'nothing'"):
        problems.load("nothing")


def test_sizes_name_a_problem():
    assert problems.load("dense-70x6")[0].shape == (70, 6)
    assert problems.load("text-60x90x12")[0].shape == (60, 90)


def test_ladder_has_the_same_steps_for_everyone():
    assert ladder(1e-1, 1e-4, 2) == [0.1, 0.0316, 0.01, 0.00316, 0.001, 0.000316, 0.0001]
    assert ladder(1e-1, 1e-3, 1) == [0.1, 0.01, 0.001]


@pytest.mark.filterwarnings("ignore")  # what the peers warn of is theirs
@pytest.mark.parametrize("name", PEERS)
def test_every_peer_minimises_the_common_objective(name):
    peer = PEERS[name]
    reached = 0
    for problem in ("toy-dense", "toy-text"):
        X, y = problems.load(problem)
        for fit_intercept in (False, True):
            for kind, value in CASES:
                if kind == "none" and problem == "toy-text":  # separable: no minimum
                    continue
                penalty = problems.make_penalty(X, y, kind, value, fit_intercept)
                if peer().refusal(X, penalty, fit_intercept) is None:
                    check_peer(name, X, y, penalty, fit_intercept)
                    reached += 1
    assert reached > 0


def check_peer(name, X, y, penalty, fit_intercept):
    """Fit tightly and compare with a certified reference."""
    peer = PEERS[name]()
    try:
        peer.prepare(X, y, penalty, fit_intercept, 2)
    except ImportError as error:
        pytest.skip(str(error))
    try:
        steps = ladder(peer.loosest, peer.tightest, 1)
        rungs = [steps[len(steps) // 2], steps[len(steps) * 2 // 3]]  # threaded LIBLINEAR may end early at a tight one
        value = min(objective(X, y, *peer.fit(tol), penalty) for tol in rungs)
        assert value - reference(X, y, penalty, fit_intercept) < 1e-4 * value
    finally:
        peer.close()


def reference(X, y, penalty, fit_intercept) -> float:
    """The minimum, by scikit-learn's solvers, which the scale of C and l1_ratio is taken from."""
    peer = PEERS["sklearn-saga" if penalty.l1 > 0 else "sklearn-newton-cholesky"]()
    peer.prepare(X, y, penalty, fit_intercept, 1)
    coef, intercept = peer.fit(1e-9)
    if penalty.kind != "none":
        assert duality_gap(X, y, coef, intercept, penalty, fit_intercept) < 1e-5
    return objective(X, y, coef, intercept, penalty)


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


def test_entry_climbs_to_the_target_or_its_budget():
    entry = entry_after((1.0, 2.0))
    assert entry.climbs(1, best=1.0, leader=NOBODY)
    assert not entry.climbs(1, best=2.0, leader=NOBODY)
    assert not entry_after((1.0, 2.0), (8.5, 1.9)).climbs(2, best=1.0, leader=NOBODY)
    assert entry.time_to(1e-4, best=2.0) == 1.0
    assert entry.time_to(1e-4, best=1.0) is None


def test_entry_gives_up_far_behind_the_leader():
    assert entry_after((1.0, 2.0)).climbs(1, best=1.0, leader=0.21)
    assert not entry_after((1.0, 2.0)).climbs(1, best=1.0, leader=0.19)
    assert not entry_after((1.0, 1.0)).repeats(0, best=1.0, leader=0.19)


def test_entry_repeats_what_is_near_its_own_best_at_some_target():
    entry = entry_after((0.1, 2.0), (0.2, 1 + 1e-5), (0.3, 1 + 1e-7), (0.7, 1 + 1e-7), (0.8, 1.0))
    worth = [entry.repeats(rung, best=1.0, leader=NOBODY) for rung in range(5)]
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
    first.bound = 1.5
    first.store()
    second = Optimum(race)
    second.lower(2.5)
    assert (second.objective, second.bound, second.relative_gap) == (2.0, 1.5, 0.25)


def test_ratios_compare_the_best_peer_with_us():
    times = {"fastlr": {"0.0001": 1.0, "1e-06": 2.0, "1e-08": None}}
    times |= {"a": {"0.0001": 3.0, "1e-06": 1.0, "1e-08": 5.0}, "b": {"0.0001": 2.0, "1e-06": None, "1e-08": None}}
    assert report.ratios(times) == {"0.0001": 2.0, "1e-06": 0.5, "1e-08": None}


def test_a_race_leaves_its_files(tmp_path):
    race = make_race("toy-dense", "l2", 1.0, True)
    limits = Limits(repeats=2, steps_per_decade=1, budget=5.0, run_limit=20.0)
    names = ("sklearn-newton-cholesky", "sklearn-lbfgs", "sklearn-liblinear")
    run_race(race, names, limits, time.monotonic() + 300, tmp_path)
    stored = json.loads((tmp_path / f"{race.name}.json").read_text())
    assert stored["peers"]["sklearn-liblinear"]["note"] == "intercept: penalised"
    assert stored["peers"]["sklearn-newton-cholesky"]["times"]["1e-08"] > 0
    assert stored["optimum"]["relative_gap"] < 1e-8
    assert "newton-cholesky" in report.table(stored)
    pytest.importorskip("matplotlib")
    assert (tmp_path / f"{race.name}.png").stat().st_size > 10_000


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", ["toy-dense", "toy-text"])
def test_both_ways_of_lbfgs_reach_the_strictest_target(name, fit_intercept):
    found = lbfgs.compare(name, 1.0, fit_intercept, repeats=2)
    for way in ("scipy", "fastlr"):
        passes = [found[way][target][0] for target in ("0.0001", "1e-06", "1e-08")]
        assert 0 < passes[0] <= passes[1] <= passes[2]
    assert name in lbfgs.row(name, found)
    assert len(lbfgs.row(name, found)) == len(lbfgs.head())


def test_a_target_that_is_not_reached_has_no_cost():
    history = [(1.0, 0.1, 2.0), (3.0, 0.2, 1.5), (5.0, 0.3, 1.0)]
    assert lbfgs.reached(history, 1.0, 0.6) == (3.0, 0.2)
    assert lbfgs.reached(history, 0.5, 0.1) is None


@pytest.mark.parametrize(
    "case, some, others",
    [
        (solvers.Case("toy-dense", "l2", 1.0), {"newton_cg", "lbfgs", "stochastic_gradient"}, {"prox_newton"}),
        (solvers.Case("toy-text", "l2", 1.0), {"dual_coordinate_descent", "adagrad"}, {"coordinate_descent"}),
        (solvers.Case("toy-text", "l1", 10.0), {"coordinate_descent", "gradient_descent"}, {"lbfgs", "newton_cg"}),
        (solvers.Case("toy-dense", "l2", 1.0, (0, None)), {"projected_newton", "prox_newton"}, {"newton_cg"}),
    ],
)
def test_solvers_leave_their_curves(case, some, others, tmp_path):
    record = solvers.measure("toy", case, limit=2.0)
    found = record["solvers"]
    assert some <= set(found)
    assert not others & set(found)
    assert all(curve["seconds_to"]["0.0001"] is not None for curve in found.values())
    for curve in found.values():
        assert len(curve["seconds"]) == len(curve["passes"]) == len(curve["suboptimality"]) > 1
        assert curve["passes"] == sorted(curve["passes"])
        assert min(curve["suboptimality"]) < 1e-4
    assert record["optimum"]["gap"] < 1e-10
    solvers.write(record, tmp_path)
    assert json.loads((tmp_path / "toy.json").read_text())["solvers"] == found
    pytest.importorskip("matplotlib")
    assert (tmp_path / "toy.png").stat().st_size > 10_000
    assert (tmp_path / "toy.svg").stat().st_size > 10_000


@pytest.mark.parametrize("operation", kernels.OPERATIONS)
@pytest.mark.parametrize("layout", kernels.LAYOUTS)
def test_a_pass_reads_what_it_says(layout, operation):
    problem = "toy-text" if layout.startswith("CS") else "toy-dense"
    measured = kernels.make_pass(problem, layout, operation, 1)
    measured.call()
    assert measured.bytes >= kernels.nbytes(kernels.LAYOUTS[layout](problems.load(problem)[0]))
    assert kernels.best_time(measured.call, 0.0) > 0


def test_long_histories_are_thinned_to_their_ends():
    long = {name: list(range(100_000)) for name in ("seconds", "passes", "suboptimality")}
    short = solvers.thinned(long)
    assert len(short["seconds"]) <= 401
    assert short["seconds"][:3] == [0, 1, 2]
    assert short["passes"][-1] == 99_999
    brief = {name: values[:5] for name, values in long.items()}
    assert solvers.thinned(brief) == brief
