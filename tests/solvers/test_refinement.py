"""Doubled precision: its numbers and certificates against mpmath, and the fits that it finishes."""

from dataclasses import replace
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from audit import run, wide
from audit.losses import TwoClasses
from audit.posed import Posed
from audit.reference import optimum
from support.kernels import cpu_levels, load_kernels
from support.layouts import LAYOUTS, as_layout

from fastlr import Status, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.matrix import ClassRows, as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.objective.softmax import SoftmaxObjective
from fastlr.penalties.elastic_net import ElasticNet, within
from fastlr.solvers import SOLVERS
from fastlr.solvers.doubled_precision import refinement
from fastlr.solvers.doubled_precision.model import WideModel
from fastlr.solvers.doubled_precision.problem import WideClasses, WideTwoClasses

compensated = load_kernels(cpu_levels()[0]).products_compensated
ETAS = (0.0, 1e-300, 1e-20, 1e-8, 0.3466, 0.35, 1.0, 2.5, 17.3, 36.9, 100.0, 345.0, 640.0)
TARGETS = (0.0, 1.0, 0.3, 1e-20, 1.0 - 2.0**-53)
#: Relative to the terms that are added up.
ACCURACY = 2.0**-98


@pytest.fixture(autouse=True)
def many_digits():
    with mpmath.workdps(80):
        yield


def exact(pair):
    return mpmath.mpf(float(pair[0])) + mpmath.mpf(float(pair[1]))


def pairs(rng, m, size=1.0):
    """(m, 2) sums of two doubles that do not overlap."""
    head = rng.standard_normal(m) * size
    return np.stack([head, 0.5 * np.spacing(head) * rng.uniform(-1, 1, m)], axis=1)


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", TARGETS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_residuals_have_thirty_digits(sign, y):
    eta = np.stack([sign * np.array(ETAS), sign * np.spacing(ETAS) / 3.0], axis=1)
    out, weight = np.empty_like(eta), np.linspace(0.1, 1.0, len(eta))
    compensated.residuals(eta, np.full(len(eta), y), weight, out)
    for k in range(len(eta)):
        likely, unlikely = (1 / (1 + mpmath.exp(side * exact(eta[k]))) for side in (-1, 1))
        true = weight[k] * ((1 - mpmath.mpf(y)) * likely - mpmath.mpf(y) * unlikely)
        terms = max(abs(true), y * (1.0 - y))  # a target between the classes leaves a difference
        assert abs(exact(out[k]) - true) <= ACCURACY * terms


@pytest.mark.parametrize("eta", [700.0, 746.0, 1e5, 1e308])
def test_residuals_of_certain_rows(eta):
    both, out = np.array([[eta, 0.0], [-eta, 0.0]]), np.empty((2, 2))
    compensated.residuals(both, np.array([1.0, 0.0]), np.ones(2), out)
    assert np.all(np.abs(out.sum(axis=1)) <= np.exp(-min(eta, 708.0)) * (1.0 + 1e-12))
    compensated.residuals(both, np.array([0.0, 1.0]), np.ones(2), out)
    np.testing.assert_array_equal(out[:, 0], [1.0, -1.0])


@pytest.mark.parametrize("size", [0.0, 1e-20, 1.0, 30.0, 100.0])
@pytest.mark.parametrize("K", [2, 3, 7])
def test_residuals_of_classes_have_thirty_digits(K, size):
    rng = np.random.default_rng(3)
    eta, labels, weight = np.empty((12, K, 2)), rng.integers(0, K, 12), rng.random(12)
    for row in eta:
        row[:] = pairs(rng, K, size)
    out = np.empty_like(eta)
    compensated.class_residuals(eta, labels, weight, out)
    for row, label, s, found in zip(eta, labels, weight, out, strict=True):
        likely = [mpmath.exp(exact(each)) for each in row]
        shares = [s * each / sum(likely) for each in likely]
        shares[label] = -sum(share for k, share in enumerate(shares) if k != label)
        assert all(abs(exact(f) - t) <= max(1.0, size) * ACCURACY * abs(t) for f, t in zip(found, shares, strict=True))


