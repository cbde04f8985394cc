"""Matrices: every layout answers every pass alike, nothing is copied unasked, bad input is named."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from support.comparisons import assert_same_bits, assert_within
from support.layouts import LAYOUTS, as_layout, dense_layouts, scrambled
from support.problems import make_problem, random_matrix
from support.processes import run_python
from support.references import logistic_rows, reference_epochs

from fastlr import fit_logistic
from fastlr.losses.logistic import WEIGHT_BLOCK, LogisticLoss
from fastlr.matrix import RowSpace, as_matrix, base
from fastlr.matrix.csr import ChunkedCSRMatrix, CSRMatrix

THREADS = (1, 2, 3)
DTYPES = (np.float64, np.float32)
INDEX_TYPES = (np.int32, np.int64)
COMPRESSED = ("csr", "csc")


@contextmanager
def threads_for_any_size():
    """as_matrix gives small X as many threads as asked for."""
    with mock.patch.object(base, "ENTRIES_PER_THREAD", 1):
        yield


def vectors(n, p, seed=0):
    """What passes take: v over columns; u (signed, with zeros), d (positive), eta, y and weight over rows."""
    rng = np.random.default_rng(seed)
    v = rng.standard_normal(p) * (rng.random(p) < 0.8)
    u = rng.standard_normal(n) * (rng.random(n) < 0.8)
    y = rng.choice([0.0, 1.0, 0.3], size=n)
    return SimpleNamespace(v=v, u=u, d=rng.random(n), eta=rng.standard_normal(n), y=y, weight=rng.random(n))


def answers(matrix, given):
    """The results of all passes over a matrix, by name."""
    n, p = matrix.shape
    eta, Xd, product = given.eta.copy(), np.full(n, np.nan), np.full(p, np.nan)
    matrix.forward(given.v, 0.3, eta)
    matrix.hessian_product(given.d, given.v, -0.2, Xd, product)
    first, second = matrix.adjoint_pair(given.u, given.d)
    loss, loss_eta, curvature, gradient = loss_gradient(matrix, given, given.weight)
    return {
        "forward": eta,
        "adjoint": matrix.adjoint(given.u),
        "adjoint_pair, first": first,
        "adjoint_pair, second": second,
        "squares": matrix.squares(given.d),
        "hessian_product, image": Xd,
        "hessian_product": product,
        "gram": matrix.gram(given.u),
        "loss_gradient, loss": np.array([loss]),
        "loss_gradient, eta": loss_eta,
        "loss_gradient, curvature": curvature,
        "loss_gradient": gradient,
    }


def loss_gradient(matrix, given, weight):
    """(loss, eta, curvature, gradient) of the fused pass."""
    eta, residual, curvature = given.eta.copy(), *np.full((2, matrix.shape[0]), np.nan)
    loss = LogisticLoss(given.y, weight, matrix.n_threads)
    value, gradient = matrix.loss_gradient(given.v, -0.2, loss, eta, residual, curvature)
    return value, eta, curvature, gradient


def expected_answers(X, given):
    """The same by NumPy in float64, each with its magnitude."""
    exact, size = X.astype(float), np.abs(X.astype(float))
    Xd, Xd_size = exact @ given.v - 0.2, size @ np.abs(given.v) + 0.2
    u, d = given.u, given.d
    eta, eta_size = Xd + given.eta, Xd_size + np.abs(given.eta)
    loss, residual, curvature = logistic_rows(eta, given.y, given.weight)
    return {
        "forward": (Xd + 0.5 + given.eta, Xd_size + 0.5 + np.abs(given.eta)),
        "adjoint": (exact.T @ u, size.T @ np.abs(u)),
        "adjoint_pair, first": (exact.T @ u, size.T @ np.abs(u)),
        "adjoint_pair, second": (exact.T @ d, size.T @ d),
        "squares": ((exact**2).T @ d, (exact**2).T @ d),
        "hessian_product, image": (Xd, Xd_size),
        "hessian_product": (exact.T @ (d * Xd), size.T @ (d * Xd_size)),
        "gram": (exact.T @ (u[:, None] * exact), size.T @ (np.abs(u)[:, None] * size)),
        "loss_gradient, loss": (np.array([loss]), np.array([given.weight @ (1.0 + eta_size)])),
        "loss_gradient, eta": (eta, eta_size),
        "loss_gradient, curvature": (curvature, given.weight * (1.0 + eta_size)),
        "loss_gradient": (exact.T @ residual, size.T @ (given.weight * (1.0 + eta_size))),
    }


def check_answers(matrix, X, given):
    found, expected = answers(matrix, given), expected_answers(X, given)
    assert found.keys() == expected.keys()
    for name, (want, magnitude) in expected.items():
        assert_within(found[name], want, magnitude, relative=1e-12)
    return found


def check_for_all_threads(X, values, given):
    """All passes are right, and their bits do not depend on the number of threads."""
    found = []
    for n_threads in THREADS:
        matrix = as_matrix(X, n_threads)
        assert matrix.copied_bytes == 0
        found.append(check_answers(matrix, values, given))
    for name in found[0]:
        assert_same_bits([each[name] for each in found])


# --- passes ---------------------------------------------------------------------------------------------------------


@given(
    n=st.integers(1, 300),
    p=st.integers(1, 40),
    density=st.sampled_from([0.0, 0.05, 0.4, 1.0]),
    layout=st.sampled_from(LAYOUTS),
    dtype=st.sampled_from(DTYPES),
    index=st.sampled_from(INDEX_TYPES),
    seed=st.integers(0, 1000),
)
@settings(max_examples=100, deadline=None)
def test_every_layout_answers_like_numpy_with_the_same_bits_for_any_threads(n, p, density, layout, dtype, index, seed):
    values = random_matrix(n, p, density, dtype, seed)
    with threads_for_any_size():
        check_for_all_threads(as_layout(values, layout, dtype, index), values, vectors(n, p, seed))


@pytest.mark.parametrize("shape", [(300, 12), (6000, 12), (200, 60)])
@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
def test_values_that_are_all_equal_are_read_once(shape, layout, index):
    values = np.where(random_matrix(*shape, 0.3) != 0.0, np.float32(0.7), np.float32(0.0))
    X = as_layout(values, layout, np.float32, index)
    with threads_for_any_size():
        check_for_all_threads(X, values, vectors(*shape))
    assert as_matrix(X)._entries[2].shape == (1,)
    X.data[-1] = 0.5
    assert as_matrix(X)._entries[2] is X.data


@pytest.mark.parametrize("form", ["sorted", "unsorted"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("columns", [(), (0,), (9,), (1, 4, 7), tuple(range(10))])
def test_selected_columns_answer_passes(layout, form, columns):
    values = random_matrix(2000, 10, 0.4)
    X = as_layout(values, layout)
    if form == "unsorted" and sp.issparse(X):
        X = scrambled(X, split_entries=False)
    columns = np.array(columns, dtype=np.intp)
    for n_threads in THREADS:
        selected = as_matrix(X, n_threads).select(columns)
        assert selected.shape == (2000, len(columns))
        assert selected.copied_bytes >= np.count_nonzero(values[:, columns]) * 8
        if len(columns):
            check_answers(selected, values[:, columns], vectors(2000, len(columns)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", list(dense_layouts(np.zeros((2, 2)))))
def test_slices_of_dense_arrays_answer_like_their_values(kind, dtype):
    values = random_matrix(700, 19, 1.0, dtype)
    X = dense_layouts(values)[kind]
    with threads_for_any_size():
        check_for_all_threads(X, values, vectors(700, 19))
    assert np.shares_memory(as_matrix(X).X, X)


@pytest.mark.parametrize("shape", [(3000, 40), (500, 2000)])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_large_x_gets_its_threads_and_the_same_bits(shape, layout, dtype):
    values = random_matrix(*shape, 0.85, dtype)
    X, given = as_layout(values, layout, dtype), vectors(*shape)
    found = []
    for n_threads in THREADS:
        matrix = as_matrix(X, n_threads)
        assert matrix.n_threads == n_threads
        gram, matrix.gram = matrix.gram, lambda u: np.zeros(1)
        results = answers(matrix, given)
        results["gram"] = gram(given.u) if shape[1] < 100 else np.zeros(1)
        found.append(results)
    expected = expected_answers(values, given)
    for name, (want, magnitude) in expected.items():
        if name != "gram" or shape[1] < 100:
            assert_within(found[0][name], want, magnitude, relative=1e-12)
        assert_same_bits([each[name] for each in found])


@pytest.mark.parametrize("shape, expected", [((6000, 12), ChunkedCSRMatrix), ((300, 12), CSRMatrix)])
@pytest.mark.parametrize("form", ["sorted", "unsorted", "duplicates"])
@pytest.mark.parametrize("index", INDEX_TYPES)
def test_both_ways_of_sharing_csr_gradients_answer_alike(shape, expected, form, index):
    values = random_matrix(*shape, 0.5)
    X = as_layout(values, "csr", index=index)
    if form != "sorted":
        X = scrambled(X, split_entries=form == "duplicates")
    assert type(as_matrix(X)) is expected
    given = vectors(*shape)
    found = []
    with threads_for_any_size():
        for n_threads in THREADS:
            results = answers(as_matrix(X, n_threads), given)
            for name, (want, magnitude) in expected_answers(values, given).items():
                if (name, form) != ("squares", "duplicates"):  # has a test of its own
                    assert_within(results[name], want, magnitude, relative=1e-12)
            found.append(results)
    for name in found[0]:
        assert_same_bits([each[name] for each in found])


def test_small_x_gets_one_thread_and_no_more_than_its_entries_are_worth():
    assert as_matrix(np.zeros((100, 10)), 8).n_threads == 1
    entries = 3 * base.ENTRIES_PER_THREAD
    assert as_matrix(np.zeros((entries // 10, 10)), 8).n_threads == 3
    assert as_matrix(sp.csr_array(np.ones((entries // 10, 10))), 8).n_threads == 3
    assert as_matrix(sp.csr_array((10**6, 10)), 8).n_threads == 1


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pass_name", list(expected_answers(np.zeros((1, 1)), vectors(1, 1))))
@pytest.mark.parametrize("split_entries", [False, True], ids=["unsorted", "duplicates"])
def test_irregular_compressed_x_answers_like_its_canonical_form(layout, index, dtype, pass_name, split_entries):
    values = random_matrix(90, 14, 0.5, dtype)
    X = scrambled(as_layout(values, layout, dtype, index), split_entries)
    np.testing.assert_array_equal(X.toarray(), values)
    given = vectors(90, 14)
    want, magnitude = expected_answers(values, given)[pass_name]
    with threads_for_any_size():
        for n_threads in THREADS:
            found = answers(as_matrix(X, n_threads), given)[pass_name]
            assert_within(found, want, magnitude, relative=1e-12)


def test_irregular_x_of_the_user_is_left_as_it_was():
    X = scrambled(as_layout(random_matrix(50, 9, 0.5), "csr"), split_entries=True)
    before = [part.copy() for part in (X.data, X.indices, X.indptr)]
    matrix = as_matrix(X)
    answers(matrix, vectors(50, 9))
    matrix.gather(np.arange(9))
    for part, old in zip((X.data, X.indices, X.indptr), before, strict=True):
        np.testing.assert_array_equal(part, old)


@pytest.mark.parametrize("shape", [(5000, 12), (300, 12), (700, 400)])
def test_one_block_of_equal_weights_stands_for_all_rows_in_the_fused_pass(layout, shape):
    n, p = shape
    matrix, given = as_matrix(as_layout(random_matrix(n, p, 0.5), layout)), vectors(n, p)
    full, short = np.full(n, 1.0 / n), np.full(min(n, WEIGHT_BLOCK), 1.0 / n)
    results = [np.concatenate([np.ravel(part) for part in loss_gradient(matrix, given, w)]) for w in (full, short)]
    assert_same_bits(results)


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("shape, density", [((300, 8), 0.5), ((60_000, 11), 1.0), ((30_000, 60), 0.35)])
def test_known_column_shares_are_the_shares_of_rows_with_an_entry(layout, shape, density):
    values = random_matrix(*shape, density)
    values[:, 3] = 0.0
    shares = as_matrix(as_layout(values, layout)).column_shares(1)
    used = np.arange(shape[1]) != 3
    np.testing.assert_allclose(shares[used], np.count_nonzero(values[:, used], axis=0) / shape[0], rtol=0.1)
    assert not shares[3] <= 0.0


# --- gathering columns ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layout, form",
    [
        *((layout, "sorted") for layout in LAYOUTS),
        *((layout, form) for layout in COMPRESSED for form in ("unsorted", "duplicates")),
    ],
)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [[], [3], [8, 2, 5], list(range(11))])
def test_gathered_columns_are_a_counted_copy_of_x(layout, dtype, form, columns):
    values = random_matrix(80, 11, 0.4, dtype)
    X = as_layout(values, layout, dtype)
    if form != "sorted":
        X = scrambled(X, split_entries=form == "duplicates")
    with threads_for_any_size():
        for n_threads in THREADS:
            gathered = as_matrix(X, n_threads).gather(np.array(columns, dtype=np.intp))
            found = gathered.X.toarray() if sp.issparse(gathered.X) else gathered.X
            np.testing.assert_array_equal(found, values[:, columns])
            assert gathered.dtype == dtype
            assert gathered.shape == (80, len(columns))
            entries = len(columns) * 80 if layout in ("C", "F") else np.count_nonzero(values[:, columns])
            assert gathered.nnz == entries
            assert gathered.copied_bytes >= entries * np.dtype(dtype).itemsize


@pytest.mark.parametrize("n_columns", [1, 6])
def test_gathered_columns_run_coordinate_descent(layout, n_columns):
    values = random_matrix(70, 9, 0.7)
    columns = np.array([7, 1, 4, 0, 8, 2][:n_columns])
    gathered = as_matrix(as_layout(values, layout)).gather(columns)
    rng = np.random.default_rng(0)
    X, curvature = values[:, columns], rng.random(70)
    first, mass = X.T @ curvature, curvature.sum()
    gradient, coef = rng.standard_normal(n_columns), rng.standard_normal(n_columns)
    l1, l2 = np.full(n_columns, 0.3), np.full(n_columns, 0.1)
    diagonal = (X**2).T @ curvature - first**2 / mass + l2
    delta, q = np.zeros(n_columns), np.zeros(70)
    terms = l1, l2, np.full(n_columns, -0.8), np.full(n_columns, np.inf), np.maximum(coef, -0.8)
    epochs = gathered.coordinate_epochs(curvature, gradient, diagonal, first, mass, *terms, delta, q, 0.0, 4)
    expected_delta, expected_q, _ = reference_epochs(X, curvature, gradient, first, mass, *terms, 0.0, 4)
    assert epochs == 4
    np.testing.assert_allclose(delta, expected_delta, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(q, expected_q, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layout", COMPRESSED)
def test_room_at_the_end_of_compressed_arrays_is_no_part_of_x(layout):
    values = random_matrix(60, 8, 0.5)
    X = as_layout(values, layout)
    X.indices, X.data = np.append(X.indices, [1, 1, 1]).astype(np.int32), np.append(X.data, [np.nan, 5.0, 7.0])
    matrix = as_matrix(X)
    check_answers(matrix, values, vectors(60, 8))
    assert matrix.locate_nonfinite() is None
    assert matrix.gather(np.array([1, 3])).nnz == np.count_nonzero(values[:, [1, 3]])


@pytest.mark.parametrize("surplus", [-1_000_000_000, 1_000_000_000])
def test_no_pass_reads_indices_beyond_the_end_of_compressed_x(surplus):
    script = f"""
