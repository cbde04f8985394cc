"""What docs/theory.md claims: delta rule, Lipschitz constants, Newton's method as least squares, the duality gap."""

import numpy as np
import pytest
from scipy.special import expit, xlogy
from support.problems import make_problem
from support.references import objective, smooth_gradient

from fastlr import fit_logistic, special
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.solvers.first_order import gradient_descent

P = 5
SEEDS = pytest.mark.parametrize("seed", range(5))


def random_problem(seed, n=60):
    """X of columns of different scales, labels, and weights of rows with sum one."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, P)) * 10.0 ** rng.uniform(-1, 1, P) + rng.standard_normal(P)
    weight = rng.uniform(0.1, 2.0, n)
    y = (rng.random(n) < 0.4).astype(float)
    return X, y, weight / weight.sum()


def derivative(f, x, step=1e-5):
    """Central difference of fourth order."""
    return (8.0 * (f(x + step) - f(x - step)) - (f(x + 2 * step) - f(x - 2 * step))) / (12.0 * step)


# --- the delta rule ---------------------------------------------------------------------------------------------------

#: name -> (loss of a linear predictor, mean of the target there): the natural exponential families.
CANONICAL = {
    "squares": (lambda eta, y: 0.5 * (eta - y) ** 2, lambda eta: eta),
    "logistic": (lambda eta, y: np.logaddexp(0.0, eta) - y * eta, expit),
    "poisson": (lambda eta, y: np.exp(eta) - y * eta, np.exp),
}


@pytest.mark.parametrize("family", CANONICAL)
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_with_the_canonical_link_the_gradient_is_the_delta_rule(family, y):
    loss, mean = CANONICAL[family]
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, P))
    for j in range(P):
        along = derivative(lambda t, j=j: loss(x @ (w + t * np.eye(P)[j]), y), 0.0)
        assert along == pytest.approx((mean(x @ w) - y) * x[j], abs=1e-9)


def test_the_gradient_of_the_kernels_is_the_delta_rule():
    eta, y = np.linspace(-8.0, 8.0, 33), np.arange(33) % 2
    kernel = special.log_loss_gradient(y, eta) * len(eta)
    differences = [
        derivative(lambda e, label=label: special.log_loss(label, e), e) for e, label in zip(eta, y, strict=True)
    ]
    np.testing.assert_allclose(kernel, expit(eta) - y, atol=1e-15)
    np.testing.assert_allclose(kernel, differences, atol=1e-9)


def squares_through_sigmoid(eta, y):
    return 0.5 * (special.expit(eta) - y) ** 2


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_squared_loss_through_the_sigmoid_has_a_factor_more(y):
    for eta in np.linspace(-8.0, 8.0, 33):
        expected = (expit(eta) - y) * special.expit_derivative(eta)
        assert derivative(lambda e: squares_through_sigmoid(e, y), eta) == pytest.approx(expected, abs=1e-9)


def test_the_factor_stops_learning_where_the_error_is_largest():
    """The figures of the page: a row of class 1 with log odds of -10."""
    assert special.log_loss_gradient(1, -10.0) == pytest.approx(-0.99995, abs=1e-5)
    assert squares_slope(-10.0) == pytest.approx(-4.5e-5, rel=0.01)
    assert abs(squares_slope(-20.0)) < 1e-4 * abs(squares_slope(-10.0))


def squares_slope(eta, y=1.0):
    return (special.expit(eta) - y) * special.expit_derivative(eta)


def test_log_loss_is_convex_and_squared_loss_through_the_sigmoid_is_not():
    eta = np.linspace(-8.0, 8.0, 33)
    curvature = special.log_loss_hessian_product(np.ones(33), eta, np.ones(33)) * 33
    np.testing.assert_allclose(curvature, special.expit_derivative(eta), rtol=1e-14)
    assert np.all((curvature > 0.0) & (curvature <= 0.25))
    assert derivative(squares_slope, -2.0) < -0.01
    assert derivative(squares_slope, 0.0) > 0.01


def test_sweeps_of_the_delta_rule_end_at_the_fit():
    """Row by row, with step lengths that shrink: stochastic gradient descent on the log-loss."""
    X, y = make_problem(n=400, p=3, density=1.0)
    best = fit_logistic(X, y, l2=0.1, fit_intercept=False, tol=1e-12)
    rng, w = np.random.default_rng(0), np.zeros(3)
    for k in range(20_000):
        i = rng.integers(len(y))
        w -= (1.0 / (0.1 * (k + 100))) * ((expit(X[i] @ w) - y[i]) * X[i] + 0.1 * w)
    assert np.linalg.norm(w - best.coef) < 0.05 * np.linalg.norm(best.coef)


# --- Lipschitz constants ----------------------------------------------------------------------------------------------


def hessian(X, weight, eta, l2, fit_intercept):
    """Of the objective with the intercept eliminated."""
    curvature = weight * expit(eta) * expit(-eta)
    if fit_intercept:
        X = X - curvature @ X / curvature.sum()
    return X.T @ (curvature[:, None] * X) + l2 * np.eye(X.shape[1])


def constant(X, weight, l2, fit_intercept=False):
    """Largest eigenvalue of X' diag(s) X / 4 + l2, the rows centred where the intercept is free."""
    if fit_intercept:
        X = X - weight @ X
    return np.linalg.eigvalsh(X.T @ (weight[:, None] * X) / 4.0)[-1] + l2


