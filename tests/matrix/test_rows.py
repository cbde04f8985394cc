"""Rows: a matrix bound to targets and weights, what it carries through a fit and counts; the space of the rows."""

import numpy as np
import pytest
from support.comparisons import assert_within
from support.layouts import as_layout
from support.matrix_answers import bound_rows
from support.problems import random_matrix
from support.references import logistic_rows

from fastlr.matrix import RowSpace, as_matrix


@pytest.mark.parametrize("offset", [False, True])
def test_rows_carry_state_through_the_passes_of_a_fit(layout, offset):
    values = random_matrix(150, 7, 0.6)
    rows, y, weight, shift = bound_rows(as_layout(values, layout), offset=offset)
    coef, step = np.random.default_rng(1).standard_normal((2, 7, 1))
    eta = values @ coef[:, 0] + 0.4 + (0.0 if shift is None else shift)
    state = rows.state(coef, 0.4)
    assert_within(state.eta, eta, 10.0)
    loss, gradient, XtD1 = rows.gradient(state, with_curvature=True)
    expected_loss, residual, curvature = logistic_rows(eta, y, weight)
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    assert_within(gradient[:, 0], values.T @ residual, 1.0)
    assert_within(XtD1[:, 0], values.T @ curvature, 1.0)
    assert_within(state.curvature, curvature, 1.0)
    assert_within(rows.XtD1(state), XtD1, 1.0)
    assert_within(rows.squares(state)[:, 0], (values**2).T @ curvature, 1.0)
    out = np.full((7, 1), np.nan)
    Xd = rows.hessian_product(state, step, 0.2, out).copy()
    assert_within(Xd, values @ step[:, 0] + 0.2, 10.0)
    assert_within(out[:, 0], values.T @ (curvature * Xd), 10.0)
    assert_within(rows.apply(step, 0.2), Xd, 10.0)
    along = rows.along(state, Xd, [0.0, 1.0, 0.25])
    assert_within(along, [logistic_rows(eta + t * Xd, y, weight)[0] for t in (0.0, 1.0, 0.25)], 10.0)
    rows.advance(state, Xd, 0.25)
    assert_within(state.eta, eta + 0.25 * Xd, 10.0)


def test_offset_of_the_user_is_left_as_it_was(layout):
    values = random_matrix(30, 4, 1.0)
    rows, _, _, offset = bound_rows(as_layout(values, layout), offset=True)
    before = offset.copy()
    state = rows.state(np.ones((4, 1)), 0.7)
    rows.optimise_intercept(state)
    rows.advance(state, rows.Xd() + 1.0, 1.0)
    np.testing.assert_array_equal(offset, before)


def test_rows_count_the_passes_they_make(layout):
    values = random_matrix(150, 7, 0.6)
    rows, *_ = bound_rows(as_layout(values, layout))
    assert rows.counter.n_passes == 0.0
    state = rows.state(np.zeros((7, 1)), 0.0)
    assert rows.counter.n_passes == 0.0
    rows.gradient(state, with_curvature=False)
    assert rows.counter.n_passes == 1.0
    rows.apply(np.ones((7, 1)), 0.0)
    assert rows.counter.n_passes == 2.0
    before = rows.counter.entries_read
    restricted = rows.restrict(np.array([1, 4]))
    entries = 300 if layout in ("C", "F") else np.count_nonzero(values[:, [1, 4]])
    assert rows.counter.entries_read == before + entries
    restricted.XtD1(state)
    assert rows.counter.entries_read == before + 2 * entries
    assert rows.counter.copied_bytes == restricted.matrix.copied_bytes > 0


@pytest.mark.parametrize("scale", [0.1, 10.0, 1e3])
@pytest.mark.parametrize("mean", [0.0, 30.0, -700.0, 1e5, -1e8])
def test_centring_finds_where_the_loss_is_least_in_the_intercept(scale, mean):
    rng = np.random.default_rng(0)
    eta = mean + scale * rng.standard_normal(200)
    rows, y, weight, _ = bound_rows(np.zeros((200, 1)))
    state = rows.state(np.zeros((1, 1)), 0.0)
    state.eta[:] = eta
    shift = rows.optimise_intercept(state)
    np.testing.assert_array_equal(state.eta, eta + shift)
    _, residual, curvature = logistic_rows(state.eta, y, weight)
    slack = np.spacing(np.abs(eta).max()) * curvature.sum()
    assert abs(residual.sum()) <= 1e-15 + 2 * slack


@pytest.mark.parametrize("bad, word", [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
@pytest.mark.parametrize("where", [(0, 0), (17, 3), (39, 4)])
def test_an_entry_that_is_not_finite_is_named_with_its_place(layout, bad, word, where):
    values = random_matrix(40, 5, 0.5)
    assert as_matrix(as_layout(values, layout)).locate_nonfinite() is None
    values[where] = bad
    rows, *_ = bound_rows(as_layout(values, layout))
    assert rows.matrix.locate_nonfinite() == where
    state = rows.state(np.zeros((5, 1)), 0.0)
    with np.errstate(invalid="ignore"):
        gradient = rows.gradient(state, with_curvature=False)[1]
    with pytest.raises(ValueError, match=rf"X contains {word}, at row {where[0]}, column {where[1]}"):
        rows.check_finite(gradient)


def test_an_entry_that_is_not_finite_is_found_in_a_row_without_weight(layout):
    values = random_matrix(40, 5, 0.5)
    values[17, 3] = np.nan
    weight = np.ones(40)
    weight[17] = 0.0
    rows = as_matrix(as_layout(values, layout)).bind(np.tile([0.0, 1.0], 20), weight / 39)
    gradient = rows.gradient(rows.state(np.zeros((5, 1)), 0.0), with_curvature=False)[1]
    with pytest.raises(ValueError, match="row 17, column 3"):
        rows.check_finite(gradient)


def test_the_space_of_the_rows_keeps_predictors_and_penalty(layout):
    rng = np.random.default_rng(0)
    values, weights = rng.standard_normal((8, 30)), rng.uniform(0.5, 2.0, 30)
    values[5] = values[2]  # dependent
    space = RowSpace(as_matrix(as_layout(values, layout)), weights)
    v = space.matrix.X.T @ rng.standard_normal(8)  # in the row space
    coef = space.lift(v[:, None])[:, 0]
    np.testing.assert_allclose(values @ coef, space.matrix.X @ v, rtol=0, atol=1e-6)
    np.testing.assert_allclose(coef @ (coef / weights), v @ v, rtol=1e-6)