import numpy as np, scipy.sparse as sp
from fastlr.matrix import as_matrix
X = sp.random_array((60, 8), density=0.5, format="csr", rng=0)
expected = X.toarray()[:, [1, 3]]
X.indices = np.append(X.indices, [{surplus}]).astype(np.int32)
X.data = np.append(X.data, [1.0])
assert np.array_equal(as_matrix(X).gather(np.array([1, 3])).X.toarray(), expected)
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr


# --- rows -----------------------------------------------------------------------------------------------------------


def bound_rows(X, weighted=True, offset=False, n_threads=1, seed=0):
    """(rows, y, weight, offset) over X."""
    rng = np.random.default_rng(seed)
    n = X.shape[0]
    y = (rng.random(n) < 0.4).astype(float)
    weight = rng.random(n) if weighted else np.ones(n)
    weight /= weight.sum()
    offset = rng.standard_normal(n) if offset else None
    return as_matrix(X, n_threads).bind(y, weight, offset), y, weight, offset


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


# --- entries that are not finite ------------------------------------------------------------------------------------


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


# --- copies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("index", ["all", "rows", "columns"])
def test_dense_arrays_and_their_slices_are_not_copied(dtype, order, index):
    X = random_matrix(40, 10, 1.0, dtype).copy(order=order)
    sliced = {"all": X, "rows": X[::2] if order == "C" else X[5:30], "columns": X[:, :4]}[index]
    matrix = as_matrix(sliced)
    assert matrix.copied_bytes == 0
    assert matrix.X is sliced or matrix.X.base is not None
    assert np.shares_memory(matrix.X, X)
    assert matrix.dtype == dtype
    check_answers(matrix, sliced, vectors(*sliced.shape))


