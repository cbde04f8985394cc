"""Separation and least norm on small problems, against one dense linear program and one pseudo-inverse."""

import numpy as np
from hypothesis import given, settings, strategies as st
from support.identifiability import check_separation, least_norm, small_problems
from support.layouts import LAYOUTS, as_layout

from fastlr import Status, fit_logistic
from fastlr.inference.identifiability import report
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import BoundedElasticNet
from fastlr.solvers import SOLVERS, Controls, Monitor


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