@SEEDS
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_bounds_are_ordered(seed, fit_intercept):
    X, _, weight = random_problem(seed)
    rng = np.random.default_rng(seed)
    L = constant(X, weight, 0.1, fit_intercept)
    assert constant(X, weight, 0.1) >= L
    squares = np.sum((X - weight @ X) ** 2 if fit_intercept else X**2, axis=1)
    assert L <= 0.25 * weight @ squares + 0.1 <= 0.25 * squares.max() + 0.1
    assert 0.25 * weight @ squares <= P * (L - 0.1)
    for scale in (0.0, 0.1, 1.0):
        eta = X @ (scale * rng.standard_normal(P)) + rng.standard_normal()
        assert np.linalg.eigvalsh(hessian(X, weight, eta, 0.1, fit_intercept))[-1] <= L * (1 + 1e-12)


@SEEDS
def test_the_constant_is_attained_at_zero_and_is_the_one_that_gradient_descent_takes(seed):
    X, y, weight = random_problem(seed)
    L = constant(X, weight, 0.1)
    assert np.linalg.eigvalsh(hessian(X, weight, np.zeros(len(X)), 0.1, False))[-1] == pytest.approx(L, rel=1e-12)
    core = LogisticObjective(as_matrix(X).bind(y, weight), ElasticNet(0.0, 0.1, (P, 1)), False)
    found = gradient_descent.lipschitz(core, core.point(np.zeros((P, 1))))
    assert 0.97 * L <= found <= 1.011 * L


@SEEDS
def test_gradients_differ_by_no_more_and_a_step_gains_what_it_should(seed):
    X, y, weight = random_problem(seed)
    rng = np.random.default_rng(seed)
    L = constant(X, weight, 0.1)

    def gradient(w):
        return smooth_gradient(X, y, w, 0.0, 0.1, weight)[0]

    for scale in (1e-3, 0.1, 1.0):
        v, w = scale * rng.standard_normal((2, P))
        assert np.linalg.norm(gradient(v) - gradient(w)) <= L * np.linalg.norm(v - w)
        g = gradient(w)
        before, after = (objective(X, y, u, 0.0, l2=0.1, weight=weight) for u in (w, w - g / L))
        assert after <= before - g @ g / (2.0 * L) + 1e-14


def lipschitz_lr(X):
    """|X| / (2 n), Yedida and Saha 2019, with the Frobenius norm."""
    return np.linalg.norm(X) / (2.0 * len(X))


@SEEDS
def test_lipschitz_lr_bounds_the_share_of_one_row_at_zero(seed):
    X, y, _ = random_problem(seed)
    at_zero = np.abs(expit(0.0) - y) * np.linalg.norm(X, axis=1) / len(y)
    assert at_zero.max() <= lipschitz_lr(X)
    far = np.abs(expit(X @ np.full(P, 50.0)) - y) * np.linalg.norm(X, axis=1) / len(y)
    assert far.max() <= 2.0 * lipschitz_lr(X)


def test_lipschitz_lr_bounds_neither_the_gradient_nor_its_differences():
    """n rows that are the same and of the same class: gradient 1/2 at zero, 1 far out, constant 1/4."""
    X, y = np.ones((100, 1)), np.zeros(100)
    assert lipschitz_lr(X) == pytest.approx(0.05)
    assert smooth_gradient(X, y, np.zeros(1), 0.0)[0] == pytest.approx(0.5)
    assert smooth_gradient(X, y, np.full(1, 50.0), 0.0)[0] == pytest.approx(1.0)
    assert constant(X, np.full(100, 0.01), 0.0) == pytest.approx(0.25)


