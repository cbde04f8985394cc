"""Estimates where nothing holds some columns: CONVERGED is true of the exact problem, separation is seen at any tol."""

import numpy as np
import pytest
from audit import run
from audit.excess import excess
from audit.losses import Softmax, TwoClasses
from audit.wide import HAS_WIDE
from support.layouts import LAYOUTS, as_layout

from fastlr import Status, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.inference.identifiability import Separation
from fastlr.inference.identifiability.newton_gap import newton_gap
from fastlr.inference.identifiability.refit import Refit
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.solvers import Controls

needs_wide = pytest.mark.skipif(not HAS_WIDE, reason="numpy.longdouble is a double here")


def near_dependent(rng, n, p, left):
    """Normal columns, the last of which is the first but for a share `left`."""
    X = rng.standard_normal((n, p))
    X[:, -1] = X[:, 0] + left * rng.standard_normal(n)
    return X


@needs_wide
@pytest.mark.parametrize("left", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("solver", ["newton_small", "newton_cholesky", "newton_cg"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_near_dependent_columns_converge_to_the_exact_optimum(left, solver, fit_intercept):
    rng = np.random.default_rng(3)
    X = near_dependent(rng, 60, 4, left)
    y = (X[:, 1] + 2.0 * rng.standard_normal(60) > 0) * 1.0
    result = fit_logistic(X, y, solver=solver, fit_intercept=fit_intercept, tol=1e-6)
    assert result.status is Status.CONVERGED, result.message
    assert excess(result, X, TwoClasses(y), fit_intercept) <= 2.0 * result.target


@needs_wide
@pytest.mark.parametrize("far", [1e3, 1e5, 1e7])
def test_columns_far_from_zero_without_an_intercept_converge_to_the_exact_optimum(far):
    rng = np.random.default_rng(1)
    X = far + rng.standard_normal((50, 3))
    y = (rng.random(50) < 0.4) * 1.0
    result = fit_logistic(X, y, fit_intercept=False, tol=1e-4)
    assert result.status is Status.CONVERGED, result.message
    assert excess(result, X, TwoClasses(y), False) <= 2.0 * result.target


@needs_wide
@pytest.mark.parametrize("offset", [50.0, 500.0])
def test_rows_that_begin_saturated_hide_no_direction(offset):
    rng = np.random.default_rng(5)
    X = near_dependent(rng, 40, 3, 1e-8)
    y, offset = (rng.random(40) < 0.5) * 1.0, offset * rng.standard_normal(40)
    result = fit_logistic(X, y, offset=offset, solver="newton_cholesky", tol=1e-5)
    assert result.status is not Status.CONVERGED or (
        excess(result, X, TwoClasses(y), True, offset=offset) <= 2.0 * result.target
    )


@needs_wide
@pytest.mark.parametrize("bounds", [None, (0.0, np.inf)])
@pytest.mark.parametrize("solver", ["prox_newton", "coordinate_descent"])
def test_l1_on_some_columns_beside_free_ones_converges_to_the_exact_optimum(bounds, solver):
    rng = np.random.default_rng(8)
    X = near_dependent(rng, 50, 5, 1e-7)
    y = (X[:, 1] + rng.standard_normal(50) > 0) * 1.0
    l1 = np.array([0.0, 0.01, 0.01, 0.02, 0.0])
    lower = np.array([-np.inf, 0.0, 0.0, 0.0, -np.inf])
    limits = {} if bounds is None else {"bounds": (lower, np.full(5, np.inf))}
    result = fit_logistic(X, y, l1=l1, solver=solver, tol=1e-6, **limits)
    assert result.status is Status.CONVERGED, result.message
    inside = (-np.inf, np.inf) if bounds is None else limits["bounds"]
    assert excess(result, X, TwoClasses(y), True, l1=l1, bounds=inside) <= 2.0 * result.target


@needs_wide
@pytest.mark.parametrize("left", [1e-5, 1e-8])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_softmax_of_near_dependent_columns_converges_to_the_exact_optimum(left, fit_intercept):
    rng = np.random.default_rng(2)
    X, y = near_dependent(rng, 60, 3, left), rng.integers(0, 3, 60)
    result = fit_softmax(X, y, fit_intercept=fit_intercept, tol=1e-6)
    assert result.status is Status.CONVERGED, result.message
    assert excess(result, X, Softmax(y, 3), fit_intercept) <= 2.0 * result.target


@needs_wide
def test_softmax_with_group_penalty_and_a_free_column_far_from_zero():
    rng = np.random.default_rng(4)
    X, y = 1e6 + rng.standard_normal((50, 4)), rng.integers(0, 3, 50)
    l1 = np.array([0.0, 1e-3, 1e-3, 1e-3])
    result = fit_softmax(X, y, l1=l1, group_penalty=True, fit_intercept=False, tol=1e-5)
    assert result.status is Status.CONVERGED, result.message
    assert excess(result, X, Softmax(y, 3), False, l1=l1, grouped=True) <= 2.0 * result.target


@needs_wide
def test_light_rows_count():
    rng = np.random.default_rng(6)
    X, y = rng.standard_normal((40, 3)), (rng.random(40) < 0.5) * 1.0
    weight = 10.0 ** rng.uniform(-4.0, 4.0, 40)
    for result in fit_one_vs_rest(X, np.column_stack([y, 1.0 - y]), sample_weight=weight, tol=1e-6):
        assert result.status is Status.CONVERGED
    assert excess(result, X, TwoClasses(1.0 - y), True, weight=weight) <= 2.0 * result.target


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-8])
@pytest.mark.parametrize("solver", ["newton_small", "newton_cholesky", "newton_cg", "lbfgs", "gradient_descent"])
def test_separation_is_seen_at_any_tolerance(tol, solver):
    rng = np.random.default_rng(7)
    X = rng.standard_normal((15, 2))
    y = (X[:, 0] + 0.01 * X[:, 1] > 0) * 1.0
    weight = 10.0 ** rng.uniform(-4.0, 4.0, 15)
    for scale in (None, weight):
        result = fit_logistic(X, y, sample_weight=scale, solver=solver, tol=tol, max_iter=50)
        assert result.status is Status.SEPARATED, result.message
        (found,) = [each for each in result.findings if isinstance(each, Separation)]
        assert np.all((2.0 * y - 1.0) * (X @ found.direction + found.intercept) >= -1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("left", [1e-3, 1e-6, 1e-8])
def test_separation_by_what_nearly_dependent_columns_differ_in_is_seen(layout, left):
    rng = np.random.default_rng(9)
    X = near_dependent(rng, 30, 3, left)
    y = (X[:, -1] - X[:, 0] > 0) * 1.0
    result = fit_logistic(as_layout(X, layout, np.float64), y, tol=1e-6)
    assert result.status is Status.SEPARATED, result.message


def test_an_offset_that_saturates_all_rows_does_not_hide_separation():
    rng = np.random.default_rng(10)
    X = rng.standard_normal((40, 2))
    y, offset = (X[:, 0] > 0) * 1.0, 500.0 * rng.standard_normal(40)
    for solver in ("newton_small", "newton_cholesky", "newton_cg"):
        assert fit_logistic(X, y, offset=offset, solver=solver).status is Status.SEPARATED


@pytest.mark.parametrize("X", [np.ones((1, 3)), np.ones((6, 2)), np.arange(3.0)[None]])
@pytest.mark.parametrize("solver", ["auto", "newton_cg", "newton_cholesky"])
def test_columns_that_do_not_vary_leave_the_null_model_as_the_optimum(X, solver):
    y = np.full(len(X), 0.3)
    result = fit_logistic(X, y, solver=solver)
    assert result.status is Status.CONVERGED, result.message
    assert not result.coef.any()


@pytest.mark.parametrize("separable", [False, True])
def test_a_dual_point_exists_where_an_optimum_does(separable):
    rng = np.random.default_rng(11)
    X = near_dependent(rng, 30, 3, 1e-6)
    y = (X[:, 1] + (0.0 if separable else 2.0) * rng.standard_normal(30) > 0) * 1.0
    rows = as_matrix(X, 1).bind(y, np.full(30, 1.0 / 30.0), None)
    objective = LogisticObjective(rows, ElasticNet(0.0, 0.0, (3, 1)), True)
    start = np.zeros(3) if not separable else np.array([0.0, 50.0, 0.0])
    refit = Refit(objective, start, 0.0)
    refit.go_on(Controls(tol=1e-8), objective.null_value())
    assert refit.exists == (not separable)


@needs_wide
def test_the_bound_by_a_newton_step_holds():
    rng = np.random.default_rng(12)
    X, y = rng.standard_normal((60, 4)), (rng.random(60) < 0.5) * 1.0
    rows = as_matrix(X, 1).bind(y, np.full(60, 1.0 / 60.0), None)
    objective = LogisticObjective(rows, ElasticNet(0.0, 0.0, (4, 1)), True)
    best = fit_logistic(X, y, tol=1e-12)
    for away in (1e-2, 1e-3, 1e-4):
        point = objective.at((best.coef + away * rng.standard_normal(4))[:, None], best.intercept)
        gap = newton_gap(objective, point)
        assert point.value - best.objective <= gap + 1e-15
        assert gap <= 2.0 * (point.value - best.objective) + 1e-14


def test_a_rotation_leads_back():
    rng = np.random.default_rng(13)
    X = near_dependent(rng, 40, 4, 1e-3)
    rows = as_matrix(X, 1).bind((rng.random(40) < 0.5) * 1.0, np.full(40, 1.0 / 40.0), None)
    penalty = ElasticNet(0.0, np.array([[0.0], [0.1], [0.0], [0.0]]), (4, 1))
    objective = LogisticObjective(rows, penalty, True)
    coef, intercept = rng.standard_normal(4), 0.7
    refit = Refit(objective, coef, intercept)
    there = refit.turned.there(coef[:, None], intercept)
    home, back = refit.turned.home(*there)
    np.testing.assert_allclose(home[:, 0], coef, rtol=1e-10)
    assert back == pytest.approx(intercept, rel=1e-10)
    np.testing.assert_allclose(
        refit.turned.matrix @ there[0][:, 0] + there[1], X @ coef + intercept, rtol=1e-10, atol=1e-12
    )
    assert refit.point.value == pytest.approx(objective.at(coef[:, None], intercept).value, rel=1e-12)


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax])
def test_a_fit_that_goes_on_hears_of_the_time_limit_and_says_nothing_false_without_time(fit):
    rng = np.random.default_rng(14)
    X, y = near_dependent(rng, 60, 3, 1e-8), rng.integers(0, 2, 60)
    slow = fit(X, y, tol=1e-6, time_limit=1e3)
    assert slow.status is Status.CONVERGED
    cut = fit(X, y, tol=1e-6, time_limit=0.0)
    assert cut.status is Status.TIME_LIMIT


@needs_wide
@pytest.mark.parametrize("number", [118556, 702136, 703778])
def test_rows_that_a_direction_moves_by_more_than_rounding_are_no_separation(number):
    """Problems of the audit, in which the linear program takes 1e-9 of a row for nothing."""
    assert run.judged(number)["findings"] == []


@pytest.mark.parametrize("max_iter", [3, 4, 6, 1000])
@pytest.mark.parametrize("solver", ["newton_cg", "newton_cholesky", "auto"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_fits_that_go_on_keep_to_max_iter_and_tell_what_they_did(fit_intercept, solver, max_iter):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X = near_dependent(rng, 50, 4, 1e-7)
        y = (rng.random(50) < 1.0 / (1.0 + np.exp(-X[:, 0] / 2.0))) * 1.0
        result = fit_logistic(X, y, fit_intercept=fit_intercept, solver=solver, max_iter=max_iter)
        assert result.n_iter <= max_iter
        assert [each.iteration for each in result.history] == list(range(result.n_iter + 1))
        assert result.history[-1].objective == result.objective
        assert np.all(np.diff([each.elapsed for each in result.history]) >= 0.0)
