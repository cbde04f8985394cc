"""Single measurements on small problems."""

from __future__ import annotations

import json

import pytest

from bench.data.problems import load, nbytes
from bench.harness.timing import shortest
from bench.micro import kernels, lbfgs, solvers

pytestmark = pytest.mark.usefixtures("cache")


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
    assert measured.bytes >= nbytes(kernels.LAYOUTS[layout](load(problem)[0]))
    assert shortest(measured.call, 0.0) > 0


def test_long_histories_are_thinned_to_their_ends():
    long = {name: list(range(100_000)) for name in ("seconds", "passes", "suboptimality")}
    short = solvers.thinned(long)
    assert len(short["seconds"]) <= 401
    assert short["seconds"][:3] == [0, 1, 2]
    assert short["passes"][-1] == 99_999
    brief = {name: values[:5] for name, values in long.items()}
    assert solvers.thinned(brief) == brief
