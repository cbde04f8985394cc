"""Input that is wrong gives an error which names the argument; input that is merely unusual gives the right fit."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from support.layouts import as_layout
from support.problems import make_problem
from support.processes import in_this_folder
from support.references import exact_objective, null_objective, one_coordinate_decrease

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance

N, P = 60, 6


def by_function(X, y, **arguments):
    return fit_logistic(X, y, **{"l2": 1e-2} | arguments)


def by_estimator(X, y, sample_weight=None, **parameters):
    return LogisticRegression(**parameters).fit(X, y, sample_weight=sample_weight)


ENTRIES = pytest.mark.parametrize("fit", [by_function, by_estimator])


@pytest.fixture
def problem():
    return make_problem(N, P, density=0.8)


# --- X ----------------------------------------------------------------------------------------------------------------


@ENTRIES
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("weighted", ["plain", "zero weight", "positive weight"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_entry_of_x_not_finite(fit, layout, value, where, weighted, dtype):
    X, y = make_problem(N, P, density=1.0)
    row, column = {"first": (0, 0), "middle": (N // 2, P // 2), "last": (N - 1, P - 1)}[where]
    X[row, column] = value
    weight = None if weighted == "plain" else np.ones(N)
    if weighted == "zero weight":
        weight[row] = 0.0
    with pytest.raises(ValueError, match=r"\bX\b.*(NaN|infinity)"):
        fit(as_layout(X, layout, dtype), y, sample_weight=weight)


@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}, {}], ids=["l2", "l1", "none"])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("start", [None, (np.ones(P), 0.5)], ids=["cold", "warm"])
def test_nan_in_x_is_found_under_every_penalty(layout, penalty, fit_intercept, start):
    X, y = make_problem(N, P, density=1.0)
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"X contains NaN.*row 3, column 2"):
        fit_logistic(as_layout(X, layout), y, **penalty, fit_intercept=fit_intercept, start=start)


BAD_X = {
    "complex": (lambda X: X * 1j, "Complex data|complex"),
    "sparse complex": (lambda X: sp.csr_array(X * 1j), "Complex data|complex"),
    "strings": (lambda X: np.full(X.shape, "a"), r"\bX\b"),
    "bytes": (lambda X: np.full(X.shape, b"a"), r"\bX\b"),
    "object with a word": (lambda X: np.where(X > 1, "word", X.astype(object)), r"\bX\b"),
    "object with a dict": (lambda X: np.where(X > 1, {"a": 1}, X.astype(object)), r"\bX\b"),
    "ragged lists": (lambda X: [[1.0, 2.0], [3.0]] * (len(X) // 2), r"\bX\b"),
    "no rows": (lambda X: X[:0], r"0 sample\(s\)"),
    "no rows, sparse": (lambda X: sp.csr_array(X[:0]), r"0 sample\(s\)"),
    "no columns": (lambda X: X[:, :0], r"0 feature\(s\)"),
    "no columns, sparse": (lambda X: sp.csr_array(X[:, :0]), r"0 feature\(s\)"),
    "scalar": (lambda X: 3.0, r"\bX\b|Expected 2D array"),
    "one dimension": (lambda X: X[:, 0], r"\bX\b|Expected 2D array"),
    "three dimensions": (lambda X: X[:, :, None], r"\bX\b|dim 3"),
    "fewer rows than y": (lambda X: X[:-1], r"\by\b|inconsistent numbers of samples"),
    "more rows than y": (lambda X: np.vstack([X, X[:1]]), r"\by\b|inconsistent numbers of samples"),
    "None": (lambda X: None, r"\bX\b"),
}


@ENTRIES
@pytest.mark.parametrize("case", BAD_X)
def test_x_of_the_wrong_kind(fit, case, problem):
    X, y = problem
    make, message = BAD_X[case]
    if case.startswith("no rows"):
        y = y[:0]
    with pytest.raises((ValueError, TypeError), match=message):
        fit(make(X), y)


def damaged(X, form, part, change):
    """X in compressed form with one of its three arrays replaced, behind SciPy's back."""
    stored = {"csr": sp.csr_array, "csc": sp.csc_array}[form](X)
    setattr(stored, part, change(getattr(stored, part).copy()))
    return stored