@pytest.mark.parametrize("far", [0.0, 1.0, 1e9])
def test_products_have_thirty_digits(far):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((23, 6)) * 10.0 ** rng.uniform(-8, 8, 6) + far
    w, offset, eta = pairs(rng, 6), rng.standard_normal(23), np.empty((23, 2))
    compensated.predictors(X, w, offset, eta)
    for i in range(23):
        terms = [mpmath.mpf(X[i, j]) * exact(w[j]) for j in range(6)] + [mpmath.mpf(offset[i])]
        assert abs(exact(eta[i]) - sum(terms)) <= ACCURACY * sum(map(abs, terms))
    z = np.empty((6, 2))
    compensated.products(X, eta, z)
    for j in range(6):
        terms = [mpmath.mpf(X[i, j]) * exact(eta[i]) for i in range(23)]
        assert abs(exact(z[j]) - sum(terms)) <= ACCURACY * sum(map(abs, terms))


def test_sums_are_rounded_once():
    rng = np.random.default_rng(1)
    w, l2, more, out = pairs(rng, 50), rng.random(50), np.empty(50), np.empty(50)
    z = np.stack([-l2 * w[:, 0], np.zeros(50)], axis=1)
    more = np.spacing(w[:, 0])
    compensated.gradient(z, l2, w, more, out)
    true = [exact(z[j]) + mpmath.mpf(l2[j]) * exact(w[j]) + mpmath.mpf(more[j]) for j in range(50)]
    np.testing.assert_allclose(out, np.array(true, dtype=float), rtol=1e-13)
    before = [exact(each) for each in w]
    compensated.move(w, more)
    assert all(abs(exact(w[j]) - before[j] - more[j]) <= ACCURACY * abs(before[j]) for j in range(50))


# --- certificates ----------------------------------------------------------------------------------------------------

STRENGTHS = {
    "l2": {"l2": 0.01},
    "l1": {"l1": 0.02},
    "elastic net": {"l1": 0.02, "l2": 0.01},
    "some of each": {"l1": np.array([0.02, 0.0, 0.03, 0.01]), "l2": np.array([0.0, 0.01, 0.02, 0.0])},
    "bounds": {"lower": -0.3, "upper": 0.2},
    "bounds and all": {"l1": 0.01, "l2": 0.01, "lower": -0.3, "upper": 0.2},
    "non-negative": {"l1": 0.01, "lower": 0.0, "upper": np.inf},
}


def wide_problem(strengths, fit_intercept, far=0.0):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((30, 4)) + far
    y = (X[:, 0] - far + rng.standard_normal(30) > 0.0) * 1.0
    rows = as_matrix(X, 1).bind(y, np.full(30, 1.0 / 30.0))
    made = {name: np.broadcast_to(np.asarray(value, dtype=float), 4)[:, None] for name, value in strengths.items()}
    limits = (made["lower"], made["upper"]) if "lower" in made else None
    penalty = within(limits, made.get("l1", 0.0), made.get("l2", 0.0), (4, 1))
    return WideTwoClasses(LogisticObjective(rows, penalty, fit_intercept))


def trail(problem, bounding=12, newton=12):
    """The WidePoints that so many steps on the models lead to, from zero on."""
    points = [problem.at(np.zeros((len(problem.l1), 2)))]
    for k in range(bounding + newton):
        step, _, landed = WideModel(problem, points[-1], k < bounding).step()
        w = points[-1].w.copy()
        compensated.move(w, step)
        w[~np.isnan(landed)] = np.stack([landed, np.zeros(len(landed))], axis=1)[~np.isnan(landed)]
        points.append(problem.at(problem.settled(w)))
    return points


