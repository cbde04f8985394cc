"""Input that is wrong gives an error which names the argument."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.entries import ENTRIES
from support.layouts import as_layout
from support.problems import make_problem

from fastlr import LogisticRegression, fit_logistic

N, P = 60, 6


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
