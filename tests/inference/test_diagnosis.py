"""Separation, dependent columns and advice, against plain references: one dense linear program, one pseudo-inverse."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning
from support.layouts import LAYOUTS, as_layout
from support.problems import make_problem
from support.references import null_objective, objective

from fastlr import LogisticRegression, SeparationWarning, Status, fit_logistic, fit_one_vs_rest
from fastlr.inference.identifiability import Collinear, Constant, Separation, report
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import BoundedElasticNet, ElasticNet
from fastlr.solvers import SOLVERS, Controls, Monitor

UNPENALISED = [name for name, spec in SOLVERS.items() if spec.handles("none")]


def signs(y):
    return np.where((y == 0.0) | (y == 1.0), 2.0 * y - 1.0, 0.0)


def most_separated(X, y, free, fit_intercept=True, weight=None, lower=None, upper=None):
    """How many rows can be separated at once, and how many there are that count.

    Maximise  sum_i u_i  subject to  t_i (x_i . d + d_0) >= u_i,  0 <= u_i <= 1,  equality with 0 between the classes:
    directions form a cone, so that an optimum has u_i in {0, 1}.
    """
    counts = np.ones(len(y), bool) if weight is None else weight > 0
    X, t = X[counts][:, free], signs(y[counts])
    columns = np.hstack([X, np.ones((len(X), 1))]) if fit_intercept else X
    n, p = columns.shape
    cost = np.concatenate([np.zeros(p), -np.ones(n)])
    matrix = np.hstack([-t[:, None] * columns, np.eye(n)])
    between = np.hstack([columns[t == 0.0], np.zeros((int(np.sum(t == 0.0)), n))])
    low, high = np.full(p, -1e4), np.full(p, 1e4)
    for limit, bound in ((low, lower), (high, upper)):
        if bound is not None:
            limit[: len(free)][np.isfinite(bound[free])] = 0.0
    box = [*zip(low, high, strict=True), *[(0.0, 1.0) if sign else (0.0, 0.0) for sign in t]]
    equal = {"A_eq": between, "b_eq": np.zeros(len(between))} if len(between) else {}
    answer = linprog(cost, A_ub=matrix, b_ub=np.zeros(n), **equal, bounds=box)
    assert answer.success
    return round(-answer.fun), n


def check_separation(X, y, result, free, fit_intercept=True, weight=None, lower=None, upper=None):
    """The result says what the reference finds, and its direction proves it."""
    most, n = most_separated(X, y, free, fit_intercept, weight, lower, upper)
    found = [finding for finding in result.findings if isinstance(finding, Separation)]
    assert len(found) == (most > 0), (most, result.message)
    assert (result.status is Status.SEPARATED) == (most > 0)
    for finding in found:
        counts = np.ones(len(y), bool) if weight is None else weight > 0
        Xd = (X @ finding.direction + finding.intercept)[counts]
        t = signs(y[counts])
        assert finding.rows == most == np.sum(t * Xd > 1e-7)
        assert np.all(t * Xd > -1e-7)
        assert np.all(np.abs(Xd[t == 0.0]) < 1e-7)
        assert finding.kind == ("complete" if most == n else "quasi-complete")
        assert finding.columns == tuple(np.flatnonzero(finding.direction))
        assert set(finding.columns) <= set(free)
        assert fit_intercept or finding.intercept == 0.0
        assert finding.kind in result.message


def least_norm(X, coef, free, fit_intercept=True, weight=None):
    """The free coefficients of least norm with the same linear predictors up to the intercept."""
    part = X[:, free] if weight is None else X[weight > 0][:, free]
    if fit_intercept:
        part = part - part.mean(axis=0)
    return np.linalg.pinv(part, rcond=1e-10) @ (part @ coef[free])


def rank(X, fit_intercept=True):
    return np.linalg.matrix_rank(X - X.mean(axis=0) if fit_intercept else X, tol=1e-8)


# --- against the references, on small problems ------------------------------------------------------------------------


@st.composite
def small_problems(draw):
    """Few rows of small whole numbers: separated, degenerate and ordinary ones are all frequent."""
    n, p = draw(st.integers(4, 24)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.integers(-2, 3, (n, p)).astype(float) * (rng.random((n, p)) < draw(st.sampled_from([0.3, 1.0])))
    if p > 2 and draw(st.booleans()):
        X[:, 2] = X[:, 0] - X[:, 1]
    if draw(st.booleans()):
        X[:, 0] = 2.0
    y = (X @ rng.standard_normal(p) + draw(st.sampled_from([0.0, 0.5, 3.0])) * rng.standard_normal(n) > 0).astype(float)
    y[:2] = 0.0, 1.0
    weight = None
    if draw(st.booleans()):
        weight = rng.integers(0, 3, n).astype(float)
        weight[:2] = 1.0
    if draw(st.integers(0, 3)) == 0:
        y[rng.integers(2, n)] = 0.25
    return X, y, weight, rng


@settings(max_examples=300, deadline=None)
@given(small_problems(), st.sampled_from(LAYOUTS), st.sampled_from([np.float64, np.float32]), st.booleans())
def test_separation_and_least_norm_agree_with_the_references(problem, layout, dtype, fit_intercept):
    X, y, weight, _ = problem
    free = np.arange(X.shape[1])
    result = fit_logistic(as_layout(X, layout, dtype), y, sample_weight=weight, fit_intercept=fit_intercept, tol=1e-8)
    check_separation(X, y, result, free, fit_intercept, weight)
    if result.status is not Status.SEPARATED:
        expected = least_norm(X, result.coef, free, fit_intercept, weight)
        np.testing.assert_allclose(result.coef, expected, rtol=1e-7, atol=1e-9)


@settings(max_examples=150, deadline=None)
@given(small_problems(), st.booleans(), st.sampled_from(["newton_cg", "newton_cholesky", "auto"]))
def test_coefficients_with_a_penalty_take_no_part(problem, fit_intercept, solver):
    X, y, weight, rng = problem
    l2 = np.where(rng.random(X.shape[1]) < 0.5, 0.1, 0.0)
    free = np.flatnonzero(l2 == 0.0)
    result = fit_logistic(
        X, y, l2=l2, sample_weight=weight, fit_intercept=fit_intercept, tol=1e-8, solver=solver, max_iter=200
    )
    check_separation(X, y, result, free, fit_intercept, weight)
    if len(free) and result.status is not Status.SEPARATED:
        expected = least_norm(X, result.coef, free, fit_intercept, weight)
        np.testing.assert_allclose(result.coef[free], expected, rtol=1e-7, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(small_problems())
def test_an_offset_changes_nothing_about_separation(problem):
    X, y, weight, rng = problem
    offset = 2.0 * rng.standard_normal(len(y))
    result = fit_logistic(X, y, sample_weight=weight, offset=offset, tol=1e-8)
    check_separation(X, y, result, np.arange(X.shape[1]), True, weight)


@settings(max_examples=100, deadline=None)
@given(small_problems(), st.booleans())
def test_coefficients_that_are_bounded_go_one_way_only(problem, fit_intercept):
    X, y, _, rng = problem
    p = X.shape[1]
    lower = np.where(rng.random(p) < 0.4, -0.5, -np.inf)
    upper = np.where(rng.random(p) < 0.4, 0.5, np.inf)
    matrix = as_matrix(X)
    rows = matrix.bind(y, np.full(len(y), 1.0 / len(y)))
    penalty = BoundedElasticNet(0.0, 0.0, lower[:, None], upper[:, None], (p, 1))
    monitor = Monitor(Controls(tol=1e-8), LogisticObjective(rows, penalty, fit_intercept), "projected_newton")
    ended = SOLVERS["projected_newton"].run(monitor.objective, np.zeros((p, 1)), 0.0, monitor)
    result = report.diagnosed(ended, monitor)
    free = np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper)))
    if len(free):
        check_separation(X, y, result, free, fit_intercept, None, lower, upper)
    assert np.all((lower <= result.coef) & (result.coef <= upper))


# --- separation -------------------------------------------------------------------------------------------------------


def overlapping(n=400, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, (X[:, 0] + rng.logistic(size=n) > 0).astype(float), rng


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


# --- dependent columns ------------------------------------------------------------------------------------------------


def dependent(name, fit_intercept):
    """X with the number of columns too many, those involved and those constant."""
    X, y, rng = overlapping(n=500, p=5)
    match name:
        case "sum":
            return np.hstack([X, X[:, [0]] - 2.0 * X[:, [3]]]), y, 1, (0, 3, 5), ()
        case "constant":
            constant = () if not fit_intercept else (5,)
            return np.hstack([X, np.full((500, 1), 7.1)]), y, 0, (), constant
        case "zero":
            return np.hstack([X, np.zeros((500, 1))]), y, 0, (), (5,)
        case "twins, scales apart":
            return np.hstack([X, 1e6 * X[:, [2]]]), y, 1, (2, 5), ()
        case "levels":
            levels = np.eye(4)[rng.integers(0, 4, 500)]
            involved = (5, 6, 7, 8) if fit_intercept else ()
            return np.hstack([X, levels]), y, int(fit_intercept), involved, ()
        case "far from zero":
            far = 1e5 + np.rint(10 * X[:, [1]])
            return np.hstack([X, far, 3e5 - far]), y, int(fit_intercept), (5, 6) if fit_intercept else (), ()


NAMES = ["sum", "constant", "zero", "twins, scales apart", "levels", "far from zero"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky"])
def test_dependent_columns_get_the_optimum_of_least_norm_and_are_named(layout, name, fit_intercept, solver):
    X, y, excess, involved, constant = dependent(name, fit_intercept)
    result = fit_logistic(as_layout(X, layout), y, fit_intercept=fit_intercept, solver=solver, tol=1e-9)
    expected = least_norm(X, result.coef, np.arange(X.shape[1]), fit_intercept)
    assert result.converged, result.message
    np.testing.assert_allclose(result.coef, expected, rtol=1e-6, atol=1e-9)
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept), rel=1e-12)
    by_kind = {type(finding): finding for finding in result.findings}
    assert (Collinear in by_kind) == bool(involved)
    assert (Constant in by_kind) == bool(constant)
    for finding in result.findings:
        assert finding.minimum_norm
        assert finding.columns == (involved if isinstance(finding, Collinear) else constant)
    if involved:
        assert by_kind[Collinear].excess == excess
        assert "collinear" in result.message
    if constant:
        assert result.coef[constant[0]] == 0.0


def test_dependence_is_seen_through_rare_levels():
    """A sample of the rows misses levels; a column for each, with the intercept, is one too many all the same."""
    rng = np.random.default_rng(0)
    n, k = 30_000, 150
    level = np.minimum(rng.geometric(0.08, n) - 1, k - 1)
    level[:k] = np.arange(k)
    level[k : 2 * k] = np.arange(k)
    y = (rng.random(n) < 0.4).astype(float)
    y[:k], y[k : 2 * k] = 0.0, 1.0
    X = sp.csr_array((np.ones(n), (np.arange(n), level)), shape=(n, k))
    result = fit_logistic(X, y)
    (finding,) = result.findings
    assert isinstance(finding, Collinear)
    assert (finding.excess, finding.columns) == (1, tuple(range(k)))
    assert abs(result.coef.sum()) < 1e-8 * np.abs(result.coef).sum()  # the level of all coefficients is the intercept's
    without_last = fit_logistic(X[:, :-1], y)
    assert without_last.findings == ()
    assert result.objective == pytest.approx(without_last.objective, abs=2e-6)


@pytest.mark.parametrize("shape", [(40, 90), (60, 1200)])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_wide_data_without_separation_get_the_least_norm(layout, shape, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.3)
    y = rng.uniform(0.1, 0.9, shape[0])
    start = rng.standard_normal(shape[1]), 0.0
    result = fit_logistic(as_layout(X, layout), y, fit_intercept=fit_intercept, tol=1e-8, start=start)
    expected = least_norm(X, result.coef, np.arange(shape[1]), fit_intercept)
    (finding,) = result.findings
    assert result.converged
    assert finding.minimum_norm
    assert finding.excess == shape[1] - rank(X, fit_intercept)
    np.testing.assert_allclose(result.coef, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    assert result.objective == pytest.approx(np.mean(-(y * np.log(y) + (1 - y) * np.log1p(-y))), abs=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_a_start_anywhere_leads_to_the_same_coefficients(name):
    X, y, *_ = dependent(name, True)
    first = fit_logistic(X, y, tol=1e-13)
    start = np.random.default_rng(3).standard_normal(X.shape[1]) / np.maximum(np.abs(X).max(axis=0), 1.0), 0.0
    again = fit_logistic(X, y, tol=1e-13, start=start)
    size = np.abs(X).max(axis=0)
    np.testing.assert_allclose(again.coef * size, first.coef * size, atol=1e-4)


def test_rows_of_weight_zero_do_not_break_a_dependency():
    X, y, *_ = dependent("sum", True)
    weight = np.ones(len(y))
    X[:20, 5], weight[:20] = 9.0, 0.0
    result = fit_logistic(X, y, sample_weight=weight)
    assert result.findings[0].columns == (0, 3, 5)
    np.testing.assert_allclose(
        result.coef, least_norm(X, result.coef, np.arange(6), True, weight), rtol=1e-6, atol=1e-9
    )


def test_columns_of_a_part_with_a_penalty_are_left_alone():
    X, y, *_ = dependent("sum", True)
    l2 = np.zeros(6)
    l2[5] = 0.1
    result = fit_logistic(X, y, l2=l2)
    assert result.converged
    assert result.findings == ()


def test_an_ordinary_fit_has_no_findings(layout):
    X, y = make_problem(n=2000, p=12)
    for solver in UNPENALISED:
        if SOLVERS[solver].obstacle(as_matrix(as_layout(X, layout)), ElasticNet(0.0, 0.0, (12, 1))):
            continue
        result = fit_logistic(as_layout(X, layout), y, solver=solver, tol=1e-3)
        assert result.findings == ()
        assert result.status is Status.CONVERGED


def test_nearly_collinear_columns_are_not_collinear():
    X, y, rng = overlapping(n=500)
    X = np.hstack([X, X[:, [0]] + 1e-5 * rng.standard_normal((500, 1))])
    result = fit_logistic(X, y, solver="newton_cholesky")
    assert result.findings == ()


# --- what users read --------------------------------------------------------------------------------------------------


def test_the_estimator_warns_once_with_the_names_of_columns():
    X, y, rng = overlapping()
    frame = pd.DataFrame(X, columns=["age", "income", "height", "weight"]).assign(rare=rng.random(400) < 0.1)
    y[frame["rare"]] = 1.0
    frame = frame.assign(twin=frame["height"], level=1.5).astype(float)
    with pytest.warns(SeparationWarning, match="column 'rare' separates") as caught:
        model = LogisticRegression(C=np.inf).fit(frame, y)
    assert len(caught) == 1
    assert issubclass(SeparationWarning, ConvergenceWarning)
    assert caught[0].filename == __file__
    assert "columns 'height' and 'twin'" in str(caught[0].message)
    assert "column 'level'" in model.result_.message
    assert model.result_.status is Status.SEPARATED


def test_the_estimator_says_of_dependent_columns_without_a_warning():
    X, y, *_ = dependent("sum", True)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(C=np.inf).fit(frame, y)
    assert "columns 'a', 'd' and 'f'" in model.result_.message
    np.testing.assert_allclose(model.coef_[0], least_norm(X, model.coef_[0], np.arange(6)), rtol=1e-6, atol=1e-9)


def test_many_columns_are_not_all_listed():
    finding = Collinear(tuple(range(30)), 3, True)
    assert "columns 0, 1, 2, 3, 4, 5, 6, 7 and 22 more (3 too many)" in finding.describe()
    assert len(finding.describe()) < 250


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-3}, {"l1": 1e-3}])
def test_running_out_of_iterations_names_columns_of_uneven_scale(penalty):
    X, y = make_problem()
    X[:, 3] *= 1e6
    result = fit_logistic(X, y, **penalty, max_iter=1, tol=1e-12)
    assert result.status is Status.MAX_ITER
    for part in ("max_iter=1", "Increase max_iter or tol.", "column", "3", "standardise"):
        assert part in result.message
    even = fit_logistic(make_problem()[0], y, **penalty, max_iter=1, tol=1e-12)
    assert "Increase max_iter or tol." in even.message
    assert "standardise" not in even.message


@pytest.mark.parametrize("multi_class", ["multinomial", "ovr"])
def test_the_estimator_names_columns_of_uneven_scale(multi_class):
    X, y = make_problem()
    frame = pd.DataFrame(X, columns=[f"column {j}" for j in range(X.shape[1])]).rename(columns={"column 3": "salary"})
    frame["salary"] *= 1e6
    labels = y if multi_class == "multinomial" else np.arange(len(y)) % 3
    with pytest.warns(ConvergenceWarning, match=r"The scales of columns '\w+.*' and '\w+.*' differ by") as caught:
        LogisticRegression(max_iter=1, tol=1e-12, multi_class=multi_class).fit(frame, labels)
    assert "'salary'" in str(caught[0].message)


@pytest.mark.parametrize(
    "status, parts",
    [
        (Status.LINE_SEARCH_FAILED, ("tol", "solver", "columns 1 and 3")),
        (Status.NUMERICAL_ERROR, ("X", "sample_weight", "columns 1 and 3")),
    ],
)
def test_other_failures_name_what_to_change(status, parts):
    X, y = make_problem(p=5)
    X[:, 1] *= 1e-3
    X[:, 3] *= 1e4
    matrix = as_matrix(X)
    rows = matrix.bind(y, np.full(len(y), 1.0 / len(y)))
    penalty = BoundedElasticNet(0.0, 0.1, -np.inf, np.inf, (5, 1))
    monitor = Monitor(Controls(), LogisticObjective(rows, penalty, True), "newton_cg", "Chosen by hand.")
    monitor.finished(monitor.objective.point(np.zeros((5, 1))))
    monitor.fail(status, "No step")
    result = report.diagnosed(monitor.result(), monitor)
    assert result.status is status
    assert result.message.startswith("No step, at a gap of ")
    assert result.message.endswith(". Chosen by hand.")
    for part in parts:
        assert part in result.message


def test_a_fit_that_the_user_ended_is_left_alone():
    X, _, _ = overlapping()
    y = (X[:, 2] > 0.3).astype(float)
    assert fit_logistic(X, y, callback=lambda progress: progress.iteration == 5).status is Status.STOPPED
    assert fit_logistic(X, y, time_limit=0.0).status is Status.TIME_LIMIT
    assert fit_logistic(X, y).objective < 1e-3 * null_objective(y)


# --- names of columns -------------------------------------------------------------------------------------------------

CALLED = ["age", "sex", "size", "sum", "one"]


def frame_of(values, library):
    return {"pandas": pd.DataFrame, "polars": pl.DataFrame}[library](dict(zip(CALLED, values.T, strict=True)))


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("fit", [fit_logistic, fit_one_vs_rest])
def test_functions_call_columns_of_a_frame_by_their_names(fit, library):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    X = np.column_stack([X, X[:, 0] + X[:, 1], np.ones(200)])
    y = (rng.random(200) < 0.5).astype(int)
    separable = (X[:, 2] > 0).astype(int)

    def message(X, y, **options):
        found = fit(X, y, **options)
        return (found if fit is fit_logistic else found[1]).message

    frame = frame_of(X, library)
    assert "constant columns without a penalty: column 'one'" in message(frame, y)
    assert "collinear columns without a penalty: columns 'age', 'sex' and 'sum'" in message(frame, y)
    assert "column 'size' separates all rows" in message(frame, separable)
    assert "column 2 separates all rows" in message(X, separable)
    assert "column 2 separates all rows" in message(pd.DataFrame(X), separable)  # called by numbers
    assert "column 2 separates all rows" in message(pd.DataFrame(X, columns=["a", 1, "c", "d", 4]), separable)
    uneven = frame_of(X * [1.0, 1.0, 1e9, 1.0, 1.0], library)
    found = message(uneven, y, l2=0.1, max_iter=0)
    assert re.search(r"The scales of columns '(age|sex)' and 'size' differ|of columns 'size' and '(sum|one)'", found)
    huge = frame_of(X * [1.0, 1.0, 1e200, 1.0, 1.0], library)
    with pytest.raises(ValueError, match=r"variance overflows, column 2 \('size'\): rescale it"):
        fit(huge, y, l2=0.1, standardize=True)


def test_a_bound_on_a_constant_column_is_told_with_its_name():
    X, y = np.column_stack([np.arange(20.0), np.ones(20)]), np.arange(20) % 2
    with pytest.raises(ValueError, match=r"coefficient of column 1 \('b'\), which is constant"):
        fit_logistic(pd.DataFrame(X, columns=["a", "b"]), y, l2=0.1, standardize=True, bounds=(1.0, None))
