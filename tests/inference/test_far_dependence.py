"""Collinear columns are named whatever their offsets, where rounding of their entries is all that remains."""

import numpy as np
import pytest
from support.layouts import LAYOUTS, as_layout

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest
from fastlr.inference.identifiability import Collinear, Constant

STORED = [(np.float64, offset) for offset in (10.0, 273.15, 1e4, 1e6, 1e7, 1e9)]
STORED += [(np.float32, offset) for offset in (10.0, 273.15, 1e4, 1e6)]


def problem(dtype, n=400, seed=1):
    """Three columns, the first of standard deviation 10, and labels that the first and the second tell."""
    rng = np.random.default_rng(seed)
    Z = (rng.standard_normal((n, 3)) * [10.0, 1.0, 1.0]).astype(dtype)
    return Z, (Z[:, 0] / 10.0 + Z[:, 1] + rng.logistic(size=n) > 0).astype(float)


def named(result):
    """The columns of its findings."""
    assert all(isinstance(finding, Collinear) for finding in result.findings)
    return [finding.columns for finding in result.findings]


def with_a_copy(Z, kind, offset):
    """(X, columns that depend on each other): the first column again, or a sum, moved, in the type of Z."""
    shift = Z.dtype.type(offset)
    match kind:
        case "moved":
            return np.column_stack([Z[:, 1], Z[:, 0], Z[:, 0] + shift]), (1, 2)
        case "both moved":
            return np.column_stack([Z[:, 0] + shift, Z[:, 1], Z[:, 0] - shift]), (0, 2)
        case "sum":
            return np.column_stack([Z, (Z[:, 0] + Z[:, 1]) + shift]), (0, 1, 3)
        case "negative":
            return np.column_stack([Z, shift - Z[:, 0]]), (0, 3)


@pytest.mark.parametrize("solver", ["auto", "newton_cg"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["moved", "both moved", "sum", "negative"])
@pytest.mark.parametrize("dtype, offset", STORED)
def test_columns_that_differ_by_an_offset_are_named(dtype, offset, kind, layout, solver):
    Z, y = problem(dtype)
    X, columns = with_a_copy(Z, kind, offset)
    result = fit_logistic(as_layout(X, layout, dtype), y, solver=solver)
    assert named(result) == [columns]
    assert "collinear" in result.message


@pytest.mark.parametrize("dtype, offset", STORED)
def test_they_are_named_in_each_of_several_fits(dtype, offset):
    Z, y = problem(dtype)
    X, columns = with_a_copy(Z, "moved", offset)
    Y = np.column_stack([y, Z[:, 1] + y > 0.5]).astype(int)
    assert [named(result) for result in fit_one_vs_rest(X, Y)] == [[columns], [columns]]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_they_are_named_by_their_names():
    pandas = pytest.importorskip("pandas")
    Z, y = problem(np.float64)
    frame = pandas.DataFrame({"celsius": Z[:, 0], "other": Z[:, 1], "stamp": 1.7e9 + Z[:, 0]})
    model = LogisticRegression(C=np.inf).fit(frame, y)
    assert "'celsius' and 'stamp'" in model.result_.message


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("offset", [0.0, 10.0, 1e3, 1e4])
@pytest.mark.parametrize("difference", [1e-9, 1e-8, 1e-7, 1e-6, 1e-5])
def test_columns_that_differ_by_more_than_rounding_are_fitted(difference, offset, layout):
    Z, y = problem(np.float64)
    X = np.column_stack([Z[:, 0], Z[:, 0] + difference * 10.0 * Z[:, 2] + offset, Z[:, 1]])
    seen = X - [0.0, offset, 0.0]  # the difference as the entries, which are rounded, have it
    apart = np.column_stack([Z[:, 0], (seen[:, 1] - seen[:, 0]) / difference / 10.0, Z[:, 1]])
    result, expected = fit_logistic(as_layout(X, layout), y), fit_logistic(apart, y)
    assert result.findings == ()
    assert result.objective == pytest.approx(expected.objective, abs=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("difference", [1e-4, 1e-2])
def test_columns_of_float32_that_differ_by_more_than_rounding_are_fitted(difference, layout):
    Z, y = problem(np.float32)
    X = np.column_stack([Z[:, 0], Z[:, 0] + np.float32(10.0 * difference) * Z[:, 2] + np.float32(10.0), Z[:, 1]])
    assert fit_logistic(as_layout(X, layout, np.float32), y).findings == ()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("offset", [1e5, 1e7, 2.0**24 - 600])
def test_columns_of_whole_numbers_far_from_zero_in_float32_are_not_named(offset, layout):
    rng = np.random.default_rng(3)
    Z = rng.integers(0, 500, (400, 3)).astype(np.float64)
    y = (Z[:, 0] / 250.0 - 1.0 + rng.logistic(size=400) > 0).astype(float)
    assert fit_logistic(as_layout(Z + offset, layout, np.float32), y).findings == ()


def test_columns_that_do_not_vary_are_constant_whatever_their_size():
    Z, y = problem(np.float64)
    X = np.column_stack([Z[:, 0], np.full(400, 1e15), Z[:, 0] + 1e4, Z[:, 1]])
    found = {type(finding): finding.columns for finding in fit_logistic(X, y).findings}
    assert found == {Constant: (1,), Collinear: (0, 2)}


@pytest.mark.parametrize("dtype, offset", [(np.float64, 1e4), (np.float32, 100.0)])
def test_a_column_of_ones_stands_in_for_the_intercept(dtype, offset):
    Z, y = problem(dtype)
    X = np.column_stack([Z[:, 0], Z[:, 0] + dtype(offset), np.ones(400), Z[:, 1]]).astype(dtype)
    assert named(fit_logistic(X, y, fit_intercept=False)) == [(0, 1, 2)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("given", [{"l1": 1e-3}, {"l2": 1e-9}])
def test_far_columns_without_an_intercept_are_named_where_a_fit_ends_short(given, layout):
    Z, y = problem(np.float64)
    X = as_layout(np.column_stack([Z[:, 1], Z + np.array([1e9, 0.0, 1e10])]), layout)
    result = fit_logistic(X, y, fit_intercept=False, max_iter=1, **given)
    assert not result.converged
    assert "(columns 1 and 3): fit an intercept, or centre or rescale them" in result.message
    assert "Without an intercept" not in fit_logistic(X, y, **given).message
    assert "Without an intercept" not in fit_logistic(X, y, fit_intercept=False, tol=0.0, **given).message


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_they_are_named_by_their_names_without_an_intercept():
    pandas = pytest.importorskip("pandas")
    Z, y = problem(np.float64)
    frame = pandas.DataFrame({"stamp 7": 1.7e9 + Z[:, 0], "other": Z[:, 1], "id": 1e10 + Z[:, 2]})
    model = LogisticRegression(l1_ratio=1.0, fit_intercept=False, max_iter=1).fit(frame, y)
    assert "(columns 'stamp 7' and 'id'): fit an intercept" in model.result_.message
    wide = pandas.DataFrame({f"c{j}": 1e9 + np.random.default_rng(j).standard_normal(400) for j in range(11)})
    model = LogisticRegression(l1_ratio=1.0, fit_intercept=False, max_iter=1).fit(wide, y)
    assert "'c7' and 3 more)" in model.result_.message
