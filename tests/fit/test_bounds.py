"""Bounds on coefficients: what they mean, how they are given, what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from support.layouts import as_layout
from support.problems import make_problem
from support.references import smooth_gradient

from fastlr import LogisticRegression, fit_logistic
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import within
from fastlr.solvers.composite.coordinate_descent import newton_on_support

P = 12


def plain_optimum(X, y, lower, upper, l2):
    """The least value within bounds, no intercept, by SciPy's L-BFGS-B."""

    def value_gradient(coef):
        eta = X @ coef
        value = np.mean(np.logaddexp(0.0, eta) - y * eta) + 0.5 * l2 * coef @ coef
        return value, smooth_gradient(X, y, coef, 0.0, l2)[0]

    p = X.shape[1]
    bounds = np.column_stack([np.broadcast_to(lower, p), np.broadcast_to(upper, p)])
    options = {"maxiter": 20_000, "maxfun": 100_000, "ftol": 1e-16, "gtol": 1e-11}
    return minimize(value_gradient, np.clip(0.0, lower, upper) * np.ones(p), jac=True, bounds=bounds, options=options)


# --- what they mean ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(300, 12), (60, 700)])
@pytest.mark.parametrize("limits", [(0.0, None), (None, 0.0), (-0.05, 0.1), (0.02, 0.5)])
def test_the_optimum_within_bounds(layout, shape, limits):
    X, y = make_problem(*shape)
    lower, upper = (-np.inf if limits[0] is None else limits[0]), (np.inf if limits[1] is None else limits[1])
    expected = plain_optimum(X, y, lower, upper, 1e-2)
    result = fit_logistic(as_layout(X, layout), y, l2=1e-2, bounds=limits, fit_intercept=False, tol=1e-10)
    assert result.converged
    assert lower <= result.coef.min()
    assert result.coef.max() <= upper
    assert result.objective <= expected.fun + 1e-10
    np.testing.assert_allclose(result.coef, expected.x, atol=2e-4)
    held = (expected.x <= lower + 1e-9) | (expected.x >= upper - 1e-9)
    assert held.sum() > 2
    assert np.isin(result.coef[held], [lower, upper]).mean() > 0.9  # on the bound, not near it


@pytest.mark.parametrize("solver", ["projected_newton", "prox_newton", "coordinate_descent"])
def test_many_columns_end_at_the_same_optimum(layout, solver):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 400)) + rng.random(400)
    y = (X @ rng.standard_normal(400) / 20 + rng.logistic(size=400) > 0.5).astype(float)
    result = fit_logistic(as_layout(X, layout), y, l2=1 / 400, bounds=(0, None), solver=solver, tol=1e-8)
    gradient, slope = smooth_gradient(X, y, result.coef, result.intercept, 1 / 400)
    assert result.converged
    assert 100 < np.count_nonzero(result.coef) < 300
    assert abs(slope) < 1e-10
    assert np.abs(gradient[result.coef > 0.0]).max() < 1e-4
    assert gradient[result.coef == 0.0].min() > -1e-4


def test_bounds_that_no_coefficient_meets_change_nothing(layout):
    X, y = make_problem(p=P)
    X = as_layout(X, layout)
    free = fit_logistic(X, y, l2=1e-2, tol=1e-12)
    wide = fit_logistic(X, y, l2=1e-2, bounds=(-100.0, 100.0), tol=1e-12)
    none = fit_logistic(X, y, l2=1e-2, bounds=(-np.inf, None), tol=1e-12)
    np.testing.assert_allclose(wide.coef, free.coef, atol=1e-7)
    assert none.coef.tobytes() == free.coef.tobytes()
    assert none.solver == free.solver


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-2}, {"l1": 1e-2}])
def test_equal_bounds_hold_a_coefficient(penalty):
    X, y = make_problem(p=P)
    value = np.linspace(-1.0, 1.0, P)
    result = fit_logistic(X, y, **penalty, bounds=(value, value))
    assert np.array_equal(result.coef, value)
    assert result.converged


