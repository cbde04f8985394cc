"""Classes that columns without a penalty separate: the columns are named, and nothing else is."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.identifiability import check_separation, signs
from support.layouts import as_layout
from support.problems import overlapping

from fastlr import Status, fit_logistic
from fastlr.inference.identifiability import Collinear
from fastlr.solvers import SOLVERS

UNPENALISED = [name for name, spec in SOLVERS.items() if spec.handles("none")]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_dummy_column_of_one_class_is_named(layout, dtype):
    X, y, rng = overlapping()
    X = np.hstack([X, rng.random((400, 3)) < 0.1])
    y[X[:, 5] == 1.0] = 1.0
    result = fit_logistic(as_layout(X, layout, dtype), y)
    (finding,) = result.findings
    assert (finding.kind, finding.columns) == ("quasi-complete", (5,))
    assert finding.rows == np.sum(X[:, 5])
    assert "column 5" in result.message
    assert "Penalise" in result.message


def test_several_dummy_columns_are_all_named():
    X, y, rng = overlapping(n=600)
    level = rng.integers(0, 12, 600)
    X = np.hstack([X, np.eye(12)[level]])
    y[level == 3], y[level == 7] = 1.0, 0.0
    result = fit_logistic(sp.csr_array(X), y)
    separated = result.findings[0]
    assert separated.columns == (7, 11)
    assert separated.rows == np.sum((level == 3) | (level == 7))
    dependent = result.findings[1]
    assert isinstance(dependent, Collinear)
    assert dependent.columns == tuple(range(4, 16))
    assert dependent.excess == 1


def test_one_column_that_separates_all_is_named_alone(layout):
    X, _, _ = overlapping()
    result = fit_logistic(as_layout(X, layout), (X[:, 2] > 0.3).astype(float))
    (finding,) = result.findings
    assert (finding.kind, finding.columns, finding.rows) == ("complete", (2,), 400)


def test_separation_through_a_combination_of_columns_alone():
    X, _, rng = overlapping(n=600)
    X = X[np.abs(X[:, 1] - X[:, 3] - 0.2) > 0.3][:400]
    y = (X[:, 1] - X[:, 3] > 0.2).astype(float)
    result = fit_logistic(X, y)
    (finding,) = result.findings
    assert finding.kind == "complete"
    assert finding.columns == (1, 3)
    flipped = y.copy()
    flipped[rng.permutation(400)[:40]] = 0.5  # these rows object to any direction but a few
    assert fit_logistic(X, flipped).converged


def test_the_intercept_can_be_what_separates():
    X = np.array([[1.0], [1.0], [2.0], [2.0], [3.0], [3.0]])
    y = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    assert fit_logistic(X, y).findings[0].kind == "quasi-complete"
    assert fit_logistic(X, y, fit_intercept=False).converged


@pytest.mark.parametrize("solver", UNPENALISED)
def test_every_solver_is_diagnosed(solver):
    X, y, rng = overlapping()
    X = np.hstack([X, rng.random((400, 1)) < 0.1])
    y[X[:, 4] == 1.0] = 1.0
    with_limit = fit_logistic(X, y, solver=solver, max_iter=300)
    assert with_limit.status is Status.SEPARATED
    assert with_limit.findings[0].columns == (4,)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-10, 0.0])
def test_the_tolerance_does_not_matter_for_a_group_of_rows(tol):
    X, y, rng = overlapping()
    X = np.hstack([X, rng.random((400, 1)) < 0.1])
    y[X[:, 4] == 1.0] = 1.0
    assert fit_logistic(X, y, tol=tol).findings[0].columns == (4,)


def test_a_fit_cut_short_is_diagnosed_all_the_same():
    X, _, _ = overlapping()
    result = fit_logistic(X, (X[:, 2] > 0.3).astype(float), max_iter=4)
    assert result.findings[0].kind == "complete"
    assert "max_iter=4" in result.message


def test_few_separated_rows_among_many_are_found():
    rng = np.random.default_rng(0)
    X = np.hstack([rng.standard_normal((60_000, 3)), np.zeros((60_000, 1))])
    y = (X[:, 0] + rng.logistic(size=60_000) > 0).astype(float)
    X[[11, 500, 40_000], 3] = 1.0
    y[[11, 500, 40_000]] = 1.0
    for layout in ("C", "csr"):
        (finding,) = fit_logistic(as_layout(X, layout), y, solver="newton_cg").findings
        assert (finding.columns, finding.rows) == ((3,), 3)


def test_an_l1_penalty_elsewhere_and_screened_columns_keep_their_numbers():
    rng = np.random.default_rng(0)
    X = sp.random_array((500, 900), density=0.01, rng=rng).tolil()
    X[:, [850]] = (rng.random((500, 1)) < 0.1).astype(float)
    X = X.tocsr()
    y = (rng.random(500) < 0.5).astype(float)
    y[X[:, [850]].toarray()[:, 0] == 1.0] = 1.0
    l1 = np.full(900, 0.05)
    l1[850] = 0.0
    result = fit_logistic(X, y, l1=l1)
    (finding,) = result.findings
    assert finding.columns == (850,)
    assert np.flatnonzero(finding.direction).tolist() == [850]
    assert result.status is Status.SEPARATED


@pytest.mark.parametrize("penalty", [{"l2": 1e-6}, {"l1": 1e-6}])
def test_a_penalty_leaves_nothing_to_find(penalty):
    X, _, _ = overlapping()
    result = fit_logistic(X, (X[:, 2] > 0.3).astype(float), **penalty)
    assert result.converged
    assert result.findings == ()


def test_more_columns_than_are_factored_are_tried_by_their_coefficients(layout):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 1200)) * (rng.random((60, 1200)) < 0.2)
    y = (rng.random(60) < 0.5).astype(float)
    result = fit_logistic(as_layout(X, layout), y)
    (finding,) = result.findings
    Xd = X @ finding.direction + finding.intercept
    assert finding.kind == "complete"
    assert np.all(signs(y) * Xd > 0.0)


def test_nearly_separated_classes_have_their_optimum(layout):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 20))
    y = (X[:, 0] > 0.0).astype(float)
    y[np.argsort(-np.abs(X[:, 0]))[:6]] = 1.0 - y[np.argsort(-np.abs(X[:, 0]))[:6]]
    result = fit_logistic(as_layout(X, layout), y)
    check_separation(X, y, result, np.arange(20))
    assert result.converged
