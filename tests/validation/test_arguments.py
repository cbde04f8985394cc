"""Every argument of every public function, given what does not belong there: an error that names it, or a fit.

An estimator is what it was after an error.
"""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from support.problems import class_problem, label_problem, make_problem

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance, special

N, P = 60, 4
X, Y = make_problem(N, P, density=1.0)
Y = Y.astype(int)
CLASSES = class_problem(N, P, 3)[1]
LABELS = label_problem(X, 3)


class NoArray:
    """As a tensor that keeps track of gradients."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("call detach() first")


ONES = {
    "None": None,
    "True": True,
    "zero": 0,
    "minus one": -1,
    "five": 5,
    "half": 0.5,
    "NaN": np.nan,
    "infinity": np.inf,
    "minus infinity": -np.inf,
    "tiny": 1e-320,
    "huge": 10**400,
    "text": "1",
    "no text": "",
    "bytes": b"x",
    "complex": 2j,
    "float16": np.float16(0.5),
    "uint64": np.uint64(2**63),
    "without dimensions": np.array(5),
    "array of one": np.array([5]),
    "list": [1],
    "tuple": (1,),
    "dict": {"a": 1},
    "set": set(),
    "object": object(),
    "no array": NoArray(),
    "date": np.datetime64("2020-01-01"),
    "pandas.NA": pd.NA,
    "masked": np.ma.masked,
    "slice": slice(3),
}


def several(n):
    """What stands for n numbers, or does not."""
    ones = np.ones(n)
    return {
        "ones": ones,
        "zeros": 0.0 * ones,
        "negative": -ones,
        "one NaN": np.r_[np.nan, ones[1:]],
        "one infinity": np.r_[np.inf, ones[1:]],
        "one more": np.ones(n + 1),
        "a column": ones[:, None],
        "a row": ones[None],
        "empty": [],
        "nothings": [None] * n,
        "texts": ["a"] * n,
        "texts of numbers": ["1"] * n,
        "complex numbers": 1j * ones,
        "objects": ones.astype(object),
        "one masked": np.ma.array(ones, mask=np.arange(n) == 0),
        "half precision": ones.astype(np.float16),
        "extended precision": ones.astype(np.longdouble),
        "foreign": ones.astype(">f8"),
        "nullable": pd.Series([1] * (n - 1) + [None], dtype="Int64"),
        "sparse": sp.csr_array(ones[:, None]),
        "huge numbers": np.full(n, 1e308),
        "tiny numbers": np.full(n, 5e-324),
        "dates": np.full(n, np.datetime64("2020-01-01")),
        "generator": iter(ones.tolist()),
        "unequal": [[1.0]] * (n - 1) + [[1.0, 2.0]],
    }


ROWS, COLUMNS, PAIR = ({**ONES, **several(n)} for n in (N, P, 2))
FUNCTIONS = {
    "fit_logistic": lambda **given: fit_logistic(X, Y, **{"l2": 0.1, **given}),
    "fit_softmax": lambda **given: fit_softmax(X, CLASSES, **{"l2": 0.1, **given}),
    "fit_one_vs_rest": lambda **given: fit_one_vs_rest(X, CLASSES, **{"l2": 0.1, **given}),
    "log_loss": lambda **given: special.log_loss(**{"y": Y, "eta": X[:, 0], **given}),
    "log_loss_hessian_product": lambda **given: special.log_loss_hessian_product(
        **{"y": Y, "eta": X[:, 0], "v": X[:, 1], **given}
    ),
    "cross_entropy": lambda **given: special.cross_entropy(**{"y": CLASSES, "eta": X, **given}),
    "balanced_weights": lambda **given: imbalance.balanced_weights(**{"y": Y, **given}),
    "cost_threshold": lambda **given: imbalance.cost_threshold(**{"false_positive": 1, "false_negative": 1, **given}),
    "corrected_intercept": lambda **given: imbalance.corrected_intercept(
        **{"intercept": 1.0, "sampled_share": 0.5, "population_share": 0.1, **given}
    ),
}
EVERY_FIT = {
    "l1": COLUMNS,
    "l2": COLUMNS,
    "sample_weight": ROWS,
    "fit_intercept": ONES,
    "solver": ONES,
    "tol": ONES,
    "max_iter": ONES,
    "n_threads": {name: value for name, value in ONES.items() if name not in ("huge", "uint64")},
    "start": ONES,
    "time_limit": ONES,
    "callback": ONES,
}
ARGUMENTS = {
    "fit_logistic": {**EVERY_FIT, "bounds": PAIR, "offset": ROWS, "trials": ROWS, "standardize": ONES},
    "fit_softmax": {**EVERY_FIT, "group_penalty": ONES, "n_classes": ONES},
    "fit_one_vs_rest": {**EVERY_FIT, "label_weight": PAIR, "standardize": ONES},
    "log_loss": {"y": ROWS, "eta": ROWS, "sample_weight": ROWS},
    "log_loss_hessian_product": {"v": ROWS},
    "cross_entropy": {"y": ROWS, "eta": ROWS, "sample_weight": ROWS},
    "balanced_weights": {"y": ROWS, "sample_weight": ROWS},
    "cost_threshold": {"false_positive": COLUMNS, "true_negative": COLUMNS},
    "corrected_intercept": {"intercept": COLUMNS, "sampled_share": COLUMNS, "population_share": COLUMNS},
}


def refusal(call):
    """What a ValueError or a TypeError says; None if the call works."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            call()
        except (TypeError, ValueError) as error:
            return str(error)
    return None