@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}, {"l1": 5e-3, "l2": 5e-3}, {}])
def test_the_gap_is_never_below_the_truth(penalty):
    X, y = make_problem(p=P)
    bounds = (np.linspace(-0.5, 0.1, P), 0.4)
    truth = fit_logistic(X, y, **penalty, bounds=bounds, tol=0.0).objective
    for solver in ("prox_newton", "coordinate_descent", "gradient_descent"):
        for max_iter in range(8):
            result = fit_logistic(X, y, **penalty, bounds=bounds, tol=0.0, max_iter=max_iter, solver=solver)
            assert result.objective - truth <= result.duality_gap  # closed bounds give one without a penalty too


def test_few_columns_of_many_are_left_where_l1_and_bounds_allow_it():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((80, 900)), (np.arange(80) % 2).astype(float)
    X[:, 600:] *= 0.01  # out of reach of l1
    lower = np.zeros(900)
    lower[-1] = 0.3
    result = fit_logistic(X, y, l1=0.05, bounds=(lower, None), tol=1e-9)
    gradient, _ = smooth_gradient(X, y, result.coef, result.intercept)
    assert result.converged
    assert result.coef[-1] == 0.3
    assert not result.coef[600:-1].any()
    assert (gradient[result.coef == 0.0] > -0.05 - 1e-6).all()


# --- how they are given -----------------------------------------------------------------------------------------------


def test_columns_by_name_and_by_number():
    X, y = make_problem(p=4)
    frame = pd.DataFrame(X, columns=["age", "dose", "sex", "weight"])
    lower = np.array([-np.inf, 0.0, -0.1, -np.inf])
    upper = np.array([np.inf, np.inf, 0.1, np.inf])
    expected = fit_logistic(X, y, l2=1e-2, bounds=(lower, upper))
    for X_, named in ((frame, {"dose": (0, None), "sex": (-0.1, 0.1)}), (X, {1: (0, None), 2: (-0.1, 0.1)})):
        np.testing.assert_allclose(fit_logistic(X_, y, l2=1e-2, bounds=named).coef, expected.coef, rtol=1e-9)
        model = LogisticRegression(C=1 / (1e-2 * len(y)), bounds=named).fit(X_, y)
        np.testing.assert_allclose(model.coef_[0], expected.coef, rtol=1e-9)
    assert model.get_params()["bounds"] is named


def test_whole_numbers_are_positions_also_where_columns_are_called_by_numbers():
    X, y = make_problem(p=2)
    frame = pd.DataFrame(X, columns=[1, 0])
    for key in (0, np.int8(0)):
        assert fit_logistic(frame, y, l2=1e-2, bounds={key: (0, 0)}).coef.tolist()[0] == 0.0
        assert LogisticRegression(bounds={key: (0, 0)}).fit(frame, y).coef_[0, 0] == 0.0
    factors = LogisticRegression(C=1e-9, penalty_factor={0: 0.0}).fit(frame, y).coef_[0]
    assert abs(factors[0]) > 1e3 * abs(factors[1])


def test_a_start_outside_is_taken_inside():
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, l2=1e-2, bounds=(0, 1), start=(np.full(P, -5.0), 0.0), max_iter=0)
    assert np.array_equal(result.coef, np.zeros(P))