def true_value(problem, w):
    """The objective at doubles, exactly."""
    total = mpmath.mpf(0)
    for row, y, s, offset in zip(problem.X, problem.y, problem.weight, problem.offset, strict=True):
        eta = sum(mpmath.mpf(x) * mpmath.mpf(v) for x, v in zip(row, w, strict=True)) + mpmath.mpf(offset)
        total += mpmath.mpf(s) * (mpmath.log1p(mpmath.exp(eta)) - y * eta)
    for l1, l2, v in zip(problem.l1, problem.l2, w, strict=True):
        total += mpmath.mpf(l1) * abs(mpmath.mpf(v)) + mpmath.mpf(l2) * mpmath.mpf(v) ** 2 / 2
    return total


@pytest.mark.parametrize("far", [0.0, 1e6])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("strengths", STRENGTHS.values(), ids=STRENGTHS)
def test_a_certificate_is_never_below_the_truth_and_gets_small(strengths, fit_intercept, far):
    problem = wide_problem(strengths, fit_intercept, 0.0 if fit_intercept else far)
    points = trail(problem)
    best = points[-1]
    least = true_value(problem, best.w[:, 0])
    for point in (points[0], points[1], points[3], points[12]):
        assert sum(problem.gap(point)) >= true_value(problem, point.w[:, 0]) - least
    gap, rounding = problem.gap(best)
    assert gap + rounding <= 1e-9
    assert problem.rounded(best).value == pytest.approx(float(least), rel=1e-14)


def class_problem(l1, l2, fit_intercept, far=0.0, K=3):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((30, 3)) + far
    labels = np.argmax(X[:, :1] - far + rng.gumbel(size=(30, K)) + np.arange(K), axis=1)
    rows = ClassRows(as_matrix(X, 1), labels, np.full(30, 1.0 / 30.0), K)
    return WideClasses(SoftmaxObjective(rows, ElasticNet(l1, l2, (3 * K, 1)), fit_intercept))


def true_class_value(problem, w):
    """The objective of a softmax at doubles, exactly."""
    total, by_column = mpmath.mpf(0), w.reshape(-1, problem.K)
    for row, label, s in zip(problem.X, problem.labels, problem.weight, strict=True):
        eta = [sum(mpmath.mpf(x) * mpmath.mpf(v) for x, v in zip(row, own, strict=True)) for own in by_column.T]
        total += mpmath.mpf(s) * (mpmath.log(sum(map(mpmath.exp, eta))) - eta[label])
    for l1, l2, v in zip(problem.l1, problem.l2, w, strict=True):
        total += mpmath.mpf(l1) * abs(mpmath.mpf(v)) + mpmath.mpf(l2) * mpmath.mpf(v) ** 2 / 2
    return total


@pytest.mark.parametrize("far", [0.0, 1e6])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("l1, l2", [(0.0, 0.01), (0.02, 0.0), (0.01, 0.01)])
def test_a_certificate_of_a_softmax(l1, l2, fit_intercept, far):
    problem = class_problem(l1, l2, fit_intercept, 0.0 if fit_intercept else far)
    points = trail(problem)
    best = points[-1]
    least = true_class_value(problem, best.w[:, 0])
    for point in (points[0], points[1], points[3], points[12]):
        assert sum(problem.gap(point)) >= true_class_value(problem, point.w[:, 0]) - least
    assert sum(problem.gap(best)) <= 1e-9
    assert problem.rounded(best).value == pytest.approx(float(least), rel=1e-14)


def test_a_certificate_does_not_add_up_what_was_rounded_away():
    """f(hi) - f(W) is known from W alone: the gap of hi for the dual point of W is not smaller, nor much larger."""
    problem = wide_problem({"l2": 0.01}, False, 1e8)
    point = trail(problem)[-1]
    gap, rounding = problem.gap(point)
    near = point.w[:, 0] * (1.0 + 1e-5)
    off = true_value(problem, near) - true_value(problem, point.w[:, 0])
    assert off > 1e4 * (gap + rounding) > 0.0
    coarse = replace(point, w=np.stack([near, point.w[:, 0] - near], axis=1))
    assert off <= sum(problem.gap(coarse)) <= 2.0 * off