def with_entry(position, value):
    def change(array):
        array[position] = value
        return array

    return change


DAMAGE = {
    "index too large": ("indices", with_entry(-1, 10_000)),
    "index just too large": ("indices", with_entry(0, N)),
    "negative index": ("indices", with_entry(0, -1)),
    "hugely negative index": ("indices", with_entry(5, np.iinfo(np.int32).min)),
    "indptr decreases": ("indptr", with_entry(2, 0)),
    "indptr starts above zero": ("indptr", with_entry(0, 1)),
    "indptr starts below zero": ("indptr", with_entry(0, -1)),
    "indptr ends beyond the data": ("indptr", with_entry(-1, 10**6)),
    "indptr jumps beyond the data": ("indptr", with_entry(1, 10**6)),
    "indptr too short": ("indptr", lambda indptr: indptr[:-1]),
    "indptr too long": ("indptr", lambda indptr: np.append(indptr, indptr[-1])),
    "indptr empty": ("indptr", lambda indptr: indptr[:0]),
    "indices too short": ("indices", lambda indices: indices[:-5]),
    "data too short": ("data", lambda data: data[:-5]),
}


@ENTRIES
@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("case", DAMAGE)
def test_sparse_x_that_points_outside_itself(fit, form, case, problem):
    X, y = problem
    part, change = DAMAGE[case]
    with pytest.raises(ValueError, match=r"\bX\b|\b(indices|indptr|data)\b"):
        fit(damaged(X, form, part, change), y)


# --- y ----------------------------------------------------------------------------------------------------------------


def changed(array, position, value):
    array = np.array(array, dtype=np.result_type(array, type(value)))
    array[position] = value
    return array


BAD_Y = {
    "NaN": lambda y: changed(y, 4, np.nan),
    "infinity": lambda y: changed(y, -1, np.inf),
    "only zeros": lambda y: 0 * y,
    "only ones": lambda y: 0 * y + 1,
    "only -1": lambda y: 0 * y - 1,
    "too short": lambda y: y[:-1],
    "too long": lambda y: np.append(y, 1.0),
    "two columns": lambda y: np.column_stack([y, y]),
    "three dimensions": lambda y: y[:, None, None],
    "scalar": lambda y: 1.0,
    "complex": lambda y: y * 1j,
    "objects that are no numbers": lambda y: np.array([{} for _ in y], dtype=object),
    "None": lambda y: None,
    "sparse": lambda y: sp.csr_array(y[:, None]),
}


@ENTRIES
@pytest.mark.parametrize("case", BAD_Y)
def test_y_of_the_wrong_kind(fit, case, problem):
    X, y = problem
    with pytest.raises((ValueError, TypeError), match=r"\by\b|label|target|inconsistent numbers of samples"):
        fit(X, BAD_Y[case](y))


@pytest.mark.parametrize("values", [(0, 2), (-1, 0.5), (-2, 2), (1, 2), (0.0, 1.0000001)])
def test_targets_outside_the_unit_interval(values, problem):
    X, y = problem
    with pytest.raises(ValueError, match=r"\by\b holds values"):
        fit_logistic(X, np.where(y > 0, *values))


def test_words_are_labels_for_the_estimator_alone(problem):
    X, y = problem
    with pytest.raises(TypeError, match=r"\by\b has dtype"):
        fit_logistic(X, np.where(y > 0, "yes", "no"))


def test_continuous_labels_are_refused_by_the_estimator(problem):
    X, _ = problem
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        LogisticRegression().fit(X, np.linspace(0, 1, N))


# --- weights ----------------------------------------------------------------------------------------------------------

BAD_WEIGHTS = {
    "NaN": changed(np.ones(N), 7, np.nan),
    "infinity": changed(np.ones(N), 0, np.inf),
    "negative": changed(np.ones(N), -1, -1e-9),
    "all zero": np.zeros(N),
    "too short": np.ones(N - 1),
    "too long": np.ones(N + 1),
    "two columns": np.ones((N, 2)),
    "words": np.full(N, "a"),
    "complex": np.full(N, 1j),
}