@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}])
def test_bounds_are_those_of_x_when_standardised(penalty):
    X, y = make_problem(p=P)
    X = X * np.geomspace(0.1, 10.0, P)
    X[:, 3] = 2.0
    result = fit_logistic(X, y, **penalty, bounds=(-0.05, 0.2), standardize=True)
    assert result.converged
    assert result.coef.min() == -0.05 or result.coef.max() == 0.2
    assert result.coef[3] == 0.0
    with pytest.raises(ValueError, match="column 3, which is constant"):
        fit_logistic(X, y, **penalty, bounds={3: (0.1, None)}, standardize=True)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "error", "message"),
    [
        (3.0, TypeError, r"bounds=3.0: expected \(lower, upper\)"),
        ((1, 2, 3), TypeError, r"bounds=\(1, 2, 3\)"),
        ((0, "a"), TypeError, "bounds has a limit 'a'"),
        ((np.zeros(3), None), ValueError, r"bounds has a limit of shape \(3,\)"),
        ((np.nan, None), ValueError, "bounds has a limit nan"),
        ((np.inf, None), ValueError, "bounds has a limit inf"),
        ((None, -np.inf), ValueError, "bounds has a limit -inf"),
        ((1.0, 0.5), ValueError, "bounds: the lower one is above the upper one for 12 of 12 columns"),
        ({"age": (0, None)}, ValueError, "bounds: there is no column 'age', X has no column names"),
        ({12: (0, None)}, ValueError, "bounds: there is no column 12, X has 12"),
        ({-1: (0, None)}, ValueError, "bounds: there is no column -1, X has 12"),
        ({True: (0, None)}, ValueError, "bounds: there is no column True"),
        ({1: 0.0}, TypeError, r"bounds\[1\]=0.0"),
        ({1: (1, 0)}, ValueError, "for 1 of 12 columns of X .the first is 1"),
    ],
)
def test_bounds_that_cannot_be_used(bounds, error, message):
    X, y = make_problem(p=P)
    with pytest.raises(error, match=message):
        fit_logistic(X, y, bounds=bounds)


def test_names_that_cannot_be_used():
    X, y = make_problem(p=3)
    frame = pd.DataFrame(X, columns=["a", "b", "b"])
    with pytest.raises(ValueError, match="2 columns of X are called 'b'"):
        fit_logistic(frame, y, bounds={"b": (0, None)})
    with pytest.raises(ValueError, match=r"no column 'c', X has \['a', 'b', 'b'\]"):
        fit_logistic(frame, y, bounds={"c": (0, None)})
    with pytest.raises(ValueError, match="no column 'c'"):
        LogisticRegression(bounds={"c": (0, None)}).fit(frame.set_axis(["a", "b", "d"], axis=1), y)


@pytest.mark.parametrize("solver", ["newton_small", "newton_cg", "newton_cholesky", "dual_coordinate_descent", "lbfgs"])
def test_solvers_without_bounds_say_which_have_them(solver):
    X, y = make_problem(p=P)
    with pytest.raises(ValueError, match=r"within bounds; solvers that can: .*'projected_newton'"):
        fit_logistic(X, y, l2=1e-2, bounds=(0, None), solver=solver)
    with pytest.raises(ValueError, match=r"projected_newton.*cannot fit with penalty 'l2'; solvers that can"):
        fit_logistic(X, y, l2=1e-2, solver="projected_newton")


@pytest.mark.parametrize("terms", [(0.0, 1e-2, 0.0), (1e-2, 0.0, 0.0), (1e-2, 1e-2, -0.2)])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_newton_step_on_the_support_certifies_nothing_beyond_it(terms, fit_intercept):
    X, y = make_problem(p=P)
    l1, l2, lower = terms
    rows = as_matrix(X).bind(y, np.full(len(y), 1.0 / len(y)))
    objective = LogisticObjective(rows, within((lower, np.inf), l1, l2, (P, 1)), fit_intercept)
    coef = np.zeros((P, 1))
    coef[:5] = 0.3  # the others, free or not, are not in the step
    point = objective.point(coef)
    for _ in range(6):
        moved, settled = newton_on_support(objective, point)
        if moved is None:
            break
        fresh = objective.point(moved.coef.copy(), moved.intercept)
        assert moved.gap == pytest.approx(fresh.gap, rel=1e-9)
        point = fresh
    assert settled or moved is None