# --- steps -----------------------------------------------------------------------------------------------------------


def test_a_step_keeps_the_digits_that_a_hessian_loses():
    problem = wide_problem({"l2": 1e-3}, False, 1e8)
    point = problem.at(np.zeros((4, 2)))
    step, decrease, _ = WideModel(problem, point, False).step()
    A = mpmath.matrix((np.sqrt(problem.curvature(point))[:, None] * problem.X).tolist())
    hessian = A.T * A + mpmath.diag([mpmath.mpf(1e-3)] * 4)
    true = mpmath.lu_solve(hessian, -mpmath.matrix(point.gradient.tolist()))
    of_true = -sum(g * d for g, d in zip(point.gradient, true, strict=True)) / 2
    error = mpmath.matrix(step.tolist()) - true
    assert (error.T * hessian * error)[0] <= 1e-6 * of_true
    assert decrease == pytest.approx(float(of_true), rel=1e-4)


# --- fits ------------------------------------------------------------------------------------------------------------


def far_problem(n=60, p=5, far=1e7, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + far
    y = (X[:, 0] - far + 0.5 * rng.standard_normal(n) > 0.0) * 1
    return X, y


PENALTIES = {"l1": {"l1": 1e-3}, "l2": {"l2": 1e-3}, "elastic net": {"l1": 1e-3, "l2": 1e-3}, "none": {}}


@pytest.mark.skipif(not wide.HAS_WIDE, reason="numpy.longdouble is a double here")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bounds", [None, (-5.0, 5.0)])
@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_columns_far_from_zero_without_an_intercept(penalty, bounds, layout):
    X, y = far_problem()
    result = fit_logistic(as_layout(X, layout), y, fit_intercept=False, bounds=bounds, **penalty)
    assert result.status is Status.CONVERGED
    strengths = (np.full(5, penalty.get(name, 0.0)) for name in ("l1", "l2"))
    limits = (np.full(5, limit) for limit in bounds or (-np.inf, np.inf))
    posed = Posed(X, TwoClasses(y), np.ones(60), np.zeros(60), *strengths, *limits, False, False)
    best = optimum(posed)
    assert best.converged
    known = result.target if np.isnan(result.duality_gap) else result.duality_gap
    point = posed.from_reported(result.coef, 0.0)
    noise = posed.noise(*point) + posed.noise(best.W, best.c)  # of 80 bits
    assert posed.value(*point) - best.value <= known + noise


@pytest.mark.parametrize("solver", [name for name, spec in SOLVERS.items() if spec.suits.__name__ != "never"])
def test_by_each_solver(solver):
    X, y = far_problem()
    spec = SOLVERS[solver]
    bounds = None if spec.handles("l2") else (-10.0, 10.0)
    result = fit_logistic(X, y, l2=1e-4, fit_intercept=False, solver=solver, bounds=bounds)
    assert result.status is Status.CONVERGED
    assert result.duality_gap <= result.target


@pytest.mark.parametrize("solver", ["auto", "newton_cg", "prox_newton", "dual_coordinate_descent"])
def test_labels(solver):
    X, y = far_problem()
    Y = np.stack([y, X[:, 1] > X[:, 2], X[:, 3] > 1e7], axis=1).astype(int)
    penalty = {"l1": 1e-3} if solver == "prox_newton" else {"l2": 1e-4}
    ended = []
    callback = type(
        "Watch", (), {"__call__": lambda self, progress: False, "label_ended": lambda self, k: ended.append(k)}
    )
    for each in (None, callback()):
        results = fit_one_vs_rest(X, Y, fit_intercept=False, solver=solver, callback=each, **penalty)
        assert all(result.status is Status.CONVERGED for result in results)
    assert sorted(ended) == [0, 1, 2]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("penalty", [{"l2": 1e-3}, {}], ids=["l2", "none"])
def test_a_softmax(penalty, layout):
    X, y = far_problem()
    y = y + (X[:, 1] > 1e7)
    result = fit_softmax(as_layout(X, layout), y, fit_intercept=False, **penalty)
    assert result.status is Status.CONVERGED
    assert np.all(np.abs(result.coef.sum(axis=0)) <= 1e-15 * np.abs(result.coef).max(axis=0))


@pytest.mark.skipif(not wide.HAS_WIDE, reason="numpy.longdouble is a double here")
@pytest.mark.parametrize(
    "number",
    [  # l1, l2, elastic net, bounds, nothing; dependent columns; rows of tiny weight
        *(101399, 101603, 103182, 105421, 106049, 106168, 107747, 113903, 115609, 119243, 631190),
        *(102720, 103286, 104960, 105509, 107707, 115897, 116472, 118469),
        *(100115, 105012, 107478, 109126, 111466, 113383, 101145, 105770, 107244, 119791, 103767, 106204),
        *(104736, 108478, 109485, 118516, 100344, 116652),
        *(100422, 104801, 104885, 108492, 108592, 109474, 109589, 109730, 112071, 115258),  # softmax
    ],
)
def test_problems_on_which_fits_once_ended_short_of_their_optimum(number):
    assert run.judged(number)["findings"] == []


# --- when it runs ----------------------------------------------------------------------------------------------------


@pytest.fixture
def without(monkeypatch):
    """Doubled precision finds nothing."""
    monkeypatch.setattr(refinement.Refinement, "run", lambda self: None)


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("tol", [0.0, 1e-6])
def test_ordinary_fits_do_without(penalty, tol, monkeypatch):
    monkeypatch.setattr(refinement, "refined", lambda *_: pytest.fail("an ordinary fit was refined"))
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 5))
    y = (X[:, 0] + rng.logistic(size=200) > 0.0) * 1
    assert fit_logistic(X, y, tol=tol, **penalty).status is (Status.CONVERGED if tol else Status.PRECISION_LIMIT)


