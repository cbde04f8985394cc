"""How fits end and what their results count: history, passes, copies, limits, status."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.penalties import FEW, PENALTIES, UNPENALISED, P, arguments, terms
from support.problems import make_problem
from support.references import (
    null_objective,
    one_coordinate_decrease,
)

from fastlr import LogisticResult, Status, fit_logistic


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


@pytest.mark.parametrize("name", [*PENALTIES, *UNPENALISED])
def test_history_counts_passes_up_and_the_objective_down(layout, name):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **arguments(name), tol=1e-10)
    passes = [progress.n_passes for progress in result.history]
    values = np.array([progress.objective for progress in result.history])
    assert [progress.iteration for progress in result.history] == list(range(result.n_iter + 1))
    assert passes == sorted(set(passes))
    assert passes[-1] <= result.n_passes
    assert (np.diff(values) <= 4 * np.finfo(float).eps * values[:-1]).all()
    assert values[-1] == result.objective
    assert result.history[-1].nonzeros == np.count_nonzero(result.coef)
    assert result.history[-1].optimality == result.optimality


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {}], ids=["l2", "none"])
def test_smooth_fits_copy_nothing_of_x(layout, dtype, index, penalty):
    X, y = make_problem(p=P)
    assert fit_logistic(as_layout(X, layout, dtype, index), y, **penalty).copied_bytes == 0


def test_x_is_not_written_to(layout, penalty):
    X, y = make_problem(p=P)
    weight = np.ones(len(y))
    stored = as_layout(X, layout)
    arrays = (stored.data, stored.indices, stored.indptr) if sp.issparse(stored) else (stored,)
    before = [part.copy() for part in arrays]
    for part in (*arrays, y, weight):
        if isinstance(part, np.ndarray):
            part.setflags(write=False)
    fit_logistic(stored, y, **penalty, sample_weight=weight)
    assert all(np.array_equal(part, old) for part, old in zip(arrays, before, strict=True))


def test_conversions_are_counted_as_copies():
    X, y = make_problem(p=P)
    integers = np.rint(4 * X).astype(np.int16)
    assert fit_logistic(integers, y, l2=1e-2).copied_bytes == 8 * integers.size


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_max_iter_is_the_status_when_iterations_run_out(name):
    X, y = make_problem(p=P)
    for max_iter in (0, 1):
        result = fit_logistic(X, y, **arguments(name), tol=1e-12, max_iter=max_iter)
        assert result.status is Status.MAX_ITER
        assert not result.converged
        assert result.n_iter == max_iter
        assert f"max_iter={max_iter}" in result.message


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_no_iterations_give_the_null_model(name):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **arguments(name), max_iter=0)
    assert not result.coef.any()
    assert result.objective == pytest.approx(null_objective(y), rel=1e-14)
    assert result.intercept == pytest.approx(np.log(y.mean() / (1 - y.mean())), rel=1e-12)


def test_tol_zero_ends_at_the_limit_of_double_precision(layout, penalty):
    X, y = make_problem(p=P)
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=0.0)
    assert result.status is Status.PRECISION_LIMIT, result.message
    assert one_coordinate_decrease(X, y, result.coef, result.intercept, **terms(penalty)) < 1e-14


@pytest.mark.parametrize("name", [*FEW, *UNPENALISED])
def test_a_result_has_the_documented_types(name):
    X, y = make_problem(p=P)
    result = fit_logistic(X, y, **arguments(name))
    assert isinstance(result, LogisticResult)
    assert result.coef.shape == (P,)
    assert result.coef.dtype == np.float64
    for field in ("intercept", "objective", "duality_gap", "optimality", "n_passes"):
        assert isinstance(getattr(result, field), float), field
    assert isinstance(result.n_iter, int)
    assert result.solver == arguments(name).get("solver", "newton_small" if name in ("l2", "none") else "prox_newton")
    assert result.n_passes > 0
