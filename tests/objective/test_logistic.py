"""The objective with its eliminated intercept: derivatives, steps, and a certificate that is never below the truth."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.special import expit
from support.layouts import LAYOUTS, as_layout
from support.problems import random_matrix
from support.references import best_intercept, reference_minimum

from fastlr.kernels import linalg_vector
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.objective.point import Direction
from fastlr.penalties.elastic_net import ElasticNet

P = 6
EACH = np.linspace(0.02, 0.2, P)
SMOOTH = {"none": (0.0, 0.0), "l2": (0.0, 0.1), "weak l2": (0.0, 1e-4), "l2 each": (0.0, EACH)}
SPARSE = {
    "l1": (0.05, 0.0),
    "l1 each": (EACH, 0.0),
    "elastic net": (0.03, 0.05),
    "elastic net each": (EACH, EACH[::-1]),
    "l1 here, l2 there": (np.where(np.arange(P) % 2, EACH, 0.0), np.where(np.arange(P) % 2, 0.0, EACH)),
    "l1 here, both there": (EACH, np.where(np.arange(P) % 2, 0.0, EACH)),
}
PENALTIES = {**SMOOTH, **SPARSE}
CERTIFIED = {name: strengths for name, strengths in PENALTIES.items() if name != "none"}


class Problem:
    """A small problem with the objective over it and plain references."""

    def __init__(self, penalty="l2", fit_intercept=True, layout="C", offset=False, n=80, seed=0):
        rng = np.random.default_rng(seed)
        self.X = random_matrix(n, P, 0.7, seed=seed)
        self.X += 0.5 * (self.X != 0)
        self.y = (rng.random(n) < expit(self.X @ rng.standard_normal(P) + 0.5)).astype(float)
        self.weight = rng.random(n) * (rng.random(n) < 0.9)
        self.weight /= self.weight.sum()
        self.offset = rng.standard_normal(n) if offset else None
        self.fit_intercept = fit_intercept
        l1, l2 = PENALTIES[penalty]
        self.l1, self.l2 = np.broadcast_to(l1, P), np.broadcast_to(l2, P)
        rows = as_matrix(as_layout(self.X, layout)).bind(self.y, self.weight, self.offset)
        shaped = [strength[:, None] if np.ndim(strength) else strength for strength in (l1, l2)]
        self.objective = LogisticObjective(rows, ElasticNet(*shaped, (P, 1)), fit_intercept)
        self.rng = rng

    def eta(self, coef, intercept):
        return self.X @ coef[:, 0] + intercept + (0.0 if self.offset is None else self.offset)

    def value_at(self, coef, intercept):
        """The core objective in plain NumPy."""
        eta = self.eta(coef, intercept)
        loss = np.sum(self.weight * (np.logaddexp(0.0, eta) - self.y * eta))
        return loss + 0.5 * np.sum(self.l2 * coef[:, 0] ** 2) + np.sum(self.l1 * np.abs(coef[:, 0]))

    def intercept(self, coef):
        if not self.fit_intercept:
            return 0.0
        return best_intercept(self.X, self.y, coef[:, 0], self.weight, 0.0 if self.offset is None else self.offset)

    def value(self, coef):
        """The objective with the best intercept, in plain NumPy."""
        return self.value_at(coef, self.intercept(coef))

    def minimum(self):
        offset = 0.0 if self.offset is None else self.offset
        return reference_minimum(self.X, self.y, self.weight, self.l1, self.l2, self.fit_intercept, offset)

    def coef(self, scale=1.0):
        return scale * self.rng.standard_normal((P, 1))

    def hessian(self, point):
        """Dense Hessian of the smooth part, column by column."""
        columns = []
        for j in range(P):
            out = np.empty((P, 1))
            self.objective.hessian_product(point, np.eye(P)[:, [j]].copy(), out)
            columns.append(out[:, 0])
        return np.array(columns).T

    def newton(self, point, fraction=1.0):
        """A fraction of the Newton step, as the Direction that conjugate gradients would hand over."""
        hessian = self.hessian(point)
        step = -fraction * np.linalg.solve(hessian, point.gradient)
        direction = self.objective.direction(point, step)
        rho = hessian @ step + point.gradient
        direction.residual_gap = self.objective.residual_gap(point, step, rho, linalg_vector.dot(rho, rho, 1))
        return direction


@pytest.fixture(params=[False, True], ids=["no intercept", "intercept"])
def fit_intercept(request):
    return request.param


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return request.param


# --- values and derivatives -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [False, True], ids=["", "offset"])
def test_value_and_intercept_are_the_best_over_the_intercept(layout, penalty, fit_intercept, offset):
    problem = Problem(penalty, fit_intercept, layout, offset)
    for scale in (0.0, 1.0, 5.0):
        coef = problem.coef(scale)
        point = problem.objective.point(coef)
        assert point.value == pytest.approx(problem.value(coef), rel=1e-12)
        assert point.intercept == pytest.approx(problem.intercept(coef), abs=1e-9)
        np.testing.assert_allclose(point.state.eta, problem.eta(coef, point.intercept), atol=1e-12)


@pytest.mark.parametrize("start", [-300.0, -3.0, 20.0, 1000.0])
def test_the_intercept_does_not_depend_on_where_it_is_searched_from(start):
    problem = Problem()
    coef = problem.coef()
    point = problem.objective.point(coef, start)
    assert point.intercept == pytest.approx(problem.intercept(coef), abs=1e-9)
    assert point.value == pytest.approx(problem.value(coef), rel=1e-10)


@pytest.mark.parametrize("mean", [50.0, -700.0, 1e5])
def test_the_intercept_is_found_for_columns_far_from_zero(mean):
    problem = Problem()
    X = problem.X + mean
    coef = np.full((P, 1), 0.3)
    rows = as_matrix(X).bind(problem.y, problem.weight)
    point = LogisticObjective(rows, ElasticNet(0.0, 0.1, (P, 1)), True).point(coef)
    assert point.value == pytest.approx(problem.value(coef), rel=1e-8)


def test_gradient_is_the_derivative_of_the_value(layout, penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept, layout)
    coef, step = problem.coef() + 3.0, 1e-5  # away from zero, where l1 has no derivative
    point = problem.objective.point(coef)
    gradient = point.gradient[:, 0] + problem.l1 * np.sign(coef[:, 0])
    for j in range(P):
        around = [problem.objective.point(coef + t * np.eye(P)[:, [j]]).value for t in (step, -step)]
        assert gradient[j] == pytest.approx((around[0] - around[1]) / (2 * step), rel=1e-6, abs=1e-9)


def test_hessian_product_is_the_derivative_of_the_gradient(layout, penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept, layout)
    coef, v, step = problem.coef(), problem.coef(), 1e-5
    out = np.full((P, 1), np.nan)
    Xd, intercept, curvature = problem.objective.hessian_product(problem.objective.point(coef), v, out)
    Xd = Xd.copy()  # the next pass overwrites it
    ahead, behind = (problem.objective.point(coef + t * v) for t in (step, -step))
    np.testing.assert_allclose(out, (ahead.gradient - behind.gradient) / (2 * step), rtol=1e-6, atol=1e-8)
    assert intercept == pytest.approx((ahead.intercept - behind.intercept) / (2 * step), rel=1e-6, abs=1e-8)
    assert curvature[0] == pytest.approx(float((v * out).sum()), rel=1e-12)
    np.testing.assert_allclose(Xd, problem.X @ v[:, 0] + intercept, atol=1e-12)


def test_diagonal_is_that_of_the_hessian(layout, penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept, layout)
    point = problem.objective.point(problem.coef())
    np.testing.assert_allclose(
        problem.objective.diagonal(point)[:, 0], np.diag(problem.hessian(point)), rtol=1e-10, atol=1e-14
    )


def test_diagonal_of_a_constant_column_is_not_negative(layout):
    problem = Problem("none", True, layout)
    X = problem.X.copy()
    X[:, 2] = 1e8 / 3
    rows = as_matrix(as_layout(X, layout)).bind(problem.y, problem.weight)
    objective = LogisticObjective(rows, ElasticNet(0.0, 0.0, (P, 1)), True)
    point = objective.point(np.zeros((P, 1)))
    assert np.all(objective.diagonal(point) > 0.0)
    assert np.all(np.isfinite(objective.inverse_diagonal(point)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_preconditioner_is_positive_and_zero_for_empty_unpenalised_columns(layout):
    problem = Problem("none", True, layout)
    X = problem.X.copy()
    X[:, 2] = 0.0
    X[:, 3] *= 1e6
    rows = as_matrix(as_layout(X, layout)).bind(problem.y, problem.weight)
    objective = LogisticObjective(rows, ElasticNet(0.0, 0.0, (P, 1)), True)
    scale = objective.inverse_diagonal(objective.point(np.zeros((P, 1))))
    assert np.all(np.isfinite(scale))
    assert np.all(scale[[0, 1, 3, 4, 5]] > 0.0)


def test_null_value_is_the_least_with_zero_coefficients(penalty, fit_intercept):
    for offset in (False, True):
        problem = Problem(penalty, fit_intercept, offset=offset)
        expected = problem.value(np.zeros((P, 1)))
        assert problem.objective.null_value() == pytest.approx(expected, rel=1e-12)


def test_restriction_to_a_few_columns_holds_the_others_at_zero(layout, penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept, layout, offset=True)
    columns = np.array([4, 0, 3])
    small, coef = problem.coef()[:3], np.zeros((P, 1))
    coef[columns] = small
    whole, part = problem.objective.point(coef), problem.objective.restrict(columns).point(small)
    assert part.value == pytest.approx(whole.value, rel=1e-12)
    assert part.intercept == pytest.approx(whole.intercept, abs=1e-10)
    np.testing.assert_allclose(part.gradient, whole.gradient[columns], rtol=1e-10, atol=1e-14)


def test_optimality_is_the_largest_entry_of_the_subgradient_of_least_norm(penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept)
    coef = problem.coef() * np.array([1, 0, 1, 0, 0, 1])[:, None]
    point = problem.objective.point(coef)
    w, g = coef[:, 0], point.gradient[:, 0]
    least = np.where(w == 0, np.maximum(np.abs(g) - problem.l1, 0.0), np.abs(g + problem.l1 * np.sign(w)))
    assert problem.objective.optimality(point) == pytest.approx(least.max(), rel=1e-12)


# --- moving ---------------------------------------------------------------------------------------------------------


def test_values_along_a_step_are_those_of_the_objective(layout, penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept, layout, offset=True)
    coef, step = problem.coef(), problem.coef()
    point = problem.objective.point(coef)
    direction = problem.objective.direction(point, step)
    steps = [0.0, 0.3, 1.0, -1.0, 40.0]
    values = problem.objective.along(point, direction, steps)
    expected = [problem.value_at(coef + t * step, point.intercept + t * direction.intercept) for t in steps]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize("t", [1.0, 0.25])
def test_moving_leads_to_the_point_that_evaluating_there_gives(layout, penalty, fit_intercept, t):
    problem = Problem(penalty, fit_intercept, layout, offset=True)
    coef, step = problem.coef(), problem.coef()
    point = problem.objective.point(coef)
    moved = problem.objective.move(point, problem.objective.direction(point, step), t)
    fresh = problem.objective.point(coef + t * step)
    np.testing.assert_allclose(moved.coef, fresh.coef, rtol=1e-15)
    assert moved.value == pytest.approx(fresh.value, rel=1e-12)
    assert moved.intercept == pytest.approx(fresh.intercept, abs=1e-9)
    assert moved.trace_D == pytest.approx(fresh.trace_D, rel=1e-10)
    assert moved.gap == pytest.approx(fresh.gap, rel=1e-9)
    np.testing.assert_allclose(moved.gradient, fresh.gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moved.state.curvature, fresh.state.curvature, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(problem.hessian(moved), problem.hessian(fresh), rtol=1e-8, atol=1e-11)


# --- the certificate ------------------------------------------------------------------------------------------------


@given(
    name=st.sampled_from(list(CERTIFIED)),
    fit_intercept=st.booleans(),
    offset=st.booleans(),
    scale=st.sampled_from([0.0, 1e-3, 0.1, 1.0, 10.0, 100.0]),
    zeros=st.booleans(),
    layout=st.sampled_from(LAYOUTS),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=80, deadline=None)
def test_the_gap_is_never_below_the_suboptimality(name, fit_intercept, offset, scale, zeros, layout, seed):
    problem = Problem(name, fit_intercept, layout, offset, seed=seed)
    coef = problem.coef(scale)
    if zeros:
        coef[::2] = 0.0
    point = problem.objective.point(coef)
    suboptimality = problem.value(coef) - problem.minimum()[0]
    assert np.isfinite(point.gap)
    assert point.gap + problem.objective.rounding(point) >= suboptimality


@pytest.mark.parametrize("penalty", CERTIFIED)
def test_the_gap_closes_at_the_optimum(penalty, fit_intercept):
    problem = Problem(penalty, fit_intercept)
    least, coef, _ = problem.minimum()
    coef = np.where(np.abs(coef) < 1e-9, 0.0, coef)[:, None]
    point = problem.objective.point(coef)
    assert point.value == pytest.approx(least, rel=1e-9)
    assert point.gap <= (1e-3 if penalty == "weak l2" else 1e-6)


@pytest.mark.parametrize(
    "l1, l2", [(0.0, 0.0), (np.array([0.1, 0, 0.1, 0.1, 0.1, 0.1]), 0.0), (0.0, np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0]))]
)
def test_no_gap_is_claimed_where_a_coefficient_is_not_penalised(l1, l2):
    problem = Problem()
    shaped = [np.broadcast_to(strength, P)[:, None].copy() for strength in (l1, l2)]
    objective = LogisticObjective(problem.objective.rows, ElasticNet(*shaped, (P, 1)), True)
    point = objective.point(problem.coef())
    assert point.gap == np.inf
    assert objective.residual_gap(point, 0.0 * point.coef, point.gradient, np.ones(1)) == np.inf


@pytest.mark.parametrize("start", [0.0, 40.0, -100.0, 1000.0, -1e6])
@pytest.mark.parametrize("l1, l2", [(0.0, 0.1), (0.1, 0.0)])
def test_the_gap_is_valid_wherever_the_intercept_starts(start, l1, l2):
    X, y = np.tile([1.0, -1.0], 10)[:, None], np.repeat([0.0, 1.0], 10)
    rows = as_matrix(X).bind(y, np.full(20, 0.05))
    objective = LogisticObjective(rows, ElasticNet(l1, l2, (1, 1)), True)
    point = objective.point(np.zeros((1, 1)), start)
    assert point.gap + objective.rounding(point) >= point.value - np.log(2.0)


def near_optimum(problem, distance):
    """A point at that distance from the minimum, and the minimum."""
    least, coef, _ = problem.minimum()
    return problem.objective.point(coef[:, None] + problem.coef(distance)), least


@pytest.mark.parametrize("penalty", ["l2", "l2 each", "weak l2"])
@pytest.mark.parametrize("fraction", [1.0, 0.99, 0.9])
@pytest.mark.parametrize("distance", [1.0, 0.1, 1e-2, 1e-3])
def test_the_linearised_gap_of_a_newton_step_is_valid_and_sharp(penalty, fit_intercept, fraction, distance):
    problem = Problem(penalty, fit_intercept)
    point, least = near_optimum(problem, distance)
    direction = problem.newton(point, fraction)
    linearised = problem.objective._linearised_gap(point, direction)
    moved = problem.objective.move(point, direction, 1.0)
    rounding = problem.objective.rounding(moved)
    plain = problem.objective.penalty.smooth_gap(moved.gradient)
    suboptimality = problem.value(moved.coef) - least
    assert linearised + rounding >= suboptimality
    assert moved.gap + rounding >= suboptimality
    assert moved.gap == pytest.approx(min(linearised, plain), rel=1e-12)
    if distance <= 0.1 and fraction == 1.0:
        assert linearised <= 10.0 * (suboptimality + rounding)
        if penalty == "weak l2":
            assert linearised <= 0.1 * plain


@pytest.mark.parametrize("distance", [0.3, 1e-2])
def test_the_linearised_gap_survives_one_step_of_conjugate_gradients(fit_intercept, distance):
    problem = Problem("l2", fit_intercept)
    point, least = near_optimum(problem, distance)
    hessian, g = problem.hessian(point), point.gradient
    step = -float((g * g).sum() / (g * (hessian @ g)).sum()) * g
    direction = problem.objective.direction(point, step)
    rho = hessian @ step + g
    direction.residual_gap = problem.objective.residual_gap(point, step, rho, linalg_vector.dot(rho, rho, 1))
    moved = problem.objective.move(point, direction, 1.0)
    suboptimality = problem.value(moved.coef) - least
    assert moved.gap + problem.objective.rounding(moved) >= suboptimality > 0.0


def test_the_linearised_gap_is_given_up_where_it_leaves_the_dual_domain():
    problem = Problem("weak l2", False)
    point = problem.objective.point(np.zeros((P, 1)))
    step = np.full((P, 1), 50.0)
    direction = problem.objective.direction(point, step)
    direction.residual_gap = 0.0
    least = problem.minimum()[0]
    moved = problem.objective.move(point, direction, 1.0)
    assert moved.gap >= problem.value(moved.coef) - least


def test_an_unfinished_step_carries_no_linearised_gap():
    problem = Problem()
    point = problem.objective.point(problem.coef())
    direction = problem.newton(point)
    moved = problem.objective.move(point, Direction(direction.coef, direction.Xd, direction.intercept), 1.0)
    assert moved.gap == pytest.approx(problem.objective.penalty.smooth_gap(moved.gradient), rel=1e-12)
