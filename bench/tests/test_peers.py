"""Every peer minimises the common objective."""

from __future__ import annotations

import pytest

from bench.data import problems
from bench.harness.objective import Objective
from bench.harness.penalty import make_penalty
from bench.harness.race import make_class_race
from bench.peers import PEERS
from bench.peers.base import ladder

pytestmark = pytest.mark.usefixtures("cache")
CASES = [("l2", 1.0), ("l1", 10.0), ("enet", 20.0), ("none", 0.0)]


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
                objective = Objective(make_penalty(X, y, kind, value, fit_intercept), fit_intercept)
                if peer().refusal(X, objective) is None:
                    check_peer(name, X, y, objective)
                    reached += 1
    assert reached > 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if peer.softmax_penalties | peer.ovr_penalties])
def test_every_peer_of_many_classes_minimises_the_common_objective(name):
    X, y = problems.load_classes("toy")
    reached = 0
    for formulation in ("multinomial", "ovr"):
        for fit_intercept in (False, True):
            for kind, value in (("l2", 1.0), ("l1", 10.0), ("group", 10.0)):
                objective = make_class_race("toy", formulation, kind, value, fit_intercept).objective
                if PEERS[name]().refusal(X, objective) is None:
                    check_peer(name, X, y, objective)
                    reached += 1
    assert reached > 0


def check_peer(name, X, y, objective):
    """Fit tightly and compare with a reference."""
    peer = PEERS[name]()
    try:
        peer.prepare(X, y, objective, 2)
    except ImportError as error:
        pytest.skip(str(error))
    try:
        steps = ladder(peer.loosest, peer.tightest, 1)
        rungs = [steps[len(steps) // 2], steps[len(steps) * 2 // 3]]  # threaded LIBLINEAR may end early at a tight one
        value = min(objective.value(X, y, *peer.fit(tol)) for tol in rungs)
        assert value - reference(X, y, objective) < 1e-4 * value
    finally:
        peer.close()


def reference(X, y, objective) -> float:
    """The minimum: by scikit-learn's solvers, which the scale of C and l1_ratio is taken from; by glmnet for groups."""
    penalty = objective.penalty
    peer = PEERS["sklearn-saga" if penalty.l1 > 0 else "sklearn-newton-cholesky"]()
    if penalty.kind == "group":
        peer = PEERS["glmnet"]()
    try:
        peer.prepare(X, y, objective, 1)
    except ImportError as error:
        pytest.skip(str(error))
    try:
        coef, intercept = peer.fit(1e-9)
    finally:
        peer.close()
    if objective.is_binary and penalty.kind != "none":
        assert objective.gap(X, y, coef, intercept) < 1e-5
    return objective.value(X, y, coef, intercept)
