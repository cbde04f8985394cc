"""Matrices: every layout answers every pass alike, with the same bits for any number of threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from support.comparisons import assert_same_bits, assert_within
from support.kernel_cases import DTYPES, INDEX_TYPES, THREADS
from support.layouts import LAYOUTS, as_layout, dense_layouts, scrambled
from support.matrix_answers import (
    COMPRESSED,
    answers,
    check_answers,
    check_for_all_threads,
    expected_answers,
    loss_gradient,
    threads_for_any_size,
    vectors,
)
from support.problems import make_problem, random_matrix
from support.processes import run_python
from support.references import reference_epochs

from fastlr import fit_logistic
from fastlr.losses.logistic import WEIGHT_BLOCK
from fastlr.matrix import as_matrix, base
from fastlr.matrix.csr import ChunkedCSRMatrix, CSRMatrix

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
