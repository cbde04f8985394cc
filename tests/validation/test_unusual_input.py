"""Input that is merely unusual gives the right fit: storage, types, order of entries, vectors."""

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from support.entries import ENTRIES
from support.layouts import with_room_to_spare
from support.problems import make_problem
from support.processes import in_this_folder

from fastlr import LogisticRegression, fit_logistic

N, P = 60, 6


@pytest.fixture
def problem():
    return make_problem(N, P, density=0.8)


def noncontiguous(X):
    wide = np.zeros((2 * N, 2 * P))
    wide[::2, ::2] = X
    return wide[::2, ::2]


def offset_rows(X):
    wide = np.zeros((N, P + 3))
    wide[:, 2 : 2 + P] = X
    return wide[:, 2 : 2 + P]


def unaligned(X):
    raw = np.zeros(X.nbytes + 1, np.uint8)
    view = raw[1:].view(np.float64).reshape(X.shape)
    view[:] = X
    return view


def shuffled(form):
    def make(X):
        stored = {"csr": sp.csr_array, "csc": sp.csc_array}[form](X)
        rng = np.random.default_rng(0)
        for begin, end in zip(stored.indptr[:-1], stored.indptr[1:], strict=True):
            order = begin + rng.permutation(end - begin)
            stored.indices[begin:end], stored.data[begin:end] = stored.indices[order], stored.data[order]
        stored.has_sorted_indices = False
        return stored

    return make


def duplicated(form):
    def make(X):
        rows, columns = np.nonzero(X)
        values = X[rows, columns]
        triple = np.concatenate([values * 0.25, values * 0.5, values * 0.25])
        order = np.argsort(np.tile(rows if form == "csr" else columns, 3), kind="stable")
        major, minor = (rows, columns) if form == "csr" else (columns, rows)
        counts = 3 * np.bincount(major, minlength=N if form == "csr" else P)
        compressed = {"csr": sp.csr_array, "csc": sp.csc_array}[form]
        return compressed((triple[order], np.tile(minor, 3)[order], np.append(0, np.cumsum(counts))), shape=X.shape)

    return make


def with_stored_zeros(X):
    rows, columns = np.indices(X.shape)
    return sp.coo_array((X.ravel(), (rows.ravel(), columns.ravel())), shape=X.shape).tocsr()


def big_endian(form):
    def make(X):
        stored = {"csr": sp.csr_array, "csc": sp.csc_array}[form](X)
        stored.data = stored.data.astype(">f8")
        return stored

    return make


def mixed_index_types(X):
    stored = sp.csr_array(X)
    stored.indptr = stored.indptr.astype(np.int64)
    return stored


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


UNUSUAL_X = {
    "read-only": read_only,
    "every second row and column": noncontiguous,
    "columns of a wider array": offset_rows,
    "columns of a wider array, transposed": lambda X: offset_rows(X[: P * (N // P)].T.copy().T),
    "rows backwards": lambda X: X[::-1].copy()[::-1],
    "columns backwards": lambda X: X[:, ::-1].copy()[:, ::-1],
    "unaligned": unaligned,
    "big-endian": lambda X: X.astype(">f8"),
    "csr, big-endian": big_endian("csr"),
    "csc, big-endian": big_endian("csc"),
    "long double": lambda X: X.astype(np.longdouble),
    "matrix": lambda X: X.view(np.matrix),
    "masked": lambda X: np.ma.array(X),
    "lists": lambda X: X.tolist(),
    "objects that are numbers": lambda X: X.astype(object),
    "csr, unsorted": shuffled("csr"),
    "csc, unsorted": shuffled("csc"),
    "csr, duplicated": duplicated("csr"),
    "csc, duplicated": duplicated("csc"),
    "stored zeros": with_stored_zeros,
    "csr, arrays longer than indptr says": with_room_to_spare("csr"),
    "csc, arrays longer than indptr says": with_room_to_spare("csc"),
    "two index types": mixed_index_types,
    "coo": sp.coo_matrix,
    "transposed csr": lambda X: sp.csr_array(X.T.copy()).T,
}
#: scikit-learn itself refuses np.matrix, and SciPy every use of big-endian data.
FUNCTION_ONLY_X = {"matrix", "csr, big-endian", "csc, big-endian"}


@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}], ids=["l2", "l1"])
@pytest.mark.parametrize("case", UNUSUAL_X)
def test_unusual_storage_gives_the_same_fit(case, penalty):
    X, y = make_problem(N, P, density=0.8)
    expected = fit_logistic(X, y, **penalty, tol=1e-15)
    given = UNUSUAL_X[case](X)
    result = fit_logistic(given, y, **penalty, tol=1e-15)
    np.testing.assert_allclose(result.coef, expected.coef, rtol=1e-5, atol=1e-6)
    assert result.objective == pytest.approx(expected.objective, rel=1e-13)