@SEEDS
def test_what_bounds_the_gradient_is_the_mean_norm_of_the_rows(seed):
    X, y, weight = random_problem(seed)
    rng = np.random.default_rng(seed)
    mean_norm = weight @ np.linalg.norm(X, axis=1)
    assert mean_norm <= np.sqrt(weight @ np.sum(X**2, axis=1))
    for scale in (0.0, 1.0, 100.0):
        gradient, _ = smooth_gradient(X, y, scale * rng.standard_normal(P), 0.0, weight=weight)
        assert np.linalg.norm(gradient) <= mean_norm


def values_of_descent(X, y, step, iterations):
    w, values = np.zeros(X.shape[1]), []
    for _ in range(iterations):
        values.append(objective(X, y, w, 0.0, l2=1e-3))
        w = w - step * smooth_gradient(X, y, w, 0.0, 1e-3)[0]
    return np.array(values)


def test_the_inverse_of_lipschitz_lr_is_too_long_a_step_for_many_rows_and_too_short_for_small_columns():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4_000, 10))
    y = (rng.random(4_000) < expit(0.1 * X[:, 0])).astype(float)
    weight = np.full(len(y), 1.0 / len(y))
    best = fit_logistic(X, y, l2=1e-3, fit_intercept=False, tol=1e-12).objective
    safe = values_of_descent(X, y, 1.0 / constant(X, weight, 1e-3), 30)
    long = values_of_descent(X, y, 1.0 / lipschitz_lr(X), 30)
    assert np.all(np.diff(safe) <= 1e-15)
    assert safe[-1] - best < 1e-9
    assert long[1] > long[0]
    assert long[-1] > long[0]
    # columns in another unit: the constant falls with the square of the unit, |X| / (2 n) with the unit
    small = 1e-3 * X
    ratios = [lipschitz_lr(Z) / constant(Z, weight, 0.0) for Z in (X, small)]
    assert ratios[1] == pytest.approx(1e3 * ratios[0], rel=1e-10)
    assert ratios[0] < 0.5 < ratios[1]


# --- Newton's method --------------------------------------------------------------------------------------------------


def least_squares_step(X, y, weight, w, l2):
    """The next iterate of IRLS: weighted least squares on the working response."""
    eta = X @ w
    curvature = expit(eta) * expit(-eta)
    response = eta + (y - expit(eta)) / curvature
    root = np.sqrt(weight * curvature)
    rows = np.vstack([root[:, None] * X, np.sqrt(l2) * np.eye(len(w))])
    return np.linalg.lstsq(rows, np.concatenate([root * response, np.zeros(len(w))]))[0]


@SEEDS
@pytest.mark.parametrize("solver", ["newton_cholesky", "newton_small"])
def test_newton_is_iteratively_reweighted_least_squares(seed, solver):
    X, y, weight = random_problem(seed)
    points = []

    def watch(progress):
        points.append(progress.coefficients()[0])

    fit_logistic(
        X, y, l2=0.5, sample_weight=weight, fit_intercept=False, solver=solver, tol=1e-12, callback=watch, start=None
    )
    assert len(points) > 2
    w = np.zeros(P)
    for point in points:
        np.testing.assert_allclose(point, w, atol=1e-7)
        gradient, _ = smooth_gradient(X, y, w, 0.0, 0.5, weight)
        newton = w - np.linalg.solve(hessian(X, weight, X @ w, 0.5, False), gradient)
        w = least_squares_step(X, y, weight, w, 0.5)
        np.testing.assert_allclose(newton, w, atol=1e-10)


# --- the duality gap --------------------------------------------------------------------------------------------------


def dual_value(X, y, weight, u, l2):
    """sum_i s_i H(u_i) - |X' s (u - y)|^2 / (2 l2),  H the entropy."""
    entropy = -(xlogy(u, u) + xlogy(1.0 - u, 1.0 - u))
    z = X.T @ (weight * (u - y))
    return weight @ entropy - z @ z / (2.0 * l2)


def fenchel_young(X, y, weight, w, intercept, u, l2):
    """sum_i s_i KL(u_i || sigma(eta_i)) + |z + l2 w|^2 / (2 l2)."""
    eta = X @ w + intercept
    divergence = xlogy(u, u) + xlogy(1.0 - u, 1.0 - u) + np.logaddexp(0.0, eta) - u * eta
    rest = X.T @ (weight * (u - y)) + l2 * w
    return weight @ divergence + rest @ rest / (2.0 * l2)


