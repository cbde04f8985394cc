"""Under l1, within bounds and in groups, columns that nearly depend on each other are fitted in tens of iterations."""

import numpy as np
import pytest
import scipy.sparse as sp
from audit.excess import excess
from audit.losses import TwoClasses
from audit.wide import HAS_WIDE

from fastlr import Status, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.linalg.cholesky import OrthogonalFactor
from fastlr.objective.point import Point
from fastlr.penalties.elastic_net import within
from fastlr.penalties.group import GroupPenalty
from fastlr.solvers.parts import group_model, orthogonal_model

LAYOUTS = {"C": np.ascontiguousarray, "F": np.asfortranarray, "csr": sp.csr_array, "csc": sp.csc_array}
FEW = 60


def far_columns(power, n=40, p=6, seed=0):
    """Columns 10^power standard deviations away from zero: without an intercept they nearly depend on each other."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, p))
    return Z + 10.0**power * rng.choice([-1.0, 1.0], p) * rng.uniform(1.0, 3.0, p), Z


def near_pairs(power, n=60, p=8, seed=0):
    """Two pairs of columns that differ by 10^power."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    X[:, [1, 3]] = X[:, [0, 2]] + 10.0**power * rng.standard_normal((n, 2))
    return X


def labels(Z, seed=1):
    rng = np.random.default_rng(seed)
    return (Z[:, 0] - Z[:, 1] + rng.standard_normal(len(Z)) > 0) * 1.0


def classes(Z, K, seed=1):
    rng = np.random.default_rng(seed)
    y = np.argmax(Z[:, :K] + rng.gumbel(size=(len(Z), K)), axis=1)
    y[:K] = np.arange(K)
    return y


def loss_in_80_bits(X, y, coef):
    """Mean loss of a softmax without intercepts (K rows of coefficients), or of two classes (a vector)."""
    eta = X.astype(np.longdouble) @ np.atleast_2d(coef).T.astype(np.longdouble)
    if eta.shape[1] == 1:
        eta = np.column_stack([np.zeros_like(eta), eta])
    own = eta[np.arange(len(y)), y.astype(int)]
    top = eta.max(axis=1)
    return np.mean(np.log(np.exp(eta - top[:, None]).sum(axis=1)) + top - own)


def is_reached(result):
    return result.status is Status.CONVERGED and result.duality_gap <= result.target and result.n_iter <= FEW


# --- fits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [3.0, 5.5, 7.0, 8.5])
@pytest.mark.parametrize("penalty", [{"l1": 1e-3}, {"l1": 1e-3, "l2": 1e-3}, {"l2": 1e-3, "bounds": (0.0, None)}])
@pytest.mark.parametrize("solver", ["auto", "coordinate_descent", "prox_newton"])
def test_columns_far_from_zero_without_an_intercept(solver, penalty, power):
    X, Z = far_columns(power)
    result = fit_logistic(X, labels(Z), fit_intercept=False, solver=solver, tol=1e-4, **penalty)
    assert is_reached(result)
    l1, l2 = penalty.get("l1", 0.0), penalty.get("l2", 0.0)
    weighed = l1 * np.abs(result.coef).sum() + 0.5 * l2 * result.coef @ result.coef
    value = loss_in_80_bits(X, labels(Z), result.coef) + weighed
    assert result.objective == pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize("power", [3.0, 6.0, 8.0])