@pytest.mark.parametrize("order", ["C", "F"])
def test_read_only_arrays_are_not_copied(order):
    X = random_matrix(40, 10, 1.0).copy(order=order)
    X.flags.writeable = False
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    assert np.shares_memory(matrix.X, X)
    check_answers(matrix, X, vectors(40, 10))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_mapped_arrays_are_not_copied(tmp_path, order, mode):
    values = random_matrix(40, 10, 1.0)
    writer = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=(40, 10), order=order)
    writer[:] = values
    writer.flush()
    X = np.memmap(tmp_path / "X", dtype=float, mode=mode, shape=(40, 10), order=order)
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    assert np.shares_memory(matrix.X, X)
    check_answers(matrix, values, vectors(40, 10))


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["array", "matrix", "read-only", "memmap"])
def test_compressed_arrays_are_not_copied(tmp_path, layout, index, dtype, kind):
    values = random_matrix(40, 10, 0.5, dtype)
    X = as_layout(values, layout, dtype, index)
    if kind == "matrix":
        X = (sp.csr_matrix if layout == "csr" else sp.csc_matrix)(X)
        X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    if kind == "memmap":
        for name in ("data", "indices", "indptr"):
            getattr(X, name).tofile(tmp_path / name)
            setattr(X, name, np.memmap(tmp_path / name, dtype=getattr(X, name).dtype, mode="r"))
    if kind == "read-only":
        for part in (X.data, X.indices, X.indptr):
            part.flags.writeable = False
    matrix = as_matrix(X)
    assert matrix.copied_bytes == 0
    for name in ("data", "indices", "indptr"):
        assert np.shares_memory(getattr(matrix.X, name), getattr(X, name))
    assert matrix.X.indices.dtype == index
    check_answers(matrix, values, vectors(40, 10))
    gathered = matrix.gather(np.array([2, 5]))
    np.testing.assert_array_equal(gathered.X.toarray(), values[:, [2, 5]])