@ENTRIES
@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_weights_of_the_wrong_kind(fit, case, problem):
    X, y = problem
    with pytest.raises((ValueError, TypeError), match=r"(?i)sample_?[ ]?weight"):
        fit(X, y, sample_weight=BAD_WEIGHTS[case])


def test_weights_whose_sum_overflows(problem):
    """The function knows weights by their ratios alone; C of the estimator is relative to their sum."""
    X, y = problem
    weight = np.full(N, 1e308)
    expected = fit_logistic(X, y, l2=1e-2)
    np.testing.assert_allclose(fit_logistic(X, y, l2=1e-2, sample_weight=weight).coef, expected.coef, rtol=1e-6)
    with pytest.raises(ValueError, match="sample_weight"):
        LogisticRegression().fit(X, y, sample_weight=weight)


@ENTRIES
def test_weights_that_leave_one_class(fit, problem):
    X, y = problem
    with pytest.raises(ValueError, match=r"one class|sample_weight"):
        fit(X, y, sample_weight=y)


@pytest.mark.parametrize(
    "class_weight", [{0: -1.0, 1: 1.0}, {0: np.nan, 1: 1.0}, {0: 0.0, 1: 0.0}, {0: "a"}, "other", 3]
)
def test_class_weights_of_the_wrong_kind(class_weight, problem):
    X, y = problem
    with pytest.raises((ValueError, TypeError), match=r"class_weight"):
        LogisticRegression(class_weight=class_weight).fit(X, y)


# --- parameters -------------------------------------------------------------------------------------------------------

BOTH = {
    "tol": [-1e-9, np.nan, "small", None, True, 1j, [1e-6]],
    "max_iter": [-1, 2.5, "many", None, True, np.nan],
    "n_threads": [0, True, 1.5, "all", np.nan, [2]],
    "time_limit": [-1, np.nan, "soon", True],
    "callback": [3, "print", [print]],
    "solver": ["fast", "", None, 3, "Newton_CG", ["newton_cg"]],
    "fit_intercept": ["yes", None, 2, np.ones(2)],
}
ONLY_FUNCTION = {
    "l2": [-1e-12, np.nan, np.inf, "weak", None, True, 1j, np.ones(P - 1), np.ones(P + 1), np.ones((P, 1)), [[]]],
    "start": [np.ones(3), (np.ones(P - 1), 0.0), (np.ones((P, 1)), 0.0), (np.ones(P), np.nan), (np.ones(P),), 3, "cold",
              (np.full(P, np.inf), 0.0), (np.ones(P), "zero"), (np.ones(P), np.ones(2))],
}  # fmt: skip
ONLY_FUNCTION["l1"] = [*ONLY_FUNCTION["l2"], changed(np.ones(P), 3, -1.0), changed(np.ones(P), 0, np.nan)]
ONLY_ESTIMATOR = {
    "C": [0, -1.0, np.nan, "1", None, -np.inf],
    "l1_ratio": [-0.01, 1.01, np.nan, "half", np.inf],
    "penalty": ["L2", 3, "lasso"],
    "dual": ["yes", 3],
    "intercept_scaling": [0, -1, "a"],
    "random_state": ["seed", -1],
    "warm_start": ["yes", 3],
    "verbose": [-1, "loud"],
    "n_jobs": [1.5, "all"],
}


def table(*parts):
    cases = [(name, value) for part in parts for name, values in part.items() for value in values]
    return pytest.mark.parametrize(("name", "value"), cases, ids=[f"{name}={value!r}"[:40] for name, value in cases])


@table(BOTH, ONLY_FUNCTION)
def test_arguments_of_the_function(name, value, problem):
    X, y = problem
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        fit_logistic(X, y, **{name: value})


@table(BOTH, ONLY_ESTIMATOR)
def test_parameters_of_the_estimator(name, value, problem):
    X, y = problem
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        LogisticRegression(**{name: value}).fit(X, y)