@pytest.mark.parametrize("penalty", [{"l1": 1e-3}, {"l1": 1e-3, "l2": 1e-3}])
@pytest.mark.parametrize("group_penalty", [False, True])
@pytest.mark.parametrize("K", [2, 4])
def test_of_a_softmax(K, group_penalty, penalty, power):
    X, Z = far_columns(power)
    y = classes(Z, K)
    result = fit_softmax(X, y, fit_intercept=False, tol=1e-3, group_penalty=group_penalty, **penalty)
    assert is_reached(result)
    norms = np.linalg.norm(result.coef, axis=0) if group_penalty else np.abs(result.coef)
    weighed = penalty["l1"] * norms.sum() + 0.5 * penalty.get("l2", 0.0) * np.sum(result.coef**2)
    assert result.objective == pytest.approx(float(loss_in_80_bits(X, y, result.coef) + weighed), rel=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_in_every_layout(layout, dtype):
    X, Z = far_columns(6.0 if dtype is np.float64 else 3.0)
    X = LAYOUTS[layout](X.astype(dtype))
    assert is_reached(fit_logistic(X, labels(Z), l1=1e-3, fit_intercept=False, tol=1e-4))
    assert is_reached(fit_softmax(X, classes(Z, 3), l1=1e-3, fit_intercept=False, tol=1e-4))
    Y = np.column_stack([labels(Z, seed) for seed in range(3)])
    assert all(is_reached(each) for each in fit_one_vs_rest(X, Y, l1=1e-3, fit_intercept=False, tol=1e-4))


@pytest.mark.parametrize("power", [-2.0, -5.0, -7.0, -9.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_pairs_of_columns(fit_intercept, power):
    X = near_pairs(power)
    y, several = labels(X), classes(X, 3)
    start = np.full((3, 8), 30.0) * np.sign(np.arange(24).reshape(3, 8) % 5 - 2), np.zeros(3)
    for result in (
        fit_logistic(X, y, l1=1e-4, fit_intercept=fit_intercept),
        fit_logistic(X, y, l1=1e-4, fit_intercept=fit_intercept, solver="coordinate_descent"),
        fit_logistic(X, y, bounds=(-2.0, 2.0), fit_intercept=fit_intercept),
        fit_softmax(X, several, l1=1e-4, fit_intercept=fit_intercept),
        fit_softmax(X, several, l1=1e-4, fit_intercept=fit_intercept, start=start),
        fit_softmax(X, several, l1=1e-4, fit_intercept=fit_intercept, group_penalty=True),
    ):
        assert is_reached(result)


@pytest.mark.parametrize("twin", [lambda x: x, lambda x: 2.0 * x, lambda x: -3.0 * x])
@pytest.mark.parametrize("power", [0.0, 4.0, 7.0])
def test_columns_that_depend_on_each_other_far_from_zero(power, twin):
    X, Z = far_columns(power)
    X[:, 3] = twin(X[:, 0])
    assert is_reached(fit_logistic(X, labels(Z), l1=1e-3, fit_intercept=False, tol=1e-3))
    assert is_reached(fit_softmax(X, classes(Z, 4), l1=1e-3, fit_intercept=False, tol=1e-3))


@pytest.mark.parametrize("power", [-3.0, -6.0, -7.0, -8.0])
@pytest.mark.parametrize("free", [2, 4])
def test_near_pairs_without_a_penalty_beside_l1(free, power):
    X = near_pairs(power)
    l1 = np.r_[np.zeros(free), np.full(8 - free, 1e-3)]
    result = fit_logistic(X, labels(X), l1=l1, solver="prox_newton")
    assert result.n_iter <= 20
    assert result.status in (Status.CONVERGED, Status.PRECISION_LIMIT)


def test_free_columns_that_depend_on_each_other_keep_coefficients_small():
    X = near_pairs(0.0)
    X[:, 1] = 2.0 * X[:, 0]
    l1 = np.r_[np.zeros(2), np.full(6, 1e-6)]
    for result in (fit_softmax(X, classes(X, 3), l1=l1), fit_logistic(X, labels(X), l1=l1)):
        assert np.abs(result.coef).max() < 1e4


@pytest.mark.skipif(not HAS_WIDE, reason="numpy.longdouble is a double here")
def test_saturated_rows_are_no_end():
    """No curvature is left at the start: a step of length zero says nothing."""
    X, Z = far_columns(8.0)
    y, bounds = labels(Z), (100.0, np.inf)
    result = fit_logistic(X, y, bounds=bounds, fit_intercept=False)
    above = excess(result, X, TwoClasses(y), False, bounds=bounds)
    assert result.status is not Status.CONVERGED or above <= 2.0 * result.target + 1e-14 * result.objective


@pytest.mark.parametrize("power", [6.0, 8.0])
def test_what_rounding_hides_of_a_large_gap_is_no_reason_to_end(power):
    """Under a faint l1 it is more than the gap as long as that is large."""
    X, Z = far_columns(power)
    result = fit_logistic(X, labels(Z), l1=1e-3 * 10.0**-power, fit_intercept=False, tol=1e-3)
    assert result.n_iter > 1
    assert result.objective < 0.6 * np.log(2.0)


# --- factors and models -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12, 5), (5, 5), (4, 6)])
def test_an_orthogonal_factor_keeps_the_digits_of_near_dependence(shape):
    rng = np.random.default_rng(0)
    A = rng.standard_normal(shape)
    A[:, 1] = A[:, 0] + 1e-9 * rng.standard_normal(shape[0])
    factor = OrthogonalFactor(A)
    assert factor.null.shape[1] == max(0, shape[1] - shape[0])
    x = rng.standard_normal(shape[1])
    solved = factor.solve(A.T @ (A @ x))
    np.testing.assert_allclose(A @ solved, A @ x, atol=1e-4)  # its squares have no digit left


def test_its_null_directions_are_those_that_no_row_notices():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((10, 5))
    A[:, 2], A[:, 4] = 2.0 * A[:, 0], A[:, 1] - A[:, 3]
    null = OrthogonalFactor(A).null
    assert null.shape == (5, 2)
    np.testing.assert_allclose(A @ null, 0.0, atol=1e-13)
    assert np.linalg.matrix_rank(null) == 2


def model(X, seed=0):
    """A point at coef = 0 with a gradient in the range of X'."""
    rng = np.random.default_rng(seed)
    gradient = X.T @ rng.standard_normal((len(X), 1))
    return Point(np.zeros((X.shape[1], 1)), 0.0, None, 1.0, gradient, np.inf)


@pytest.mark.parametrize("near", [1.0, 1e-4, 1e-8])
@pytest.mark.parametrize("limits", [None, (-0.3, 0.5)])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_the_minimum_of_a_model_meets_its_conditions(l2, limits, near):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((12, 8))
    A[:, 1:] = A[:, :1] + near * A[:, 1:]
    A = np.vstack([A, np.sqrt(l2) * np.eye(8)])
    penalty = within(limits, 0.2 * near, l2, (8, 1))
    point = model(A)
    delta = orthogonal_model.minimised(penalty, A, point, np.zeros(8), 0.0)
    slope = point.gradient + A.T @ (A @ delta)
    rounding = 100.0 * np.finfo(float).eps * np.max(np.abs(A).T @ (np.abs(A) @ np.abs(delta)))
    assert penalty.optimality(delta, slope) <= 1e-6 * near + rounding
    assert np.all((penalty.lower <= delta) & (delta <= penalty.upper))


@pytest.mark.parametrize("near", [1.0, 1e-3])
def test_the_minimum_of_a_model_in_groups(near):
    rng = np.random.default_rng(1)
    A = rng.standard_normal((30, 12))
    A[:, 3:] = A[:, np.arange(9) % 3] + near * A[:, 3:]
    penalty = GroupPenalty(0.05 * near, 0.0, (12, 1), 3)
    point = model(A)
    point.coef = rng.standard_normal((12, 1))
    delta = group_model.minimised(penalty, A, point)
    coef, slope = point.coef + delta, point.gradient + A.T @ (A @ delta)
    subgradient = penalty.subgradient(coef, slope)[0]
    assert np.abs(subgradient[coef != 0.0]).max() <= 1e-5 * near
    zero = np.zeros_like(delta)
    value = [
        float(np.sum(point.gradient * d)) + 0.5 * np.sum((A @ d) ** 2) + penalty.absolute_change(point.coef, d)
        for d in (delta, zero)
    ]
    assert value[0] < value[1]


def test_the_curvature_of_groups_has_a_root():
    rng = np.random.default_rng(0)
    penalty = GroupPenalty(0.3, 0.0, (9, 1), 3)
    coef, v = rng.standard_normal((2, 9, 1))
    coef[3:6] = 0.0
    root = penalty.curvature_root(coef)
    np.testing.assert_allclose(root.T @ (root @ v), penalty.curvature_product(coef, v), atol=1e-14)
