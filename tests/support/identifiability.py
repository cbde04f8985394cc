"""Separation and dependence by plain means: one dense linear program, one pseudo-inverse."""

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from fastlr import Status
from fastlr.inference.identifiability import Separation


def signs(y):
    return np.where((y == 0.0) | (y == 1.0), 2.0 * y - 1.0, 0.0)


def most_separated(X, y, free, fit_intercept=True, weight=None, lower=None, upper=None):
    """How many rows can be separated at once, and how many there are that count.

    Maximise  sum_i u_i  subject to  t_i (x_i . d + d_0) >= u_i,  0 <= u_i <= 1,  equality with 0 between the classes:
    directions form a cone, so that an optimum has u_i in {0, 1}.
    """
    counts = np.ones(len(y), bool) if weight is None else weight > 0
    X, t = X[counts][:, free], signs(y[counts])
    columns = np.hstack([X, np.ones((len(X), 1))]) if fit_intercept else X
    n, p = columns.shape
    cost = np.concatenate([np.zeros(p), -np.ones(n)])
    matrix = np.hstack([-t[:, None] * columns, np.eye(n)])
    between = np.hstack([columns[t == 0.0], np.zeros((int(np.sum(t == 0.0)), n))])
    low, high = np.full(p, -1e4), np.full(p, 1e4)
    for limit, bound in ((low, lower), (high, upper)):
        if bound is not None:
            limit[: len(free)][np.isfinite(bound[free])] = 0.0
    box = [*zip(low, high, strict=True), *[(0.0, 1.0) if sign else (0.0, 0.0) for sign in t]]
    equal = {"A_eq": between, "b_eq": np.zeros(len(between))} if len(between) else {}
    answer = linprog(cost, A_ub=matrix, b_ub=np.zeros(n), **equal, bounds=box)
    assert answer.success
    return round(-answer.fun), n


def check_separation(X, y, result, free, fit_intercept=True, weight=None, lower=None, upper=None):
    """The result says what the reference finds, and its direction proves it."""
    most, n = most_separated(X, y, free, fit_intercept, weight, lower, upper)
    found = [finding for finding in result.findings if isinstance(finding, Separation)]
    assert len(found) == (most > 0), (most, result.message)
    assert (result.status is Status.SEPARATED) == (most > 0)
    for finding in found:
        counts = np.ones(len(y), bool) if weight is None else weight > 0
        Xd = (X @ finding.direction + finding.intercept)[counts]
        t = signs(y[counts])
        assert finding.rows == most == np.sum(t * Xd > 1e-7)
        assert np.all(t * Xd > -1e-7)
        assert np.all(np.abs(Xd[t == 0.0]) < 1e-7)
        assert finding.kind == ("complete" if most == n else "quasi-complete")
        assert finding.columns == tuple(np.flatnonzero(finding.direction))
        assert set(finding.columns) <= set(free)
        assert fit_intercept or finding.intercept == 0.0
        assert finding.kind in result.message


def least_norm(X, coef, free, fit_intercept=True, weight=None):
    """The free coefficients of least norm with the same linear predictors up to the intercept."""
    part = X[:, free] if weight is None else X[weight > 0][:, free]
    if fit_intercept:
        part = part - part.mean(axis=0)
    return np.linalg.pinv(part, rcond=1e-10) @ (part @ coef[free])


def rank(X, fit_intercept=True):
    return np.linalg.matrix_rank(X - X.mean(axis=0) if fit_intercept else X, tol=1e-8)


# --- against the references, on small problems ------------------------------------------------------------------------


@st.composite
def small_problems(draw):
    """Few rows of small whole numbers: separated, degenerate and ordinary ones are all frequent."""
    n, p = draw(st.integers(4, 24)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.integers(-2, 3, (n, p)).astype(float) * (rng.random((n, p)) < draw(st.sampled_from([0.3, 1.0])))
    if p > 2 and draw(st.booleans()):
        X[:, 2] = X[:, 0] - X[:, 1]
    if draw(st.booleans()):
        X[:, 0] = 2.0
    y = (X @ rng.standard_normal(p) + draw(st.sampled_from([0.0, 0.5, 3.0])) * rng.standard_normal(n) > 0).astype(float)
    y[:2] = 0.0, 1.0
    weight = None
    if draw(st.booleans()):
        weight = rng.integers(0, 3, n).astype(float)
        weight[:2] = 1.0
    if draw(st.integers(0, 3)) == 0:
        y[rng.integers(2, n)] = 0.25
    return X, y, weight, rng
