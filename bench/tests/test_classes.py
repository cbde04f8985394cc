"""Races of many classes on a small problem."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import scipy.sparse as sp

from bench import classes
from bench.harness.many_classes import objective
from bench.harness.objective import Objective
from bench.harness.penalty import Penalty
from bench.peers import PEERS
from bench.tables.class_table import row


def small():
    r = np.random.default_rng(0)
    return sp.random_array((150, 40), density=0.3, rng=r, format="csr"), r.integers(3, size=150)


@pytest.mark.parametrize("group", [False, True])
def test_the_objective_is_that_of_plain_numpy(group):
    X, y = small()
    r = np.random.default_rng(1)
    coef, intercept = r.standard_normal((3, 40)), r.standard_normal(3)
    absolute = np.linalg.norm(coef, axis=0).sum() if group else np.abs(coef).sum()
    penalty = Penalty(0.3, 0.1, "", group)
    eta = X @ coef.T + intercept
    chosen = eta[np.arange(150), y]
    for formulation, losses in (
        ("multinomial", np.log(np.exp(eta).sum(axis=1)) - chosen),
        ("ovr", np.log1p(np.exp(eta)).sum(axis=1) - chosen),
    ):
        expected = losses.mean() + 0.15 * np.sum(coef**2) + 0.1 * absolute
        assert objective(X, y, coef, intercept, penalty, formulation) == pytest.approx(expected, rel=1e-13)
        zero = objective(X, y, 0 * coef, 0 * intercept, penalty, formulation)
        assert Objective(penalty, False, formulation, 3).scale(0.0) == pytest.approx(zero, rel=1e-13)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(("formulation", "group"), [("multinomial", False), ("multinomial", True), ("ovr", False)])
def test_from_the_largest_l1_on_all_coefficients_are_zero(formulation, group, fit_intercept):
    X, y = small()
    problem = Objective(Penalty(0.0, 1.0, "", group), fit_intercept, formulation, 3)
    top = problem.lambda_max(X, y)
    for factor, zero in ((1 + 1e-9, True), (0.99, False)):
        peer = PEERS["fastlr"]()
        peer.prepare(X, y, dataclasses.replace(problem, penalty=Penalty(0.0, factor * top, "", group)), 1)
        assert peer.fit(1e-10)[0].any() != zero


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_a_race_brings_everyone_to_the_target(mode, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(classes, "RECORDS", tmp_path)
    names = ("sklearn-lbfgs", "sklearn-newton-cg", "sklearn-newton-cholesky")
    classes.main(["toy", "--mode", mode, "--repeats", "1", "--peers", ",".join(names)])
    (file,) = tmp_path.iterdir()
    assert file.name == f"toy-{mode}-C-1.json"
    record = json.loads(file.read_text())
    assert set(record["peers"]) == {"fastlr", *names}
    assert all(peer["times"]["1e-06"] > 0 for peer in record["peers"].values())
    assert all(min(run["suboptimality"] for run in peer["runs"]) <= 1e-6 for peer in record["peers"].values())
    assert "| 300 x 8 x 3 |" in row(record)
    assert "sklearn-lbfgs" in capsys.readouterr().out


def test_who_was_not_there_in_time_is_marked():
    def peer(seconds, **more):
        return {"times": {"1e-06": seconds}, "runs": [{"seconds": seconds or 2.0}], **more}

    peers = {"fastlr": peer(0.5), "a": peer(1.0), "b": peer(None), "c": peer(None, unfinished=30.0)}
    record = {"name": "toy", "problem": {"rows": 9, "columns": 2}, "classes": 3, "peers": peers}
    assert row(record).endswith("| a 1.00 s (2.0), b > 2.00 s (4.0), c > 30.00 s (60.0) |")


@pytest.mark.parametrize("arguments", [["toy", "--group"], ["toy", "--mode", "ovr", "--l1", "20", "--group"]])
def test_what_nobody_fits_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        classes.parse(arguments)
    assert end.value.code == 2
    assert "error: " in capsys.readouterr().err
