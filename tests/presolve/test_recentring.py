"""Columns far from zero only among the rows that are not saturated: fits that stall go on about another centre."""

import pickle

import numpy as np
import pytest
from support.layouts import LAYOUTS, as_layout
from support.problems import partly_far_problem

from fastlr import FitInterrupted, LogisticRegression, Status, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.matrix import as_matrix
from fastlr.presolve import recentring
from fastlr.solvers import SOLVERS
from fastlr.solvers.doubled_precision import refinement

SOLVED = [("l2", s) for s in ("auto", "newton_cg", "newton_cholesky", "lbfgs")] + [
    ("l1", "auto"),
    ("l1", "prox_newton"),
]


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """X counts as too large for steps in doubled precision, which would do without another centre."""
    monkeypatch.setattr(refinement, "MOST_NUMBERS", 0)


def total(progress):
    return progress.iteration, progress.n_passes, progress.elapsed


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("penalty, solver", SOLVED)
@pytest.mark.parametrize("offset", [False, True])
def test_a_stalled_fit_reaches_the_optimum_of_the_centred_twin(offset, penalty, solver, layout):
    X, y, near = partly_far_problem(1e9)
    given = {penalty: 1e-3, "offset": 0.3 * near[:, 1] if offset else None}
    result = fit_logistic(as_layout(X, layout), y, solver=solver, **given)
    expected = fit_logistic(near, y, tol=1e-9, **given)
    assert result.status is Status.CONVERGED
    assert result.objective == pytest.approx(expected.objective, abs=2 * result.target)
    assert result.duality_gap <= result.target


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_came_before_counts(layout):
    X, y, _ = partly_far_problem(1e9)
    told = []
    result = fit_logistic(
        as_layout(X, layout), y, l2=1e-3, solver="newton_cg", callback=lambda p: told.append(total(p))
    )
    before = result.message.split("went on after ")[1].split()[0]
    assert 0 < int(before) < result.n_iter
    assert "column 0 centred" in result.message
    assert [each.iteration for each in result.history] == list(range(result.n_iter + 1))
    assert [each[0] for each in told] == list(range(result.n_iter + 1))
    assert np.all(np.diff(told, axis=0)[:, 1:] >= 0.0)
    assert total(result.history[-1]) == told[-1]
    assert result.n_passes >= told[-1][1]
    assert result.copied_bytes >= X.nbytes
    assert result.centre[0] in X[:, 0]
    assert result.centre[1] == 0.0
    assert pickle.loads(pickle.dumps(result)) == result


def test_limits_and_callbacks_reach_the_whole_fit():
    X, y, _ = partly_far_problem(1e9)
    options = {"l2": 1e-3, "solver": "newton_cg"}
    whole = fit_logistic(X, y, **options)
    before = int(whole.message.split("went on after ")[1].split()[0])
    limited = fit_logistic(X, y, max_iter=before + 2, **options)
    assert (limited.status, limited.n_iter) == (Status.MAX_ITER, before + 2)
    assert fit_logistic(X, y, max_iter=before, **options).n_iter == before
    stopped = fit_logistic(X, y, callback=lambda progress: progress.iteration == before + 2, **options)
    assert (stopped.status, stopped.n_iter) == (Status.STOPPED, before + 2)

    def interrupt(progress):
        if progress.iteration == before + 2:
            raise KeyboardInterrupt

    with pytest.raises(FitInterrupted) as raised:
        fit_logistic(X, y, callback=interrupt, **options)
    assert raised.value.result.n_iter == before + 2
    assert raised.value.result.objective == stopped.objective


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fit, penalty", [(fit_softmax, "l2"), (fit_one_vs_rest, "l2"), (fit_one_vs_rest, "l1")])
def test_many_classes(fit, penalty, layout):
    X, y, near = partly_far_problem(1e9, K=3, n=500)
    results, expected = (np.atleast_1d(fit(each, y, **{penalty: 1e-3})) for each in (as_layout(X, layout), near))
    for result, twin in zip(results, expected, strict=True):
        assert result.objective == pytest.approx(twin.objective, abs=1e-4)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("multi_class", ["ovr", "multinomial"])
def test_classes_with_and_without_a_centre_predict_together(multi_class):
    X, y, _ = partly_far_problem(1e11, K=3, n=500)
    model = LogisticRegression(C=2.0, multi_class=multi_class).fit(X, y)
    results = [model.result_] if multi_class == "multinomial" else model.result_
    assert len({each.centre is None for each in results}) == (2 if multi_class == "ovr" else 1)
    anchor = model._anchor
    moved = (X.astype(np.longdouble) - anchor.centre) @ model.coef_.T.astype(np.longdouble) + anchor.values
    np.testing.assert_allclose(model.decision_function(X), moved.astype(float), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.intercept_, anchor.intercept(model.coef_))


def test_fits_that_do_not_stall_and_those_without_an_intercept_are_not_looked_at():
    X, y, _ = partly_far_problem(1e3)
    assert fit_logistic(X, y, l2=1e-3).centre is None
    assert fit_logistic(X, y, l2=1e-3, fit_intercept=False, tol=0.0).centre is None
    Z = np.random.default_rng(0).standard_normal((300, 3))
    assert fit_logistic(Z, Z[:, 0] > 0.3 * Z[:, 1], l2=1e-3, tol=0.0).centre is None


@pytest.mark.parametrize("solver", [s for s in SOLVERS if SOLVERS[s].handles("l2")])
def test_no_solver_loses_what_it_has_reached(solver):
    X, y, _ = partly_far_problem(1e9)
    result = fit_logistic(X, y, l2=1e-3, solver=solver, max_iter=150)
    assert result.objective <= 0.7
    assert result.n_iter <= 150


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("centre", [1e7, 3.0, 16777216.0])
def test_differences_of_float32_are_exact(centre, layout):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 3)).astype(np.float32)
    X[30:, 0] += np.float32(centre)
    less = as_matrix(as_layout(X, layout, np.float32)).centred(np.array([centre, 0.0, 0.0]))
    rows = less.take(np.arange(400), np.arange(3))
    assert np.array_equal(rows, X.astype(np.float64) - [centre, 0.0, 0.0])
    assert less.precision == np.float32
    whole = np.rint(X[30:] - [centre, 0.0, 0.0]) + np.rint(centre) * np.array([1.0, 0.0, 0.0])
    stored = as_matrix(as_layout(whole, layout, np.float32))
    assert stored.centred(np.array([np.rint(centre), 0.0, 0.0])).dtype == np.float32


def test_an_interruption_while_another_centre_is_looked_for_keeps_the_fit(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(recentring, "later_centre", interrupted)
    X, y, _ = partly_far_problem(1e9)
    with pytest.raises(FitInterrupted) as raised:
        fit_logistic(X, y, l2=1e-3, solver="newton_cg")
    result = raised.value.result
    assert result.status is Status.INTERRUPTED
    assert result.n_iter > 0
    assert np.isfinite(result.objective)


def test_a_gap_is_never_above_the_objective():
    for seed in range(20):
        Z = np.random.default_rng(seed).standard_normal((30, 2))
        y = (Z[:, 0] > 0.0) * 1.0
        for scale in (1e-12, 1e-3):
            result = fit_logistic(Z + np.array([1e11, 0.0]), y, l2=scale)
            assert type(result.duality_gap) is float
            assert result.duality_gap <= result.objective