def misaligned(values):
    """The same values one byte off their natural place."""
    buffer = np.empty(values.nbytes + 1, dtype=np.uint8)
    view = buffer[1:].view(values.dtype).reshape(values.shape)
    view[:] = values
    return view


@pytest.mark.parametrize(
    "convert_values, dtype",
    [
        (lambda values: values > 0, np.float64),
        (lambda values: (10 * values).astype(np.int64), np.float64),
        (lambda values: (10 * values).astype(np.int8), np.float64),
        (lambda values: (10 * np.abs(values)).astype(np.uint16), np.float64),
        (lambda values: values.astype(np.float16), np.float32),
        (lambda values: values.astype(np.longdouble), np.float64),
        (lambda values: values.astype(">f8"), np.float64),
        (lambda values: values.astype(">f4"), np.float32),
        (lambda values: values.astype(object), np.float64),
        (lambda values: values[::2, ::2], np.float64),
        (lambda values: values.T.copy().T[::2], np.float64),
        (misaligned, np.float64),
        (lambda values: values.tolist(), np.float64),
        (lambda values: pd.DataFrame(values.round()).astype({0: np.int64}), np.float64),
    ],
    ids=[
        "bool",
        "int64",
        "int8",
        "uint16",
        "float16",
        "longdouble",
        ">f8",
        ">f4",
        "object",
        "both axes sliced",
        "F, rows sliced",
        "misaligned",
        "list",
        "DataFrame",
    ],
)
def test_dense_conversions_are_copies_and_counted(convert_values, dtype):
    X = convert_values(random_matrix(40, 10, 1.0))
    matrix = as_matrix(X)
    assert matrix.dtype == dtype
    assert matrix.dtype.isnative
    assert matrix.copied_bytes == matrix.X.nbytes > 0
    values = np.asarray(X).astype(dtype)
    np.testing.assert_array_equal(matrix.X, values)
    check_answers(matrix, values, vectors(*matrix.shape))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_that_is_one_array_is_used_in_place(library):
    values = np.asfortranarray(random_matrix(40, 3, 1.0))
    X = pd.DataFrame(values, columns=["a", "b", "c"], copy=False) if library == "pandas" else pl.DataFrame(values)
    matrix = as_matrix(X)
    view = np.asarray(X.iloc[:, 0]) if library == "pandas" else X.to_series(0).to_numpy()
    assert matrix.copied_bytes == (0 if np.shares_memory(view, matrix.X) else matrix.X.nbytes)
    assert library != "pandas" or matrix.copied_bytes == 0
    assert matrix.names == list(X.columns)


