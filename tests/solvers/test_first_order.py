"""Gradient descent, its acceleration, AdaGrad, stochastic gradients and L-BFGS, which "auto" never takes."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.problems import as_repeated, make_problem, scaled_problem
from support.references import objective, smooth_gradient, subgradient

from fastlr import fit_logistic
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import BoundedElasticNet, ElasticNet
from fastlr.solvers.first_order import gradient_descent, stochastic_gradient
from fastlr.solvers.parts.extrapolation import extrapolated
from fastlr.solvers.smooth import lbfgs

SMOOTH = {"l2": {"l2": 1e-2}, "l2-array": {"l2": np.geomspace(1e-3, 1.0, 12)}}
L1 = {"l1": {"l1": 1e-2}, "elasticnet": {"l1": 5e-3, "l2": 5e-3}, "l1-array": {"l1": np.geomspace(5e-3, 0.1, 12)}}
EVERY_PENALTY = ("gradient_descent", "accelerated_gradient", "adagrad", "stochastic_gradient")
SOLVERS = ("lbfgs", *EVERY_PENALTY)
CASES = [(solver, name) for solver in SOLVERS for name in (SMOOTH if solver == "lbfgs" else SMOOTH | L1)]


def needs(solver, layout):
    """Skip what the solver cannot take."""
    if (solver, layout) == ("stochastic_gradient", "csc"):
        pytest.skip("needs rows")


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(("solver", "name"), CASES)
def test_they_reach_the_optimum_with_a_certificate(layout, solver, name, fit_intercept):
    needs(solver, layout)
    X, y = scaled_problem()
    penalty = (SMOOTH | L1)[name]
    options = penalty | {"fit_intercept": fit_intercept}
    result = fit_logistic(as_layout(X, layout), y, **options, solver=solver, tol=1e-6, max_iter=20_000)
    expected = fit_logistic(X, y, **options, tol=1e-13)
    assert result.converged
    assert result.solver == solver
    assert result.certificate == "gap"
    strengths = {"l1": penalty.get("l1", 0.0), "l2": penalty.get("l2", 0.0)}
    rest, slope = subgradient(X, y, result.coef, result.intercept, **strengths)
    assert np.abs(rest).max() < 1e-3
    assert abs(slope) < 1e-12 if fit_intercept else result.intercept == 0.0
    assert -1e-15 <= result.objective - expected.objective <= result.duality_gap
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept, **strengths), rel=1e-13)


@pytest.mark.parametrize("solver", SOLVERS)
def test_without_a_penalty_they_stop_on_the_newton_decrement(solver):
    X, y = scaled_problem()
    result = fit_logistic(X, y, solver=solver, tol=1e-8, max_iter=20_000)
    expected = fit_logistic(X, y, tol=1e-13)
    assert result.converged
    assert result.certificate == "newton_decrement"
    assert np.isnan(result.duality_gap)
    assert result.objective - expected.objective < 2e-8 * np.log(2.0)


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.99])
def test_the_estimate_is_exact_for_gains_that_shrink_evenly(rate):
    values = 3.0 + 2.0 * rate ** np.arange(40)
    estimates = [extrapolated(values[: k + 1]) for k in range(40)]
    assert estimates[:10] == [np.inf] * 10
    np.testing.assert_allclose(estimates[10:], values[10:] - 3.0, rtol=1e-3)
    assert extrapolated([*values, values[-1] + 1.0]) == np.inf


def test_the_estimate_notices_that_a_fast_beginning_is_over():
    values = np.maximum(0.1 ** np.arange(10), 1e-8 * 0.9 ** np.arange(10))
    slow = values[-1] * 0.9 ** np.arange(1, 5)
    assert extrapolated([*values, *slow]) > 0.5 * slow[-1]


def test_where_nothing_is_gained_nothing_is_foretold():
    assert extrapolated([3.0] * 11) == np.inf


@pytest.mark.parametrize("solver", SOLVERS)
def test_auto_never_takes_them_and_lbfgs_refuses_l1(solver):
    X, y = scaled_problem()
    for penalty in ({"l2": 1e-2}, {"l1": 1e-2}, {}):
        assert fit_logistic(X, y, **penalty).solver != solver
    with pytest.raises(ValueError, match="solver='lbfgs' cannot fit with penalty 'l1'"):
        fit_logistic(X, y, l1=1e-2, solver="lbfgs")


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_lipschitz_constant_is_the_largest_eigenvalue(fit_intercept, weighted):
    X, y = make_problem(p=12)
    weight = np.random.default_rng(0).uniform(0.0, 2.0, len(y)) if weighted else np.ones(len(y))
    weight /= weight.sum()
    rows = as_matrix(sp.csr_array(X)).bind(y, weight)
    core = LogisticObjective(rows, ElasticNet(0.0, 0.3, (12, 1)), fit_intercept)
    found = gradient_descent.lipschitz(core, core.point(np.zeros((12, 1))))
    centred = X - weight @ X if fit_intercept else X
    exact = np.linalg.eigvalsh(centred.T @ (weight[:, None] * centred) / 4 + 0.3 * np.eye(12))[-1]
    assert 0.97 * exact <= found <= 1.02 * exact
    assert found <= 0.25 * np.sum(weight[:, None] * X * X) + 0.3


def test_gradient_descent_gains_what_the_theory_promises():
    """f(w_k) - f* <= L |w_0 - w*|^2 / (2 k) (Nesterov 2018, corollary 2.1.2)."""
    X, y = scaled_problem()
    best = fit_logistic(X, y, l2=1e-3, tol=1e-14, fit_intercept=False)
    L = np.linalg.eigvalsh(X.T @ X)[-1] / (4 * len(y)) + 1e-3
    result = fit_logistic(X, y, l2=1e-3, fit_intercept=False, solver="gradient_descent", tol=0, max_iter=200)
    values = np.array([state.objective for state in result.history])
    assert np.all(np.diff(values) <= 1e-15)
    k = np.arange(1, len(values))
    # steps are 1 / (1.01 L) for an estimate of L within two per cent
    assert np.all(values[1:] - best.objective <= 1.03 * L * np.sum(best.coef**2) / (2 * k) + 1e-14)


def test_acceleration_takes_far_fewer_iterations_where_conditioning_is_poor():
    X, y = scaled_problem()
    X = X * np.geomspace(0.1, 1.0, 12)
    plain, fast = (
        fit_logistic(X, y, l2=1e-3, solver=solver, tol=1e-8, max_iter=50_000)
        for solver in ("gradient_descent", "accelerated_gradient")
    )
    assert plain.converged
    assert fast.converged
    assert 3 * fast.n_iter < plain.n_iter


def test_lbfgs_does_not_mind_the_scale_of_columns():
    X, y = scaled_problem()
    scale = 10.0 ** np.random.default_rng(0).uniform(-6, 6, 12)
    own = fit_logistic(X, y, l2=1e-2, solver="lbfgs", tol=1e-8)
    scaled = fit_logistic(X * scale, y, l2=1e-2 * scale**2, solver="lbfgs", tol=1e-8)
    assert scaled.converged
    assert scaled.n_passes <= 1.5 * own.n_passes


def test_the_two_loop_recursion_is_the_bfgs_formula():
    rng = np.random.default_rng(0)
    root = rng.standard_normal((6, 6))
    hessian = root @ root.T + np.eye(6)
    diagonal = rng.uniform(0.5, 2.0, (6, 1))
    inverse = lbfgs.InverseHessian(diagonal)
    g = rng.standard_normal((6, 1))
    np.testing.assert_array_equal(inverse.product(g), diagonal * g)
    pairs = []
    for _ in range(4):
        step = rng.standard_normal((6, 1))
        pairs.append((step, hessian @ step))
        inverse.learn(*pairs[-1])
    inverse.learn(step, -step)  # no curvature: not taken
    step, change = pairs[-1]
    B = np.diag(diagonal[:, 0]) * np.sum(step * change) / np.sum(change * diagonal * change)
    for step, change in pairs:
        rho = 1.0 / np.sum(step * change)
        left = np.eye(6) - rho * step @ change.T
        B = left @ B @ left.T + rho * step @ step.T
    np.testing.assert_allclose(inverse.product(g), B @ g, rtol=1e-10)
    np.testing.assert_allclose(inverse.product(pairs[-1][1]), pairs[-1][0], rtol=1e-10)  # the secant equation


def test_a_callback_stops_them_and_limits_hold():
    X, y = scaled_problem()
    for solver in SOLVERS:
        stopped = fit_logistic(X, y, l2=1e-4, solver=solver, callback=lambda state: state.iteration == 2, tol=0)
        assert (stopped.status.value, stopped.n_iter) == ("stopped", 2)
        limited = fit_logistic(X, y, l2=1e-4, solver=solver, max_iter=3, tol=0)
        assert (limited.status.value, limited.n_iter) == ("max_iter", 3)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", ["l2", "l1", "elasticnet"])
@pytest.mark.parametrize("solver", EVERY_PENALTY)
def test_they_reach_the_optimum_within_bounds(layout, solver, name, fit_intercept):
    needs(solver, layout)
    X, y = scaled_problem()
    lower, upper = np.full(12, -0.3), np.full(12, np.inf)
    lower[:4], upper[8:] = 0.0, 0.1
    options = (SMOOTH | L1)[name] | {"bounds": (lower, upper), "fit_intercept": fit_intercept}
    result = fit_logistic(as_layout(X, layout), y, **options, solver=solver, tol=1e-7, max_iter=20_000)
    expected = fit_logistic(X, y, **options, solver="prox_newton", tol=1e-13)
    assert result.converged
    assert result.certificate == "gap"
    assert np.all((lower <= result.coef) & (result.coef <= upper))
    assert np.any(result.coef == lower)
    assert np.any(result.coef == upper)
    assert -1e-15 <= result.objective - expected.objective <= result.duality_gap


def test_adagrad_does_not_mind_the_scale_of_columns():
    X, y = scaled_problem()
    scale = 2.0 ** np.random.default_rng(0).integers(-20, 20, 12)
    for strengths in ({"l2": np.full(12, 1e-2)}, {"l1": np.full(12, 1e-2)}):
        (name, strength), *_ = strengths.items()
        own = fit_logistic(X, y, **strengths, solver="adagrad")
        scaled = fit_logistic(X * scale, y, **{name: strength * scale ** (2 if name == "l2" else 1)}, solver="adagrad")
        assert scaled.n_iter == own.n_iter
        np.testing.assert_allclose(scaled.coef * scale, own.coef, rtol=1e-9, atol=1e-12)


def test_adagrad_steps_as_the_paper_has_it():
    X, y = scaled_problem()
    l2, first = 1e-2, np.zeros(12)
    curvature = np.sum(X * X, axis=0) / (4 * len(y)) + l2
    gradient, _ = smooth_gradient(X, y, first, 0.0, l2)
    base = np.max(np.abs(gradient) / np.sqrt(curvature)) / np.sqrt(curvature)
    coef, squares = first, np.zeros(12)
    for _ in range(3):
        gradient, _ = smooth_gradient(X, y, coef, 0.0, l2)
        squares += gradient**2
        coef = coef - base * gradient / np.sqrt(squares)
    result = fit_logistic(X, y, l2=l2, fit_intercept=False, solver="adagrad", max_iter=3, tol=0)
    np.testing.assert_allclose(result.coef, coef, rtol=1e-10)


def test_adagrad_keeps_the_bound_of_the_paper_on_the_mean_of_its_values():
    """Duchi, Hazan, Singer 2011, theorem 5, for steps a in every coefficient."""
    X, y = scaled_problem()
    X = X / np.sqrt(np.mean(X * X, axis=0) / 4)  # curvatures are one, so that all base steps are equal
    best = fit_logistic(X, y, tol=1e-13, fit_intercept=False)
    gradients, values, distances = [], [], []

    def note(state):
        coef, _ = state.coefficients()
        gradients.append(smooth_gradient(X, y, coef, 0.0)[0])
        values.append(state.objective)
        distances.append(np.max(np.abs(coef - best.coef)))

    fit_logistic(X, y, fit_intercept=False, solver="adagrad", callback=note, max_iter=100, tol=0)
    step = np.max(np.abs(gradients[0]))
    for k in (1, 3, 10, 30, 100):
        sums = np.sum(np.sqrt(np.sum(np.square(gradients[:k]), axis=0)))
        bound = (max(distances[:k]) ** 2 / (2 * step) + step) * sums / k
        assert np.mean(values[:k]) - best.objective <= bound


@pytest.mark.parametrize("length", [0.3, np.geomspace(0.01, 3.0, 12)[:, None]], ids=["one", "each"])
@pytest.mark.parametrize("bounded", [False, True])
def test_the_prox_is_the_minimum_in_each_coefficient(length, bounded):
    rng = np.random.default_rng(0)
    l1, v = rng.uniform(0.0, 2.0, (12, 1)), rng.standard_normal((12, 1))
    lower, upper = (-0.5, 0.4) if bounded else (-np.inf, np.inf)
    penalty = BoundedElasticNet(l1, 0.0, lower, upper, (12, 1)) if bounded else ElasticNet(l1, 0.0, (12, 1))
    grid = np.linspace(max(lower, -4.0), min(upper, 4.0), 100_001)
    values = (grid - v) ** 2 / (2.0 * np.broadcast_to(length, v.shape)) + l1 * np.abs(grid)
    np.testing.assert_allclose(penalty.prox(v, length)[:, 0], grid[np.argmin(values, axis=1)], atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["adagrad", "stochastic_gradient"])
def test_weights_and_storage_do_not_change_the_optimum(layout, solver, dtype):
    needs(solver, layout)
    X, y = scaled_problem()
    X = X.astype(np.float32).astype(np.float64)
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    counts[:40] = 0  # blocks without any weight
    options = {"l1": 5e-3, "l2": 5e-3}
    weighted = fit_logistic(
        as_layout(X, layout, dtype, np.int64), y, **options, sample_weight=counts, solver=solver, tol=1e-11
    )
    repeated = fit_logistic(*as_repeated(X, y, counts), **options, tol=1e-13)
    assert weighted.converged
    assert weighted.objective - repeated.objective <= 1e-11
    np.testing.assert_allclose(weighted.coef, repeated.coef, atol=1e-5)
    assert weighted.intercept == pytest.approx(repeated.intercept, abs=1e-5)


def test_stochastic_gradients_need_rows_and_say_so():
    X, y = scaled_problem()
    with pytest.raises(ValueError, match="solver='stochastic_gradient' cannot fit unless X is dense or CSR"):
        fit_logistic(sp.csc_array(X), y, l2=1e-2, solver="stochastic_gradient")


def test_stochastic_gradients_are_the_same_every_time():
    X, y = scaled_problem()
    first, second = (fit_logistic(X, y, l1=1e-3, solver="stochastic_gradient", tol=0, max_iter=5) for _ in range(2))
    np.testing.assert_array_equal(first.coef, second.coef)
    assert [state.objective for state in first.history] == [state.objective for state in second.history]


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_an_epoch_reads_each_row_in_both_sweeps_and_for_the_full_gradient(layout, fit_intercept):
    needs("stochastic_gradient", layout)
    X, y = scaled_problem()
    X = as_layout(X, layout)
    history = fit_logistic(
        X, y, l2=1e-2, fit_intercept=fit_intercept, solver="stochastic_gradient", tol=0, max_iter=4
    ).history
    passes = np.diff([state.n_passes for state in history[1:]])
    np.testing.assert_allclose(passes, stochastic_gradient.SWEEPS + 1 + fit_intercept, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_stochastic_gradients_converge_linearly_where_gradient_descent_is_slow(seed):
    X, y = make_problem(n=3000, p=20, density=1.0, seed=seed)
    X = X @ np.linalg.cholesky(0.1 * np.eye(20) + 0.9)
    fast, slow = (
        fit_logistic(X, y, l2=1e-3, solver=solver, max_iter=20_000)
        for solver in ("stochastic_gradient", "gradient_descent")
    )
    assert fast.converged
    assert slow.converged
    assert 3 * fast.n_passes < slow.n_passes


def test_an_epoch_is_taken_back_where_it_raises_the_objective(monkeypatch):
    X, y = scaled_problem()
    expected = fit_logistic(X, y, l2=1e-2, tol=1e-13)
    monkeypatch.setattr(stochastic_gradient, "lipschitz", lambda objective, point: 1e-3)
    result = fit_logistic(X, y, l2=1e-2, solver="stochastic_gradient", tol=1e-8)
    values = [state.objective for state in result.history]
    assert result.converged
    assert np.all(np.diff(values) <= 1e-15)
    assert result.objective - expected.objective <= result.duality_gap