@pytest.mark.parametrize(
    ("solver", "penalty"),
    [("newton_cg", {"l1": 0.1}), ("newton_cg", {"l1": 0.1, "l2": 0.1}), ("coordinate_descent", {"l2": 0.1})],
)
def test_a_solver_that_cannot_do_the_penalty_names_those_that_can(solver, penalty, problem):
    X, y = problem
    other = "coordinate_descent" if solver == "newton_cg" else "newton_cg"
    with pytest.raises(ValueError, match=rf"solver='{solver}'.*'{other}'"):
        fit_logistic(X, y, solver=solver, **penalty)


def test_no_jobs_at_all_is_an_error(problem):
    X, y = problem
    with pytest.raises(ValueError, match=r"\bn_jobs\b|\bn_threads\b"):
        LogisticRegression(n_jobs=0).fit(X, y)


def test_a_failed_fit_leaves_the_estimator_unfitted(problem):
    X, y = problem
    model = LogisticRegression()
    with pytest.raises(ValueError, match="NaN"):
        model.fit(changed(X, (0, 0), np.nan), y)
    assert not hasattr(model, "coef_")


# --- unusual, and right -----------------------------------------------------------------------------------------------


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


def with_room_to_spare(form, index=0):
    """Valid: only the entries before indptr[-1] belong to the matrix."""

    def make(X):
        stored = {"csr": sp.csr_array, "csc": sp.csc_array}[form](X)
        stored.data = np.append(stored.data, [np.nan] * 7)
        stored.indices = np.append(stored.indices, [index] * 7).astype(stored.indices.dtype)
        return stored

    return make


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
import fastlr, numpy, test_bad_input
X, y = test_bad_input.make_problem({N}, {P}, density=0.8)
X = test_bad_input.with_room_to_spare({form!r}, index=10**9)(X)
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


# --- scales -----------------------------------------------------------------------------------------------------------

SCALES = {
    "all tiny": np.full(P, 1e-8),
    "all huge": np.full(P, 1e8),
    "one tiny": changed(np.ones(P), 2, 1e-8),
    "one huge": changed(np.ones(P), 2, 1e8),
    "spread": np.geomspace(1e-8, 1e8, P),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["none", "l2", "l1", "elasticnet"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_scaled_columns_reach_the_same_optimum(layout, scale, name, fit_intercept):
    X, y = make_problem()
    X, factor = X[:, :P], SCALES[scale]
    l2 = 1e-2 if name in ("l2", "elasticnet") else 0.0
    l1 = 1e-2 if name in ("l1", "elasticnet") else 0.0
    tol = 1e-7
    best = fit_logistic(X, y, l1=l1, l2=l2, tol=1e-14, fit_intercept=fit_intercept)
    result = fit_logistic(
        as_layout(X * factor, layout), y, l1=l1 * factor, l2=l2 * factor**2, tol=tol, fit_intercept=fit_intercept
    )
    reached = exact_objective(X, y, result.coef * factor, result.intercept, l1=l1, l2=l2)
    assert result.converged, result.message
    assert reached - best.objective <= tol * null_objective(y, fit_intercept=fit_intercept)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}, {"l1": 5e-3, "l2": 5e-3}], ids=["l2", "l1", "both"])
def test_scaled_columns_under_one_strength_reach_their_optimum(layout, scale, penalty):
    X, y = make_problem()
    X = X[:, :P] * SCALES[scale]
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-7)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **{"l1": 0.0, "l2": 0.0} | penalty)
    assert result.converged, result.message
    assert gain <= result.duality_gap <= 1e-7 * null_objective(y) + 1e-14


