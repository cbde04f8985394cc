"""What solver="auto" makes of any small problem, against the optimum to forty digits."""

import mpmath
import numpy as np
from hypothesis import given, reject, settings, strategies as st
from support.layouts import LAYOUTS, as_layout
from support.optimum import Problem, Unclear, optimum
from support.references import exact_objective, smooth_gradient

from fastlr import fit_logistic

#: Kinds of bounds of a coefficient: (lower, upper) from two random sizes.
BOUNDS = {
    "free": lambda a, b: (-np.inf, np.inf),
    "non-negative": lambda a, b: (0.0, np.inf),
    "non-positive": lambda a, b: (-np.inf, 0.0),
    "below": lambda a, b: (-a, np.inf),
    "above": lambda a, b: (-np.inf, -a),
    "around zero": lambda a, b: (-a, b),
    "positive": lambda a, b: (a, a + b),
    "one value": lambda a, b: (a, a),
}


@st.composite
def problems(draw):
    """A Problem with one optimum, and what fit_logistic is told of its targets and weights.

    The first rows come twice, with both labels: no classes are separable.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = draw(st.integers(1, 5))
    twice = 3 * p + 3
    n = 2 * twice + draw(st.integers(0, 20))
    X = np.round(64.0 * (rng.standard_normal((n, p)) + draw(st.sampled_from([0.0, 1.0])))) / 64.0
    X[:twice] *= rng.random((twice, p)) < 0.9
    X[twice : 2 * twice] = X[:twice]
    y = (rng.random(n) < 0.5).astype(float)
    y[:twice], y[twice : 2 * twice] = 0.0, 1.0
    strengths = st.lists(st.sampled_from([0.0, 0.0, 1e-3, 1e-2, 0.1]), min_size=p, max_size=p)
    l1, l2 = (np.array(draw(strengths)) * rng.uniform(0.5, 1.5, p) for _ in range(2))
    kinds = draw(st.lists(st.sampled_from(sorted(BOUNDS)), min_size=p, max_size=p) | st.just(["free"] * p))
    pairs = [BOUNDS[kind](*rng.uniform(0.05, 1.0, 2)) for kind in kinds]
    lower, upper = (np.array(limit) for limit in zip(*pairs, strict=True))
    told, y, weight = targets(draw(st.sampled_from(["labels", "weights", "shares", "trials"])), y, rng)
    offset = draw(st.sampled_from([0.0, 1.0, 5.0])) * rng.standard_normal(n)
    return Problem(X, y, weight, offset, l1, l2, lower, upper, draw(st.booleans())), told


def targets(kind, y, rng):
    """(what fit_logistic is told, targets, weights)."""
    n = len(y)
    if kind == "labels":
        return {"y": y}, y, np.ones(n)
    if kind == "weights":
        weight = rng.uniform(0.1, 2.0, n) * (np.arange(n) % 7 > 0)
        return {"y": y, "sample_weight": weight}, y, weight
    if kind == "shares":
        y = np.where(rng.random(n) < 0.5, y, rng.random(n))
        return {"y": y}, y, np.ones(n)
    trials = rng.integers(1, 5, n)
    return {"y": y * trials, "trials": trials}, y, trials.astype(float)


def least_subgradient(problem, coef, intercept):
    """The subgradient of least norm, (p,), once what bounds hold back counts as zero; and the derivative in the
    intercept."""
    gradient, slope = smooth_gradient(
        problem.X, problem.y, coef, intercept + problem.offset, problem.l2, problem.weight
    )
    right = gradient + np.where(coef >= 0.0, problem.l1, -problem.l1)
    left = gradient + np.where(coef > 0.0, problem.l1, -problem.l1)
    right = np.where(coef >= problem.upper, np.inf, right)
    left = np.where(coef <= problem.lower, -np.inf, left)
    return np.minimum(right, 0.0) + np.maximum(left, 0.0), slope


@settings(max_examples=300, deadline=None)
@given(
    case=problems(),
    layout=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from([np.float32, np.float64]),
    n_threads=st.sampled_from([None, 1, 2, 3]),
    tol=st.sampled_from([1e-3, 1e-6, 1e-10]),
)
def test_auto_reaches_the_optimum_and_certifies_it(case, layout, dtype, n_threads, tol):
    problem, told = case
    try:
        best = optimum.__wrapped__(problem)
    except Unclear:
        reject()
    result = fit_logistic(
        as_layout(problem.X, layout, dtype),
        **told,
        l1=problem.l1,
        l2=problem.l2,
        bounds=(problem.lower, problem.upper),
        offset=problem.offset,
        fit_intercept=problem.fit_intercept,
        n_threads=n_threads,
        tol=tol,
    )
    assert result.converged, result.message
    assert np.all((problem.lower <= result.coef) & (result.coef <= problem.upper))

    terms = {"l1": problem.l1, "l2": problem.l2, "weight": problem.weight, "offset": problem.offset}
    value = exact_objective(problem.X, problem.y, result.coef, result.intercept, **terms)
    suboptimality = float(value - np.longdouble(mpmath.nstr(best.value, 30)))
    promised = tol * problem.null_value() * (1.0 if result.certificate == "gap" else 10.0) + 1e-15
    assert abs(result.objective - float(value)) <= 1e-14 * float(value)
    assert suboptimality <= promised
    assert np.isnan(result.duality_gap) or suboptimality <= result.duality_gap

    subgradient, slope = least_subgradient(problem, result.coef, result.intercept)
    np.testing.assert_allclose(result.optimality, np.abs(subgradient).max(), rtol=1e-6, atol=1e-12)
    assert not problem.fit_intercept or abs(slope) < 1e-9
    if tol == 1e-10:
        assert np.abs(subgradient).max() < 1e-4
