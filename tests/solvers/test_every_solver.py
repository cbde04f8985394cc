"""Every solver, on every kind of problem that it claims, against the optimum to forty digits.

Solvers, penalties, bounds and layouts are crossed in full.  Kinds of targets and weights (four), offset, intercept and
dtype (two each) make 32 cells; each layout meets eight of them, which take all pairs of values, and together they meet
all sixteen problems.
"""

import functools
import itertools

import mpmath
import numpy as np
import pytest
from support.known_problems import (
    BOUNDS,
    PENALTIES,
    TARGETS,
    P,
    columns,
    limits,
    offsets,
    problem,
    strengths,
    targets_of,
)
from support.layouts import LAYOUTS, as_layout
from support.optimum import optimum
from support.references import exact_objective

from fastlr import fit_logistic
from fastlr.matrix import as_matrix
from fastlr.penalties.elastic_net import BoundedElasticNet, ElasticNet
from fastlr.solvers import SOLVERS, penalty_name

TOL = 1e-10


def cells():
    """(layout, targets, offset, fit_intercept, dtype): the array that the first lines promise."""
    for (k, layout), (t, targets), offset, fit_intercept in itertools.product(
        enumerate(LAYOUTS), enumerate(TARGETS), (False, True), (False, True)
    ):
        bits = t // 2 + t % 2 + offset + fit_intercept
        if (bits + k) % 2 == 0:
            yield layout, targets, offset, fit_intercept, (np.float32, np.float64)[(t + offset + k // 2) % 2]


@functools.cache
def stored(layout, dtype):
    return as_layout(columns()[0], layout, dtype)


@functools.cache
def claims(solver, penalty, bounds, layout):
    """Whether the solver says that it can."""
    l1, l2 = (values[:, None] for values in strengths(penalty))
    lower, upper = (values[:, None] for values in limits(bounds))
    within = (l1, l2, (P, 1)) if bounds == "free" else (l1, l2, lower, upper, (P, 1))
    penalty = (ElasticNet if bounds == "free" else BoundedElasticNet)(*within)
    spec, has_bounds = SOLVERS[solver], bounds != "free"
    return spec.handles(penalty_name(l1.any(), l2.any()), has_bounds) and not spec.obstacle(
        as_matrix(stored(layout, np.float64)), penalty
    )


def fit(solver, penalty, bounds, cell, **options):
    layout, targets, offset, fit_intercept, dtype = cell
    return fit_logistic(
        stored(layout, dtype),
        **targets_of(targets)[0],
        **PENALTIES[penalty],
        bounds=BOUNDS[bounds],
        offset=offsets(offset),
        fit_intercept=fit_intercept,
        solver=solver,
        **options,
    )


def true_value(problem, result):
    """The objective at the result, in extended precision."""
    terms = {"l1": problem.l1, "l2": problem.l2, "weight": problem.weight, "offset": problem.offset}
    return exact_objective(problem.X, problem.y, result.coef, result.intercept, **terms)


def in_words(cell):
    if cell is None or isinstance(cell, str):
        return cell
    layout, targets, offset, fit_intercept, dtype = cell
    words = [layout, targets, *["offset"] * offset, *["intercept"] * fit_intercept, dtype.__name__]
    return "-".join(words)


CLAIMED = [
    (solver, penalty, bounds, cell)
    for solver, penalty, bounds, cell in itertools.product(SOLVERS, PENALTIES, BOUNDS, cells())
    if claims(solver, penalty, bounds, cell[0])
]
REFUSED = [case for case in itertools.product(SOLVERS, PENALTIES, BOUNDS, LAYOUTS) if not claims(*case)]


@pytest.mark.parametrize(("solver", "penalty", "bounds", "cell"), CLAIMED, ids=in_words)
def test_every_solver_reaches_every_optimum_it_claims(solver, penalty, bounds, cell):
    _, targets, offset, fit_intercept, _ = cell
    posed, null = problem(penalty, bounds, targets, offset, fit_intercept)
    best = optimum(posed)
    result = fit(solver, penalty, bounds, cell, tol=TOL, max_iter=20_000)
    assert result.converged, result.message
    assert result.solver == solver

    assert np.all((posed.lower <= result.coef) & (result.coef <= posed.upper))
    assert not result.coef[(best.coef == 0.0) & (posed.l1 > 0.0)].any()
    assert fit_intercept or result.intercept == 0.0

    value = true_value(posed, result)
    suboptimality = float(value - np.longdouble(mpmath.nstr(best.value, 30)))
    assert abs(result.objective - float(value)) <= 1e-14 * float(value)
    promised = TOL * null * (1.0 if result.certificate == "gap" else 10.0) + 1e-15
    assert suboptimality <= promised
    if not np.isnan(result.duality_gap):
        assert suboptimality <= result.duality_gap
        for passed in result.history:
            assert passed.objective - float(best.value) <= passed.gap + 1e-14

    off = np.linalg.norm(np.r_[result.coef - best.coef, result.intercept - best.intercept])
    assert off <= 1.05 * np.sqrt(2.0 * promised / best.curvature)


@pytest.mark.parametrize(("solver", "penalty", "bounds", "layout"), REFUSED)
def test_what_a_solver_does_not_claim_it_refuses_and_names_those_that_can(solver, penalty, bounds, layout):
    able = [name for name in SOLVERS if claims(name, penalty, bounds, layout)]
    with pytest.raises(ValueError, match=f"solver='{solver}' cannot fit") as refusal:
        fit(solver, penalty, bounds, (layout, "labels", False, True, np.float64))
    assert str(refusal.value).endswith(f"solvers that can: {['auto', *able]}")


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(
    ("solver", "penalty"),
    [pair for pair in itertools.product(SOLVERS, PENALTIES) if claims(*pair, "non-negative", "C")],
)
def test_a_start_where_bounds_hold_every_coefficient_is_seen_to_be_the_optimum(solver, penalty, fit_intercept):
    X, _ = columns()
    y = targets_of("labels")[1][0]
    uphill = X * np.sign(X.T @ ((y.mean() if fit_intercept else 0.5) - y))
    result = fit_logistic(
        uphill, y, **PENALTIES[penalty], bounds=(0.0, None), fit_intercept=fit_intercept, solver=solver, tol=TOL
    )
    assert result.converged
    assert result.n_iter == 0
    assert not result.coef.any()


def test_bounds_hold_some_coefficients_and_leave_others():
    for penalty, bounds in itertools.product(PENALTIES, set(BOUNDS) - {"free"}):
        posed, _ = problem(penalty, bounds, "labels", False, True)
        coef = optimum(posed).coef
        held = (coef == posed.lower) | (coef == posed.upper)
        assert held.any()
        assert not held.all()


def test_the_cells_take_all_pairs_in_each_layout_and_all_problems_together():
    found = list(cells())
    assert len({cell[1:4] for cell in found}) == 16
    for layout in LAYOUTS:
        here = [cell[1:] for cell in found if cell[0] == layout]
        assert len(here) == 8
        for a, b in itertools.combinations(range(4), 2):
            assert len({(cell[a], cell[b]) for cell in here}) == (8 if a == 0 else 4)