def test_a_solver_goes_on_where_it_does_not_help(without, monkeypatch):
    X, y = far_problem()
    options = {"l2": 1e-4, "fit_intercept": False, "solver": "newton_cg", "max_iter": 150}
    result = fit_logistic(X, y, **options)
    monkeypatch.setattr("fastlr.fit.solve.can_refine", lambda *_: False)
    plain = fit_logistic(X, y, **options)
    assert result.n_iter == plain.n_iter == len(plain.history) - 1
    assert result.status is plain.status
    assert result.objective <= plain.objective * (1.0 + 1e-6)


@pytest.mark.parametrize("limit", [{"max_iter": 20}, {"time_limit": 0.0}, {"callback": lambda progress: True}])
def test_limits_hold(limit):
    X, y = far_problem()
    result = fit_logistic(X, y, l2=1e-4, fit_intercept=False, solver="newton_cg", **limit)
    assert result.status in (Status.MAX_ITER, Status.TIME_LIMIT, Status.STOPPED)
    assert result.n_iter <= limit.get("max_iter", 0)


def test_the_message_and_the_history_say_what_was_done():
    X, y = far_problem()
    heard = []
    result = fit_logistic(
        X,
        y,
        l2=1e-4,
        fit_intercept=False,
        solver="newton_cg",
        callback=lambda progress: heard.append(progress.iteration),
    )
    assert "doubled precision" in result.message
    assert result.history[-1].objective == result.objective
    assert [each.iteration for each in result.history] == sorted(set(heard))
    assert result.copied_bytes >= 3 * X.nbytes


@pytest.mark.parametrize(
    "shape, K, small", [((60, 5), 1, True), ((3000, 100), 1, False), ((60, 5), 20, True), ((2000, 5), 20, False)]
)
def test_large_x_is_left_alone(shape, K, small):
    assert refinement.can_refine(SimpleNamespace(shape=shape), SimpleNamespace(tol=1e-6), K) == small
    assert not refinement.can_refine(SimpleNamespace(shape=shape), SimpleNamespace(tol=0.0), K)