@pytest.mark.parametrize("factor", [1e150, 1e-150])
@pytest.mark.parametrize("columns", ["one", "all"])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_absurd_scales_give_probabilities_and_no_loss_over_the_null_model(layout, factor, columns, l1_ratio, C):
    X, y = make_problem(N, P)
    X[:, slice(2, 3) if columns == "one" else slice(None)] *= factor
    stored = as_layout(X, layout)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=C, l1_ratio=l1_ratio).fit(stored, y)
    probability = model.predict_proba(stored)
    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    assert model.result_.objective <= null_objective(y) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("solver", "more"), [("newton_small", {}), ("newton_cholesky", {}), ("prox_newton", {"bounds": (0, 1)})]
)
def test_solvers_with_a_hessian_refuse_columns_without_number(solver, more):
    X = sp.eye_array(50, 10**6, format="csr")
    with pytest.raises(ValueError, match=rf"{solver}.* at most 20,000 columns .* solvers that can"):
        fit_logistic(X, np.arange(50) % 2, l2=1e-2, solver=solver, **more)


# --- floating-point errors --------------------------------------------------------------------------------------------


@pytest.fixture
def raising():
    """NumPy raises where numbers underflow or overflow, as somebody may have asked for elsewhere in a program."""
    with np.errstate(all="raise"):
        yield


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160])
@pytest.mark.parametrize("C", [1e-300, 1.0, np.inf])
@pytest.mark.parametrize("mode", ["two classes", "multinomial", "ovr", "multilabel"])
def test_harmless_underflow_and_overflow_raise_nowhere(raising, layout, scale, C, mode):
    X, y = make_problem(N, P)
    y = X[:, 0] > 0 if mode == "two classes" else np.digitize(X[:, 0], [-0.5, 0.5])
    y = np.column_stack([y > 0, y == 0]) if mode == "multilabel" else y
    X = as_layout(X * scale, layout)
    options = {} if mode == "two classes" else {"multi_class": mode}
    first = {} if mode == "multilabel" else {"classes": np.unique(y)}
    LogisticRegression(C=C, **options).partial_fit(X, y, **first).predict_proba(X)
    model = LogisticRegression(C=C, **options).fit(X, y)
    given = [{}] if mode != "two classes" else [{}, {"offset": np.linspace(-800.0, 800.0, N)}]
    for more in given:
        for ask in (model.predict, model.predict_proba, model.predict_log_proba, model.decision_function):
            ask(X, **more)
        model.log_loss(X, y, **more)
    model.predict_top_k(X, 1)


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-300}, {"l1": 1e-2}])
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160])
def test_functions_raise_no_floating_point_errors_either(raising, layout, penalty, scale):
    X, y = make_problem(N, P)
    X = as_layout(X * scale, layout)
    classes = np.arange(N) % 3
    for call in (
        lambda: fit_logistic(X, y, **penalty),
        lambda: fit_softmax(X, classes, **penalty),
        lambda: fit_one_vs_rest(X, classes, **penalty),
        lambda: fit_logistic(X, y, sample_weight=np.geomspace(1e-300, 1e300, N), **penalty),
    ):
        call()


def test_fits_of_labels_in_threads_warn_of_no_overflow(raising):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 4)) * 1e160
    fit_one_vs_rest(np.asfortranarray(X), np.arange(20_000) % 3, l2=0.1, n_threads=2, max_iter=3, solver="lbfgs")


def test_imbalance_raises_no_floating_point_errors_either(raising):
    assert imbalance.balanced_weights([0, 1, 1], 1e-320).max() > 0.0
    assert np.isfinite(imbalance.corrected_intercept(1e308, 1e-320, 1.0 - 1e-16))
    assert imbalance.cost_threshold(5e-324, 1e308) == 0.0


def test_the_state_of_numpy_stays_what_it_was(raising, problem):
    before = np.geterr()
    fit_logistic(*problem)
    LogisticRegression().fit(*problem).predict(problem[0])
    with pytest.raises(ValueError):
        fit_logistic(*problem, l2=-1.0)
    assert np.geterr() == before


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_diagnosis_of_columns_whose_squares_underflow_ends():
    for seed in range(4):
        X = np.random.default_rng(seed).standard_normal((40, 4)) * 1e-160
        LogisticRegression(C=np.inf, max_iter=20).fit(sp.csr_array(X), (X[:, 0] > 0).astype(int))