def with_parts(X, **parts):
    """X with some of its three arrays replaced, unchecked."""
    result = type(X)(X.shape, dtype=X.dtype)
    for name in ("data", "indices", "indptr"):
        setattr(result, name, parts.get(name, getattr(X, name)))
    return result


def strided(part):
    return np.repeat(part, 2)[::2]


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize(
    "convert_sparse, parts",
    [
        (lambda X: X.astype(np.int64), {"data"}),
        (lambda X: X.astype(bool), {"data"}),
        (lambda X: with_parts(X, data=X.data.astype(">f8")), {"data"}),
        (lambda X: with_parts(X, data=strided(X.data)), {"data"}),
        (lambda X: with_parts(X, indices=strided(X.indices)), {"indices"}),
        (lambda X: with_parts(X, indices=X.indices.astype(np.int64)), {"indptr"}),
        (lambda X: with_parts(X, indptr=X.indptr.astype(np.int64)), {"indices"}),
        (lambda X: with_parts(X, indptr=X.indptr.astype(">i4")), {"indptr"}),
    ],
    ids=["int64", "bool", ">f8", "strided data", "strided indices", "wide indices", "wide indptr", ">i4"],
)
def test_sparse_conversions_are_counted_at_least(layout, convert_sparse, parts):
    X = convert_sparse(as_layout(np.round(3 * random_matrix(40, 10, 0.5)), layout))
    values = X.toarray().astype(float)
    matrix = as_matrix(X)
    assert matrix.dtype == np.float64
    assert matrix.dtype.isnative
    assert matrix.copied_bytes >= sum(getattr(matrix.X, name).nbytes for name in parts) > 0
    check_answers(matrix, values, vectors(40, 10))


