"""The objective of softmax regression: derivatives, steps, intercepts and a gap that is never below the truth."""

import numpy as np
import pytest
from audit import run
from audit.wide import HAS_WIDE
from support.layouts import as_layout
from support.problems import softmax_problem
from support.references import log_softmax, softmax_gradients, softmax_objective

from fastlr.fit.softmax import fit_softmax
from fastlr.linalg.class_blocks import whole_hessian
from fastlr.matrix import ClassRows, as_matrix
from fastlr.objective.point import Direction
from fastlr.objective.softmax import SoftmaxObjective
from fastlr.penalties.elastic_net import ElasticNet


def objective_of(X, y, K, l2, fit_intercept, weight=None, layout="C"):
    weight = np.full(len(y), 1.0 / len(y)) if weight is None else weight / weight.sum()
    rows = ClassRows(as_matrix(as_layout(X, layout)), y.astype(np.int64), weight, K)
    return SoftmaxObjective(rows, ElasticNet(0.0, l2, (X.shape[1] * K, 1)), fit_intercept)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 10])
def test_gradient_and_hessian_product_are_differences(layout, K, fit_intercept):
    X, y = softmax_problem(K=K)
    weight = np.random.default_rng(1).random(len(y))
    objective = objective_of(X, y, K, 0.02, fit_intercept, weight, layout)
    rng = np.random.default_rng(2)
    coef, v = (rng.standard_normal((X.shape[1] * K, 1)) for _ in range(2))
    h = 1e-6

    def at(t):
        return objective.point(coef + t * v, np.zeros(K))

    here, before, after = at(0.0), at(-h), at(h)
    by_class = coef.reshape(-1, K).T
    assert here.value == pytest.approx(softmax_objective(X, y, by_class, here.intercept, 0.02, weight), rel=1e-14)
    assert (after.value - before.value) / (2 * h) == pytest.approx(float(np.sum(here.gradient * v)), rel=1e-7)
    product = np.empty_like(v)
    Xd, shift, curvature = objective.hessian_product(here, v, product)
    np.testing.assert_allclose(product, (after.gradient - before.gradient) / (2 * h), rtol=1e-5, atol=1e-9)
    assert curvature[0] == pytest.approx(float(np.sum(v * product)))
    np.testing.assert_allclose(Xd, X @ v.reshape(-1, K) + shift, rtol=1e-10, atol=1e-12)
    if fit_intercept:
        expected = ((after.intercept - before.intercept) - (after.intercept - before.intercept).mean()) / (2 * h)
        np.testing.assert_allclose(shift - shift.mean(), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("K", [2, 3, 10])
def test_the_whole_hessian_is_that_of_the_products(K, fit_intercept):
    X, y = softmax_problem(K=K, p=5)
    objective = objective_of(X, y, K, 0.02, fit_intercept)
    point = objective.point(np.random.default_rng(0).standard_normal((5 * K, 1)), np.zeros(K))
    state, l2 = point.state, np.full(5, 0.02)
    coupling = np.linalg.pinv(objective.rows.coupling(state), hermitian=True) if fit_intercept else None
    hessian = whole_hessian(objective.rows.matrix, state.curvature, objective.rows.weight, l2, coupling)
    for j, column in enumerate(hessian.T):
        product = np.empty((5 * K, 1))
        objective.hessian_product(point, np.eye(5 * K)[:, [j]], product)
        np.testing.assert_allclose(column, product[:, 0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_intercepts_are_optimal_at_every_point(fit_intercept):
    X, y = softmax_problem(K=4)
    objective = objective_of(X, y, 4, 0.01, fit_intercept)
    for scale in (0.0, 1.0, 30.0):
        coef = scale * np.random.default_rng(0).standard_normal((X.shape[1] * 4, 1))
        point = objective.point(coef, np.zeros(4))
        _, slopes = softmax_gradients(X, y, coef.reshape(-1, 4).T, np.zeros(4) + point.intercept)
        if fit_intercept:
            assert np.abs(slopes).max() < 1e-9
        else:
            assert not np.any(point.intercept)


def test_along_and_move_agree_with_fresh_points():
    X, y = softmax_problem(K=5)
    objective = objective_of(X, y, 5, 0.01, False)
    rng = np.random.default_rng(3)
    coef, step = (rng.standard_normal((X.shape[1] * 5, 1)) for _ in range(2))
    point = objective.point(coef, 0.0)
    direction = objective.direction(point, step)
    expected = [objective.point(coef + t * step, 0.0).value for t in (0.3, 1.0)]
    np.testing.assert_allclose(objective.along(point, direction, [0.3, 1.0]), expected, rtol=1e-13)
    assert objective.move(point, direction, 0.3).value == pytest.approx(expected[0], rel=1e-13)


@pytest.mark.parametrize("K", [2, 3, 7])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gap_is_never_below_the_suboptimality(layout, K, fit_intercept):
    X, y = softmax_problem(K=K)
    best = fit_softmax(X, y, l2=1e-2, fit_intercept=fit_intercept, tol=0.0).objective
    seen = []
    fit_softmax(
        as_layout(X, layout), y, l2=1e-2, fit_intercept=fit_intercept, tol=1e-12, callback=lambda p: seen.append(p)
    )
    assert len(seen) > 3
    for progress in seen:
        assert progress.objective - best <= progress.gap + 1e-15


def test_the_linearised_gap_is_that_of_its_dual_point():
    X, y = softmax_problem(K=4)
    objective = objective_of(X, y, 4, 0.05, False)
    point = objective.point(np.zeros((X.shape[1] * 4, 1)), 0.0)
    step = -0.5 * point.gradient / 0.3
    direction = objective.direction(point, step)
    p, z, n = point.state.curvature.copy(), direction.Xd, len(y)
    u = p + p * (z - (p * z).sum(axis=1, keepdims=True))
    q = log_softmax(point.state.eta + z)
    expected = np.sum(u * (np.log(u) - q)) / n
    found, cut = objective.rows.divergence(point.state, z, t=1.0, back=1.0)
    assert cut == 0
    assert found == pytest.approx(expected, rel=1e-10)
    _, cut = objective.rows.divergence(point.state, 100.0 * z, t=1.0, back=1.0)
    assert cut > 0
    assert isinstance(direction, Direction)


@pytest.mark.skipif(not HAS_WIDE, reason="numpy.longdouble is a double here")
def test_what_residuals_that_do_not_add_up_to_zero_cost_is_part_of_the_gap():
    """A problem of the audit: columns at 273 beside a faint l2, intercepts of 700, no finer than 1e-13."""
    assert run.judged(809845)["findings"] == []