@pytest.mark.parametrize(("function", "name"), [(f, name) for f, names in ARGUMENTS.items() for name in names])
def test_a_function_names_the_argument_that_it_cannot_use(function, name):
    words = ("eta", "y") if name == "eta" else (name,)  # y must be of the shape of eta
    for kind, value in ARGUMENTS[function][name].items():
        told = refusal(lambda value=value: FUNCTIONS[function](**{name: value}))
        assert told is None or any(word in told for word in words), kind


#: Classes and targets of each mode.
MODES = {
    "two classes": ({}, Y),
    "softmax": ({}, CLASSES),
    "ovr": ({"multi_class": "ovr"}, CLASSES),
    "multilabel": ({"multi_class": "multilabel"}, LABELS),
}
PARAMETERS = {
    name: COLUMNS if name in ("penalty_factor", "bounds") else ONES
    for name in LogisticRegression().get_params()
    if name not in ("verbose", "n_threads", "n_jobs")
}
#: What an error may say in place of the argument: weights too small for C, classes without a label of y.
OTHERWISE = {"sample_weight": "sum of the weights", "classes": "y holds the label"}
CASES = [
    (mode, method, name)
    for mode in MODES
    for method in ("fit", "partial_fit")
    for name in ("y", "sample_weight", *(["classes"] if method == "partial_fit" else PARAMETERS))
    if name not in PARAMETERS or mode in ("two classes", "ovr")
]


def state(model):
    return copy.deepcopy({name: value for name, value in vars(model).items() if name not in model.get_params()})


def same(a, b):
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if hasattr(a, "steps"):
        return (a.steps, a.total) == (b.steps, b.total)
    return a == b or (a != a and b != b)


@pytest.mark.parametrize(("mode", "method", "name"), CASES)
@pytest.mark.filterwarnings("ignore:.*deprecated in scikit-learn:FutureWarning", "ignore:Setting penalty=None")
@pytest.mark.filterwarnings(
    "ignore:A column-vector y was passed", "ignore:Inconsistent values", "ignore:l1_ratio param"
)
def test_an_estimator_is_as_it_was_after_an_error(mode, method, name):
    parameters, y = MODES[mode]
    first = {} if mode == "multilabel" or method == "fit" else {"classes": np.unique(y)}
    fitted = getattr(LogisticRegression(**parameters), method)(X, y, **first)
    before = state(fitted)
    values = PAIR if name == "classes" else PARAMETERS.get(name, ROWS)
    for kind, value in values.items():
        for model in (copy.copy(fitted), LogisticRegression(**parameters)):
            known, given = state(model), {"X": X, "y": y, **first}
            if name in PARAMETERS:
                model.set_params(**{name: value})
            else:
                given[name] = value
            told = refusal(lambda model=model, given=given: getattr(model, method)(**given))
            if told is not None:
                assert name in told or OTHERWISE.get(name, name) in told, kind
                assert state(model).keys() == known.keys(), kind
                assert all(same(vars(model)[each], known[each]) for each in known), kind
    assert all(same(state(fitted)[each], before[each]) for each in before)
