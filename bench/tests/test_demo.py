"""The demo's table on a small problem."""

from __future__ import annotations

import numpy as np
import pytest

from bench import demo
from bench.data.generated import dense, one_hot
from bench.harness.penalty import Penalty


@pytest.mark.parametrize("penalty", [Penalty(1e-3, 0.0, "L2"), Penalty(0.0, 1e-2, "L1")])
@pytest.mark.parametrize("data", [dense(300, 6), one_hot(300, 5, 4)], ids=["dense", "one-hot"])
def test_both_sides_reach_the_target(penalty, data, monkeypatch):
    monkeypatch.setattr(demo, "TOGETHER", 0.01)
    problem = demo.Problem(*data, penalty, ("liblinear",), 1e-2)
    ours, theirs = demo.race(problem)
    least = demo._fit(problem, lambda tol: problem.model(demo.fastlr.LogisticRegression, tol), 1e-12)
    for entry in (ours, theirs):
        assert entry.excess <= demo.TARGET
        assert problem.objective(entry.model) <= problem.objective(least) * (1 + 1.01 * demo.TARGET)
        assert entry.seconds > 0
    row = demo.line(problem, ours, theirs)
    assert row.startswith(f"  {penalty.label}: {ours.model.result_.solver}, liblinear")
    assert f"{theirs.seconds / ours.seconds:.1f}" in row
    assert row.endswith(f"{np.count_nonzero(ours.model.coef_)} / {np.count_nonzero(theirs.model.coef_)}")
    assert len(row) == len(demo.HEADER.splitlines()[1])


def test_the_fastest_of_several_solvers_is_shown(monkeypatch):
    monkeypatch.setattr(demo, "LONG", 0.0)  # times of the ladder itself

    def timed(fit):
        model = fit()
        return model, {"lbfgs": 3.0, "newton-cg": 2.0}.get(getattr(model, "solver", ""), 1.0)

    monkeypatch.setattr(demo, "timed", timed)
    _, theirs = demo.race(demo.Problem(*dense(300, 6), Penalty(1e-2, 0.0, "L2"), ("lbfgs", "newton-cg"), 1e-2))
    assert (theirs.solver, theirs.seconds) == ("newton-cg", 2.0)


def test_who_does_not_reach_the_target_is_named(monkeypatch):
    problem = demo.Problem(*dense(300, 6), Penalty(1e-2, 0.0, "L2"), ("liblinear",), 1e-2)
    ours, theirs = demo.race(problem)
    assert "scikit-learn did not come within 1e-06" in demo.line(problem, ours, None)
    assert "fastlr did not" in demo.line(problem, None, theirs)


def test_help_makes_no_fit(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["demo", "--help"])
    with pytest.raises(SystemExit) as end:
        demo.main()
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert "No intercept" in printed
    assert demo.HEADER not in printed