@pytest.mark.parametrize("format", ["coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_other_sparse_formats_become_csr_and_are_counted(format, dtype):
    values = random_matrix(40, 10, 0.5, dtype)
    matrix = as_matrix(sp.csr_array(values).asformat(format))
    assert isinstance(matrix, CSRMatrix)
    assert matrix.copied_bytes >= matrix.X.data.nbytes + matrix.X.indices.nbytes + matrix.X.indptr.nbytes
    check_answers(matrix, values, vectors(40, 10))


def test_a_matrix_is_returned_unchanged():
    matrix = as_matrix(np.ones((3, 2)))
    assert as_matrix(matrix, 5) is matrix


def test_a_data_frame_may_have_a_column_of_any_name():
    X = pd.DataFrame({"bind": [1.0, 2.0], "shape": [3.0, 4.0]})
    np.testing.assert_array_equal(as_matrix(X).X, [[1.0, 3.0], [2.0, 4.0]])


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "X, error",
    [
        (np.ones((3, 2), dtype=complex), TypeError),
        (np.ones((3, 2), dtype=np.complex64), TypeError),
        (np.array([["a", "b"], ["c", "d"]]), TypeError),
        (np.array([["1.5", "2.5"]]), TypeError),
        (np.array([[1.0, "b"]], dtype=object), TypeError),
        (np.array([[1.0, {}]], dtype=object), TypeError),
        (np.array([[1.0, 2j]], dtype=object), TypeError),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), TypeError),
        (np.ones(3), ValueError),
        (np.ones((3, 2, 2)), ValueError),
        (np.float64(3.0), ValueError),
        (np.ones((0, 2)), ValueError),
        (np.ones((3, 0)), ValueError),
        ([[1.0, 2.0], [3.0]], ValueError),
        (None, (TypeError, ValueError)),
        ({"a": 1.0}, TypeError),
        (sp.csr_array((0, 3)), ValueError),
        (sp.csr_array((3, 0)), ValueError),
        (sp.csc_array((0, 3)), ValueError),
        (sp.csc_array((3, 0)), ValueError),
        (sp.coo_array(np.ones(3)), ValueError),
        (sp.csr_array(np.ones((3, 2), dtype=complex)), TypeError),
        (sp.csc_array(np.ones((3, 2), dtype=complex)), TypeError),
    ],
    ids=lambda value: f"{type(value).__name__}{getattr(value, 'shape', '')}{getattr(value, 'dtype', '')}",
)
def test_input_that_is_no_real_matrix_is_refused_with_the_name_of_x(X, error):
    with pytest.raises(error, match=r"\bX\b"):
        as_matrix(X)


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("order", ["sorted", "unsorted"])
@pytest.mark.parametrize("bad", [-1, "minor", 2**31 - 1])
def test_indices_out_of_range_are_refused(layout, index, order, bad):
    X = as_layout(random_matrix(30, 20, 0.5), layout, index=index)
    if order == "unsorted":
        X = scrambled(X)
    X.indices[X.nnz // 2] = (20 if layout == "csr" else 30) if bad == "minor" else bad
    with threads_for_any_size():
        for n_threads in THREADS:
            with pytest.raises(ValueError, match=r"X\.indices"):
                as_matrix(X, n_threads)


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize(
    "break_indptr",
    [
        lambda indptr: np.append([1], indptr[1:]),
        lambda indptr: np.append([-1], indptr[1:]),
        lambda indptr: np.concatenate([indptr[:3], [indptr[2] - 1], indptr[4:]]),
        lambda indptr: indptr[:-1],
        lambda indptr: np.append(indptr, indptr[-1]),
        lambda indptr: np.append(indptr[:-1], indptr[-1] + 1),
        lambda indptr: np.append(indptr[:-1], 10**9),
    ],
    ids=["starts at 1", "starts at -1", "decreases", "too short", "too long", "one too many", "far too many"],
)
@pytest.mark.parametrize("index", INDEX_TYPES)
def test_broken_indptr_is_refused(layout, break_indptr, index):
    X = as_layout(random_matrix(30, 20, 1.0), layout, index=index)
    X.indptr = break_indptr(X.indptr).astype(index)
    with pytest.raises(ValueError, match=r"X\.indptr"):
        as_matrix(X)


def test_an_indptr_whose_differences_overflow_is_refused():
    script = """
import numpy as np, scipy.sparse as sp
from fastlr.matrix import as_matrix
X = sp.csr_array(np.ones((4, 3)))
X.indptr = np.array([0, 2**31 - 1, -(2**31), -1, 12], dtype=np.int32)
try:
    as_matrix(X)
except ValueError as error:
    assert "X.indptr" in str(error)
else:
    raise SystemExit("accepted")
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr or done.returncode


@pytest.mark.parametrize("layout", COMPRESSED)
def test_fewer_values_than_indices_are_refused(layout):
    X = as_layout(random_matrix(30, 20, 1.0), layout)
    X.data = X.data[:-1]
    with pytest.raises(ValueError, match=r"\bX\b"):
        as_matrix(X)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fits_in_threads_over_one_matrix_do_not_disturb_each_other(layout):
    X, y = make_problem(4000, 10)
    matrix = as_matrix(as_layout(X, layout), 1)
    strengths = np.geomspace(1e-4, 1e-1, 8)

    def fit(l2):
        return fit_logistic(matrix, y, l2=l2, tol=1e-10).coef

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, strengths))
    for coef, l2 in zip(together, strengths, strict=True):
        np.testing.assert_array_equal(coef, fit(l2))


@pytest.mark.parametrize("every", [2, 3, 7])
def test_thinned_and_transposed_matrices_are_those_of_the_array(layout, every):
    values = np.random.default_rng(0).standard_normal((50, 6)) * (np.arange(300).reshape(50, 6) % 3 > 0)
    matrix = as_matrix(as_layout(values, layout))
    for derived, expected in ((matrix.every_kth_row(every), values[::every]), (matrix.transposed(), values.T)):
        v, u = np.arange(1.0, expected.shape[1] + 1), np.arange(1.0, expected.shape[0] + 1)
        eta = np.zeros(expected.shape[0])
        derived.forward(v, 0.5, eta)
        np.testing.assert_allclose(eta, expected @ v + 0.5, rtol=0, atol=1e-12)
        np.testing.assert_allclose(derived.adjoint(u), expected.T @ u, rtol=0, atol=1e-11)
        np.testing.assert_allclose(derived.gram(u), expected.T @ (u[:, None] * expected), rtol=0, atol=1e-10)


def test_the_space_of_the_rows_keeps_predictors_and_penalty(layout):
    rng = np.random.default_rng(0)
    values, weights = rng.standard_normal((8, 30)), rng.uniform(0.5, 2.0, 30)
    values[5] = values[2]  # dependent
    space = RowSpace(as_matrix(as_layout(values, layout)), weights)
    v = space.matrix.X.T @ rng.standard_normal(8)  # in the row space
    coef = space.lift(v[:, None])[:, 0]
    np.testing.assert_allclose(values @ coef, space.matrix.X @ v, rtol=0, atol=1e-6)
    np.testing.assert_allclose(coef @ (coef / weights), v @ v, rtol=1e-6)
