"""Exact Newton for small problems: the compiled iterations against plain NumPy, and the solver around them."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from scipy.special import expit
from support.kernels import cpu_levels, load_kernels
from support.layouts import dense_layouts, scrambled

from fastlr import Status, fit_logistic, kernels
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.solvers import Controls, Monitor
from fastlr.solvers.smooth import newton_small

STORAGES = ("C", "F", "C, some columns", "F, columns reversed", "csr int32", "csr int64", "csr unsorted")


@pytest.fixture(params=cpu_levels(), scope="module")
def small(request):
    return load_kernels(request.param).newton_small


def stored(X, storage):
    if not storage.startswith("csr"):
        return dense_layouts(X)[storage]
    compressed = sp.csr_array(X)
    if storage == "csr unsorted":
        return scrambled(compressed)
    index = np.dtype(storage.removeprefix("csr "))
    compressed.indices, compressed.indptr = compressed.indices.astype(index), compressed.indptr.astype(index)
    return compressed


def problem(n=60, p=5, seed=0, dtype=np.float64, storage="C", weighted=True, offset=False, l2=1e-2, intercept=True):
    """A small problem: X dense in float64 for the references, and as it is stored."""
    rng = np.random.default_rng(seed)
    X = (rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.8) + 0.5 * (rng.random(p) < 0.5)).astype(dtype)
    y = (X @ rng.standard_normal(p) + rng.logistic(size=n) > 0.3).astype(float)
    y[-1], y[0] = 1.0, 0.25  # no class is alone, and one target is soft
    weight = rng.random(n) * (rng.random(n) < 0.9) if weighted else np.ones(n)
    weight[[0, -1]] = 1.0
    return SimpleNamespace(
        X=X.astype(float),
        stored=stored(X, storage),
        y=y,
        weight=weight / weight.sum(),
        offset=rng.standard_normal(n) if offset else None,
        l2=np.broadcast_to(np.asarray(l2, dtype=float).reshape(-1, 1), (p, 1)),
        intercept=intercept,
        coef=np.zeros(p),
    )


def run(small, q, records=50, tol=0.0, first=0, scratch=None, start=0.0):
    """Iterations from q.coef, which is overwritten; (outcome, records as dicts, null value)."""
    n, p = q.X.shape
    rows = np.full((records, len(small.RECORD)), np.nan)
    scratch = np.full(small.scratch_length(n, p), np.nan) if scratch is None else scratch
    storage = (q.stored.indptr, q.stored.indices, q.stored.data) if sp.issparse(q.stored) else (q.stored,)
    kernel = small.csr if sp.issparse(q.stored) else small.dense
    has_gap = bool((q.l2 > 0).all())
    fit = (q.y, q.weight, q.offset, q.l2, q.intercept, has_gap, tol, start, first, q.coef, rows, scratch)
    outcome, filled, null_value, _ = kernel(*storage, *fit)
    return small.OUTCOMES[outcome], [dict(zip(small.RECORD, row, strict=True)) for row in rows[:filled]], null_value


def table(records):
    """Records as bytes, to compare runs bit by bit."""
    return np.array([list(record.values()) for record in records]).tobytes()


# --- plain references -------------------------------------------------------------------------------------------------


def value(q, coef, intercept):
    """The objective in extended precision."""
    wide = np.longdouble
    eta = q.X.astype(wide) @ coef.astype(wide) + wide(intercept) + (0 if q.offset is None else q.offset.astype(wide))
    loss = np.maximum(eta, 0) + np.log1p(np.exp(-np.abs(eta))) - q.y.astype(wide) * eta
    return np.sum(q.weight.astype(wide) * loss) + np.sum(q.l2[:, 0].astype(wide) * coef.astype(wide) ** 2) / 2


def derivatives(q, coef, intercept):
    """Gradient and Hessian in (coef, intercept), the intercept as one more column."""
    full = np.column_stack([q.X, np.ones(len(q.y))]) if q.intercept else q.X
    l2 = np.append(q.l2[:, 0], 0.0) if q.intercept else q.l2[:, 0]
    point = np.append(coef, intercept) if q.intercept else coef
    eta = full @ point + (0.0 if q.offset is None else q.offset)
    gradient = full.T @ (q.weight * (expit(eta) - q.y)) + l2 * point
    hessian = full.T @ ((q.weight * expit(eta) * expit(-eta))[:, None] * full) + np.diag(l2)
    return gradient, hessian


def plain_newton(q, steps=60):
    """(coef, intercept) at the optimum, by damped Newton steps in plain NumPy."""
    coef, intercept = np.zeros(q.X.shape[1]), 0.0
    for _ in range(steps):
        gradient, hessian = derivatives(q, coef, intercept)
        step = -np.linalg.solve(hessian, gradient)
        part, shift = (step[:-1], step[-1]) if q.intercept else (step, 0.0)
        t = 1.0
        while t > 1e-10 and value(q, coef + t * part, intercept + t * shift) > value(q, coef, intercept):
            t /= 2
        coef, intercept = coef + t * part, intercept + t * shift
    return coef, intercept


# --- the kernel -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("l2", [0.0, 1e-2, np.geomspace(1e-3, 1.0, 5)], ids=["none", "one", "each"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("storage", STORAGES)
def test_the_optimum_is_that_of_plain_newton(small, storage, dtype, l2, offset, intercept):
    q = problem(dtype=dtype, storage=storage, l2=l2, offset=offset, intercept=intercept)
    outcome, records, _ = run(small, q)
    coef, expected = plain_newton(q)
    assert outcome == "finished"
    np.testing.assert_allclose(q.coef, coef, rtol=1e-7, atol=1e-9)
    assert records[-1]["intercept"] == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert records[-1]["objective"] == pytest.approx(float(value(q, coef, expected)), rel=1e-14)


@pytest.mark.parametrize("n, p", [(1, 1), (7, 3), (64, 8), (129, 4), (600, 6), (1030, 13), (40, 130), (140, 67)])
@pytest.mark.parametrize("storage", ["C", "F", "csr int32"])
def test_any_shape(small, storage, n, p):
    q = problem(n, p, storage=storage, weighted=False, l2=0.1)
    outcome, records, _ = run(small, q)
    gradient, _ = derivatives(q, q.coef, records[-1]["intercept"])
    assert outcome == "finished"
    assert np.abs(gradient).max() < 1e-7  # the square root of what double precision resolves


@pytest.mark.parametrize("n", [60, 5000])
def test_equal_weights_may_come_as_one_block(small, n):
    q = problem(n, weighted=False)
    block = problem(n, weighted=False)
    block.weight = block.weight[: min(n, 4096)].copy()
    assert table(run(small, q)[1]) == table(run(small, block)[1])
    assert np.array_equal(q.coef, block.coef)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("storage", ["C", "F", "csr int64"])
def test_what_is_recorded_of_a_step(small, storage, intercept):
    q = problem(storage=storage, intercept=intercept)
    _, records, null_value = run(small, q, records=2)
    start, moved = records
    gradient, hessian = derivatives(q, np.zeros(5), start["intercept"])
    assert (
        start["objective"] == null_value == pytest.approx(float(value(q, np.zeros(5), start["intercept"])), rel=1e-14)
    )
    assert start["optimality"] == pytest.approx(np.abs(gradient[:5]).max(), rel=1e-12)
    assert start["gap"] == pytest.approx(np.sum(gradient[:5] ** 2 / (2 * q.l2[:, 0])), rel=1e-12)
    assert np.isnan(start["decrement"])
    assert start["nonzeros"] == 0
    assert moved["decrement"] == pytest.approx(0.5 * gradient @ np.linalg.solve(hessian, gradient), rel=1e-10)
    assert moved["objective"] == pytest.approx(float(value(q, q.coef, moved["intercept"])), rel=1e-14)
    assert moved["nonzeros"] == 5
    assert moved["gap"] < 0.1 * start["gap"]
    assert moved["reads"] == 3


def test_iterations_one_by_one_are_those_of_one_run(small):
    together, apart = problem(), problem()
    _, expected, _ = run(small, together)
    scratch = np.full(small.scratch_length(60, 5), np.nan)
    records, outcome = [], "running"
    while outcome == "running":
        outcome, more, _ = run(small, apart, records=1, first=len(records), scratch=scratch)
        records += more
    assert outcome == "finished"
    assert table(records) == table(expected)
    assert np.array_equal(together.coef, apart.coef)


@pytest.mark.parametrize("n, p", [(1, 1), (60, 5), (130, 9), (513, 12)])
@pytest.mark.parametrize("storage", ["C", "F", "csr int32"])
def test_scratch_is_as_long_as_it_says(small, storage, n, p):
    q = problem(n, p, storage=storage, l2=1.0)
    length = small.scratch_length(n, p)
    guarded = np.full(length + 64, 3.25)
    run(small, q, scratch=guarded[32 : 32 + length])
    assert (guarded[:32] == 3.25).all()
    assert (guarded[32 + length :] == 3.25).all()


@pytest.mark.parametrize("storage", ["C", "F", "csr int32"])
@pytest.mark.parametrize("column", ["zero", "constant", "twin", "sum"])
def test_a_singular_hessian_is_reported_and_coefficients_are_kept(small, storage, column):
    q = problem(l2=0.0)
    q.X[:, 2] = {"zero": 0.0, "constant": 7.1, "twin": q.X[:, 1], "sum": q.X[:, 1] + q.X[:, 3]}[column]
    q.stored = stored(q.X, storage)
    outcome, records, _ = run(small, q)
    assert outcome == "singular"
    assert len(records) == 1
    assert not q.coef.any()


@pytest.mark.parametrize("storage", ["C", "F", "csr int32"])
@pytest.mark.parametrize("where", ["counted row", "row of weight zero"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_entries_that_are_not_finite_are_seen(small, storage, where, bad):
    q = problem()
    row = int(np.flatnonzero((q.weight > 0) == (where == "counted row"))[0])
    q.X[row, 2] = bad
    q.stored = stored(q.X, storage)
    outcome, records, _ = run(small, q)
    assert outcome == "not finite"
    assert records == []


def test_columns_far_from_zero_lose_no_digits(small):
    q = problem()
    coef, _ = plain_newton(q)
    q.stored = np.round(q.X * 2.0**20) / 2.0**20 + 2.0**24
    outcome, _, _ = run(small, q)
    assert outcome == "finished"
    np.testing.assert_allclose(q.coef, coef, rtol=1e-4, atol=1e-5)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_gap_is_never_below_the_true_suboptimality(data):
    small = load_kernels(cpu_levels()[-1]).newton_small
    p = data.draw(st.integers(1, 6))
    q = problem(
        n=data.draw(st.integers(2, 40)),
        p=p,
        seed=data.draw(st.integers(0, 10_000)),
        dtype=data.draw(st.sampled_from([np.float32, np.float64])),
        storage=data.draw(st.sampled_from(STORAGES)),
        weighted=data.draw(st.booleans()),
        offset=data.draw(st.booleans()),
        l2=data.draw(st.sampled_from([1e-6, 1e-3, 1.0])) * np.linspace(1.0, 3.0, p),
        intercept=data.draw(st.booleans()),
    )
    outcome, records, _ = run(small, q)
    least = value(q, q.coef, records[-1]["intercept"])
    assert outcome == "finished"
    for record in records:
        hidden = record["rounding"] + 1e-14 * record["objective"]  # offsets add to the rounding of eta
        assert record["objective"] - least <= record["gap"] + hidden
        assert record["gap"] >= 0.0
    assert records[-1]["gap"] <= records[-1]["rounding"] or records[-1]["decrement"] <= records[-1]["rounding"]


# --- the solver -------------------------------------------------------------------------------------------------------


def solve(q, tol=1e-12, start=None, **controls):
    rows = as_matrix(q.stored).bind(q.y, q.weight, q.offset)
    objective = LogisticObjective(rows, ElasticNet(0.0, q.l2, q.l2.shape), q.intercept)
    monitor = Monitor(Controls(tol=tol, **controls), objective, "newton_small")
    coef, intercept = (np.zeros_like(q.l2), 0.0) if start is None else start
    return newton_small.solve(objective, coef.copy(), intercept, monitor)


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("storage", STORAGES)
def test_the_solver_reaches_the_optimum(storage, offset):
    q = problem(storage=storage, offset=offset)
    coef, intercept = plain_newton(q)
    for start in (None, (np.full((5, 1), 0.3), -1.0), (np.full((5, 1), 1e4), 1e3)):
        result = solve(q, start=start)
        assert result.status is Status.CONVERGED
        assert result.solver == "newton_small"
        np.testing.assert_allclose(result.coef, coef, rtol=1e-5, atol=1e-6)
        assert result.intercept == pytest.approx(intercept, rel=1e-5, abs=1e-6)


def test_a_start_worse_than_the_null_model_is_given_up():
    q = problem()
    far = solve(q, start=(np.full((5, 1), 1e4), 1e3), max_iter=0)
    assert not far.coef.any()
    assert far.objective == solve(q, max_iter=0).objective


@pytest.mark.parametrize("limit", [{"callback": lambda _: False}, {"time_limit": 1e6}], ids=["callback", "limit"])
def test_a_watched_fit_is_the_same_fit(limit):
    q = problem()
    plain, watched = solve(q), solve(q, **limit)
    assert plain.coef.tobytes() == watched.coef.tobytes()
    assert plain.intercept == watched.intercept
    assert plain.n_passes == watched.n_passes
    for one, other in zip(plain.history, watched.history, strict=True):
        assert (one.objective, one.gap, one.n_passes) == (other.objective, other.gap, other.n_passes)


def test_a_callback_sees_every_iteration_once():
    seen = []
    q = problem()
    result = solve(q, callback=lambda progress: seen.append((progress.iteration, *progress.coefficients())))
    assert [number for number, _, _ in seen] == list(range(result.n_iter + 1))
    assert result.n_iter > 2
    for (_, coef, intercept), progress in zip(seen, result.history, strict=True):
        assert float(value(q, coef, intercept)) == pytest.approx(progress.objective, rel=1e-13)


@pytest.mark.parametrize("max_iter", [0, 1, 3])
def test_iterations_end_at_max_iter(max_iter):
    result = solve(problem(), tol=0.0, max_iter=max_iter)
    assert result.status is Status.MAX_ITER
    assert result.n_iter == max_iter
    assert len(result.history) == max_iter + 1


def test_more_iterations_than_are_run_at_a_time(monkeypatch):
    whole = solve(problem())
    monkeypatch.setattr(newton_small, "AT_A_TIME", 2)
    pieces = solve(problem())
    assert whole.coef.tobytes() == pieces.coef.tobytes()
    assert [progress.objective for progress in whole.history] == [progress.objective for progress in pieces.history]


@pytest.mark.parametrize("storage", ["C", "F", "csr int32"])
@pytest.mark.parametrize("column", ["zero", "constant", "twin"])
def test_where_the_hessian_is_singular_newton_cg_goes_on(storage, column):
    q = problem(l2=0.0)
    q.X[:, 2] = {"zero": 0.0, "constant": 7.1, "twin": q.X[:, 1]}[column]
    q.stored = stored(q.X, storage)
    result = solve(q)
    gradient, _ = derivatives(q, result.coef, result.intercept)
    assert result.status is Status.CONVERGED
    assert result.solver == "newton_cg"
    assert np.abs(gradient).max() < 1e-6
    assert [progress.iteration for progress in result.history] == list(range(result.n_iter + 1))


def test_it_is_chosen_for_small_smooth_problems_alone():
    smooth, sparse_making = ElasticNet(0.0, 0.1, (5, 1)), ElasticNet(0.1, 0.1, (5, 1))
    X = problem().X
    assert newton_small.suits(as_matrix(X), smooth)
    assert newton_small.suits(as_matrix(sp.csr_array(X)), smooth)
    assert not newton_small.suits(as_matrix(sp.csc_array(X)), smooth)
    assert not newton_small.suits(as_matrix(X), sparse_making)
    assert not newton_small.suits(as_matrix(np.ones((50_000, 5))), smooth)
    assert not newton_small.suits(as_matrix(np.ones((10, 2000))), ElasticNet(0.0, 0.1, (2000, 1)))


def test_columns_compressed_are_refused_with_advice():
    q = problem()
    with pytest.raises(ValueError, match=r"newton_small.*unless X is dense or CSR.*newton_cg"):
        fit_logistic(sp.csc_array(q.X), np.round(q.y), l2=0.1, solver="newton_small")


def test_fits_in_several_threads_give_the_bits_of_one():
    X, y = problem(n=200).X, np.round(problem(n=200).y)

    def fit(l2):
        result = fit_logistic(X, y, l2=l2, solver="newton_small")
        return result.coef.tobytes(), result.intercept

    strengths = np.geomspace(1e-4, 1.0, 40).tolist() * 3
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, strengths))
    assert together == [fit(l2) for l2 in strengths]


# --- the C headers alone ----------------------------------------------------------------------------------------------

C_PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include "core/newton_small.h"

int main(void)
{
    const double X[] = {0.5, -1.0, 1.5, 2.0, -0.5, 0.25, -2.0, 1.0, 0.75, -0.125, 3.0, -1.5};
    const double y[] = {0.0, 1.0, 1.0, 0.0, 1.0, 0.0}, weight = 1.0 / 6.0, l2 = 0.01;
    const double weights[] = {weight, weight, weight, weight, weight, weight};
    fastlr_small_problem problem = {
        .X = {.storage = FASTLR_DENSE_F64, .n = 6, .p = 2, .values = X, .layout = {2, 2, 1, 0}},
        .y = y, .weight = weights, .weight_step = 1, .l2 = &l2, .fit_intercept = 1, .has_gap = 1, .tol = 1e-10};
    double *memory = malloc(fastlr_small_scratch_length(6, 2) * sizeof(double)), coef[2] = {0.0, 0.0};
    const fastlr_small_state *state = (const fastlr_small_state *)memory;
    fastlr_small_outcome outcome = fastlr_small_begin(&problem, memory, coef, 0.0);
    while (outcome == FASTLR_RUNNING)
        outcome = fastlr_small_iterate(&problem, memory, coef);
    printf("%d %.17g %.17g %.17g %.17g\n", outcome, coef[0], coef[1], state->intercept, state->value);
    free(memory);
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_c_program_without_python_makes_the_same_fit(tmp_path):
    headers = Path(__file__).parents[2] / "fastlr" / "kernels"
    (tmp_path / "fit.c").write_text(C_PROGRAM)
    subprocess.run(["cc", "-std=c11", f"-I{headers}", "fit.c", "-o", "fit", "-lm"], cwd=tmp_path, check=True)
    words = subprocess.run([tmp_path / "fit"], capture_output=True, text=True, check=True).stdout.split()
    X = np.array([[0.5, -1.0], [1.5, 2.0], [-0.5, 0.25], [-2.0, 1.0], [0.75, -0.125], [3.0, -1.5]])
    expected = fit_logistic(X, np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0]), l2=0.01, solver="newton_small", tol=1e-10)
    assert kernels.newton_small.OUTCOMES[int(words[0])] == "finished"
    found = np.array(words[1:], dtype=float)
    np.testing.assert_allclose(found, [*expected.coef, expected.intercept, expected.objective], rtol=1e-9)