@pytest.mark.parametrize("case", sorted(UNUSUAL_X.keys() - FUNCTION_ONLY_X))
def test_unusual_storage_gives_the_same_fit_in_the_estimator(case):
    X, y = make_problem(N, P, density=0.8)
    expected = LogisticRegression(tol=1e-15).fit(X, y)
    model = LogisticRegression(tol=1e-15).fit(UNUSUAL_X[case](X), y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("form", ["csr", "csc"])
def test_entries_behind_the_end_of_a_sparse_x_are_not_read(form, penalty):
    program = f"""
import fastlr, numpy
from support.layouts import with_room_to_spare
from support.problems import make_problem
X, y = make_problem({N}, {P}, density=0.8)
X = with_room_to_spare({form!r}, index=10**9)(X)
print(numpy.isfinite(fastlr.fit_logistic(X, y, {penalty}=1e-2).coef).all())
"""
    done = subprocess.run([sys.executable, "-P", "-c", program], **in_this_folder(), timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize("mode", ["r", "c"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_mapped_x_is_used_without_a_copy(tmp_path, order, mode, problem):
    X, y = problem
    mapped = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=X.shape, order=order)
    mapped[:] = X
    mapped.flush()
    mapped = np.memmap(tmp_path / "X", dtype=float, mode=mode, shape=X.shape, order=order)
    result = fit_logistic(mapped, y, l2=1e-2, tol=1e-13)
    assert result.copied_bytes == 0
    np.testing.assert_allclose(result.coef, fit_logistic(X, y, l2=1e-2, tol=1e-13).coef, rtol=1e-8)


@ENTRIES
@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int32, np.int64, np.uint64, np.bool_])
@pytest.mark.parametrize("sparse", [False, True])
def test_other_number_types_are_converted(fit, dtype, sparse, problem):
    X, y = problem
    if sparse and dtype is np.float16:
        pytest.skip("SciPy has no float16 matrices")
    X = (np.abs(np.rint(2 * X)) if dtype in (np.uint64, np.bool_) else np.rint(2 * X)).astype(dtype)
    result = fit(sp.csr_array(X) if sparse else X, y, tol=1e-15)
    expected = fit(X.astype(np.float32 if dtype is np.float16 else np.float64), y, tol=1e-15)
    ours, theirs = (np.ravel(each.coef_ if hasattr(each, "coef_") else each.coef) for each in (result, expected))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "make", [list, read_only, lambda v: np.repeat(v, 2)[::2], lambda v: v.astype(">f8"), np.float32]
)
@pytest.mark.parametrize("which", ["y", "sample_weight"])
def test_unusual_vectors_give_the_same_fit(make, which, problem):
    X, y = problem
    vectors = {"y": y, "sample_weight": np.where(np.arange(N) % 3, 1.0, 2.0)}
    expected = fit_logistic(X, **vectors, l2=1e-2)
    result = fit_logistic(X, **vectors | {which: make(vectors[which])}, l2=1e-2)
    np.testing.assert_array_equal(result.coef, expected.coef)