@SEEDS
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gap_is_a_sum_of_terms_that_are_not_negative_and_bounds_the_suboptimality(seed, fit_intercept):
    X, y, weight = random_problem(seed)
    rng = np.random.default_rng(seed)
    best = fit_logistic(X, y, l2=0.1, sample_weight=weight, fit_intercept=fit_intercept, tol=1e-14)
    for _ in range(5):
        w, intercept, u = 0.3 * rng.standard_normal(P), rng.standard_normal() * fit_intercept, rng.random(len(y))
        if fit_intercept:
            u = feasible(u, y, weight)
        value = objective(X, y, w, intercept, l2=0.1, weight=weight)
        gap = fenchel_young(X, y, weight, w, intercept, u, 0.1)
        assert gap == pytest.approx(value - dual_value(X, y, weight, u, 0.1), rel=1e-10)
        assert gap >= value - best.objective


def feasible(u, y, weight):
    """A dual point with sum s (u - y) = 0, by mixing u with 0 or 1."""
    target, mass = weight @ y, weight @ u
    return u * target / mass if mass > target else 1.0 - (1.0 - u) * (1.0 - target) / (1.0 - mass)


@SEEDS
def test_at_the_optimum_probabilities_are_the_dual_point_and_nothing_is_left(seed):
    X, y, weight = random_problem(seed)
    best = fit_logistic(X, y, l2=0.1, sample_weight=weight, tol=1e-14)
    u = expit(X @ best.coef + best.intercept)
    assert weight @ (u - y) == pytest.approx(0.0, abs=1e-10)
    np.testing.assert_allclose(best.coef, -(X.T @ (weight * (u - y))) / 0.1, atol=1e-6)
    assert dual_value(X, y, weight, u, 0.1) == pytest.approx(best.objective, abs=1e-12)


@SEEDS
def test_with_probabilities_as_the_dual_point_the_gap_is_the_gradient(seed):
    """|g|^2 / (2 l2): what `duality_gap` of a point is before any Newton step was taken."""
    X, y, weight = random_problem(seed)
    start = 0.1 * np.random.default_rng(seed).standard_normal(P)
    options = {"l2": 0.5, "sample_weight": weight, "fit_intercept": False}
    at_start = fit_logistic(X, y, **options, start=(start, 0.0), max_iter=0, tol=0, solver="newton_cg")
    w = at_start.coef
    gradient, _ = smooth_gradient(X, y, w, 0.0, 0.5, weight)
    expected = gradient @ gradient / 1.0
    assert expected < at_start.objective  # gaps are reported as this at most
    assert at_start.duality_gap == pytest.approx(expected, rel=1e-9)
    assert fenchel_young(X, y, weight, w, 0.0, expit(X @ w), 0.5) == pytest.approx(expected, rel=1e-9)
    best = fit_logistic(X, y, **options, tol=1e-14)
    assert at_start.objective - best.objective <= at_start.duality_gap


def gaps_after_newton(seed, distance, l2):
    """(linearised gap, plain gap, suboptimality) after a Newton step from so far from the optimum."""
    X, y, weight = random_problem(seed)
    best = fit_logistic(X, y, l2=l2, sample_weight=weight, fit_intercept=False, tol=1e-15).coef
    away = np.random.default_rng(seed).standard_normal(P)
    w = best + distance * away / np.sqrt(away @ hessian(X, weight, X @ best, l2, False) @ away)
    p = expit(X @ w)
    gradient, _ = smooth_gradient(X, y, w, 0.0, l2, weight)
    step = -np.linalg.solve(hessian(X, weight, X @ w, l2, False), gradient)
    u = p + p * (1.0 - p) * (X @ step)
    np.testing.assert_allclose(X.T @ (weight * (u - y)), -l2 * (w + step), atol=1e-12)
    assert u.min() > 0.0
    assert u.max() < 1.0
    gradient, _ = smooth_gradient(X, y, w + step, 0.0, l2, weight)
    values = [objective(X, y, at, 0.0, l2=l2, weight=weight) for at in (w + step, best)]
    return fenchel_young(X, y, weight, w + step, 0.0, u, l2), gradient @ gradient / (2.0 * l2), values[0] - values[1]


@SEEDS
def test_after_a_newton_step_the_linearised_residual_certifies_what_is_true(seed):
    for l2, times in ((1e-1, 5), (1e-3, 100)):
        linearised, plain, truth = gaps_after_newton(seed, 0.05, l2)
        assert truth <= linearised <= 3 * truth
        assert plain > times * linearised


@SEEDS
def test_the_linearised_gap_falls_with_the_fourth_power_of_the_distance(seed):
    far, near = (gaps_after_newton(seed, distance, 0.1)[0] for distance in (2e-2, 1e-2))
    assert 10.0 < far / near < 24.0
