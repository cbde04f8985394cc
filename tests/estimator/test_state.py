"""Whatever raises leaves an estimator as it was, or wholly new; copies are independent."""

import copy
import gc
import pickle
import warnings
import weakref

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from support.problems import class_problem, label_problem, make_problem

from fastlr import LogisticRegression, Status, imbalance

N, P = 240, 4
MODES = ["two classes", "softmax", "ovr", "multilabel"]
PARAMETERS = {"ovr": {"multi_class": "ovr"}, "multilabel": {"multi_class": "multilabel"}}


def data(mode):
    """A frame with names of columns, and targets."""
    if mode == "two classes":
        X, y = make_problem(N, P)
        return pd.DataFrame(X, columns=list("abcd")), y.astype(int)
    X, y = class_problem(N, P, 3)
    return pd.DataFrame(X, columns=list("abcd")), label_problem(X, 3) if mode == "multilabel" else y


def model_of(mode, **parameters):
    return LogisticRegression(**PARAMETERS.get(mode, {}), **parameters)


def learnt(model):
    """A deep copy of all that is no parameter."""
    return copy.deepcopy({name: value for name, value in vars(model).items() if name not in model.get_params()})


def same(a, b):
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if type(a).__name__.endswith("Stream") or type(a).__name__ == "SeparateStreams":
        return type(a) is type(b) and same(vars(a), vars(b))
    if isinstance(a, (dict, list)):
        pairs = [(a[k], b.get(k)) for k in a] if isinstance(a, dict) else zip(a, b, strict=True)
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in pairs)
    return a == b or (a != a and b != b)


class Strike:
    """A callback that raises: when called for the n-th time, or when told that a label or the fit has ended."""

    def __init__(self, error, at=1, where="call"):
        self.error, self.left, self.where = error, at, where

    def __call__(self, progress):
        self.left -= 1
        if self.where == "call" and self.left <= 0:
            raise self.error

    def label_ended(self, label):
        if self.where == "label":
            raise self.error

    def fit_ended(self, result):
        if self.where == "fit":
            raise self.error


def other_columns(X):
    """The columns in another order, and one more."""
    return X[["b", "a", "d", "c"]].assign(e=1.0)


WRONG = {
    "a callback": ({"callback": Strike(RuntimeError("mine"))}, {}),
    "a callback, StopIteration": ({"callback": Strike(StopIteration("mine"))}, {}),
    "a callback, SystemExit": ({"callback": Strike(SystemExit("mine"), at=2)}, {}),
    "fit_ended": ({"callback": Strike(RuntimeError("mine"), where="fit")}, {}),
    "negative weights": ({}, {"sample_weight": -np.ones(N)}),
    "weights of zero": ({}, {"sample_weight": np.zeros(N)}),
    "an offset of another length": ({}, {"offset": np.zeros(3)}),
    "penalty_factor": ({"penalty_factor": [1.0]}, {}),
    "bounds": ({"bounds": {"nope": (0, 1)}}, {}),
    "solver": ({"solver": "newton_cg", "l1_ratio": 1.0}, {}),
    "C": ({"C": 1e-320}, {}),
    "class_weight": ({"class_weight": {"nope": 1.0}}, {}),
    "a warm start of another shape": ({"warm_start": True, "C": 0.5}, {}),
}


@pytest.mark.parametrize("begun_by", ["nothing", "fit", "partial_fit"])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("mode", MODES)
def test_a_fit_that_fails_changes_nothing(mode, wrong, begun_by):
    X, y = data(mode)
    parameters, arguments = WRONG[wrong]
    if begun_by == "nothing" and "warm_start" in parameters:
        pytest.skip("nothing to start from")
    model = model_of(mode)
    if begun_by == "fit":
        model.fit(X, y)
    elif begun_by == "partial_fit":
        model.partial_fit(X, y, classes=None if mode == "multilabel" else np.unique(y))
    before = learnt(model)
    with pytest.raises((ValueError, TypeError, RuntimeError, StopIteration, SystemExit)):
        model.set_params(**copy.deepcopy(parameters)).fit(other_columns(X), y, **arguments)
    assert same(learnt(model), before)
    if begun_by == "nothing":
        with pytest.raises(NotFittedError):
            model.predict(X)
    else:
        plain = model_of(mode)
        model.set_params(**{name: getattr(plain, name) for name in parameters})
        assert len(model.predict(X)) == N
        with pytest.raises(ValueError, match="feature names"):
            model.predict(other_columns(X))


@pytest.mark.parametrize("y", [np.zeros(N), np.linspace(0.0, 1.0, N), np.full(N, np.nan), np.ones(N - 1)])
def test_labels_that_cannot_be_fitted_leave_an_estimator_unfitted(y):
    X, good = data("two classes")
    model = LogisticRegression()
    for method in (model.fit, model.partial_fit):
        with pytest.raises(ValueError):
            method(X, y)
        assert learnt(model) == {}
        for ask in (model.predict, model.predict_proba, model.decision_function, model.predict_log_proba):
            with pytest.raises(NotFittedError):
                ask(X)
        with pytest.raises(NotFittedError):
            model.log_loss(X, good)


def test_an_attribute_of_somebody_else_makes_no_fitted_estimator():
    model = LogisticRegression()
    model.threshold_ = 0.3
    with pytest.raises(NotFittedError):
        model.predict(np.eye(3))


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["auto", "lbfgs", "dual_coordinate_descent"])
@pytest.mark.parametrize("at", [1, 2, 5])
@pytest.mark.parametrize("mode", ["ovr", "multilabel"])
def test_ctrl_c_leaves_separate_fits_as_they_were(mode, at, solver):
    X, y = data(mode)
    model = model_of(mode, tol=1e-12).fit(X, y)
    before, score = learnt(model), model.score(X, y)
    model.set_params(callback=Strike(KeyboardInterrupt, at=at), solver=solver)
    with pytest.raises(KeyboardInterrupt):
        model.fit(sp.csr_array(X[["b", "a", "d", "c"]].to_numpy()), y)
    assert same(learnt(model), before)
    assert model.score(X, y) == score


@pytest.mark.parametrize("where", ["label", "fit"])
@pytest.mark.parametrize("mode", ["ovr", "multilabel"])
def test_ctrl_c_at_the_end_of_separate_fits_leaves_them_as_they_were(mode, where):
    X, y = data(mode)
    model = model_of(mode).fit(X, y)
    before = learnt(model)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callback=Strike(KeyboardInterrupt, where=where)).fit(other_columns(X), y)
    assert same(learnt(model), before)


@pytest.mark.parametrize("where", ["call", "fit"])
@pytest.mark.parametrize("mode", ["two classes", "softmax"])
def test_ctrl_c_leaves_one_fit_wholly_new(mode, where):
    X, y = data(mode)
    model = model_of(mode).fit(X, y)
    more = other_columns(X)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callback=Strike(KeyboardInterrupt, at=2, where=where)).fit(more, y)
    assert model.status_ is (Status.INTERRUPTED if where == "call" else Status.CONVERGED)
    assert model.feature_names_in_.tolist() == list(more.columns)
    assert model.coef_.shape[1] == model.n_features_in_ == P + 1
    assert model.score(more, y) > 0.3


def test_a_warning_that_is_an_error_leaves_a_new_model():
    X, y = data("two classes")
    model = LogisticRegression().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning):
            model.set_params(max_iter=0, tol=0.0).fit(other_columns(X), y)
    assert model.coef_.shape[1] == model.n_features_in_ == len(model.feature_names_in_) == P + 1


def test_a_callback_sees_the_estimator_as_it_was_and_may_change_its_parameters():
    X, y = data("two classes")
    model = LogisticRegression().fit(X, y)
    before, seen = learnt(model), []

    def callback(progress):
        seen.append(same(learnt(model), before))
        model.set_params(C=7.0)

    model.set_params(callback=callback).fit(other_columns(X), y)
    assert all(seen)
    assert model.C == 7.0
    np.testing.assert_array_equal(model.coef_, LogisticRegression().fit(other_columns(X), y).coef_)


# --- partial_fit ------------------------------------------------------------------------------------------------------


WRONG_PARTS = {
    "bounds": ({"bounds": {"nope": (0, 1)}}, {}),
    "penalty_factor": ({"penalty_factor": [1.0]}, {}),
    "C": ({"C": 1e-320}, {}),
    "class_weight": ({"class_weight": {"nope": 1.0}}, {}),
    "negative weights": ({}, {"sample_weight": -np.ones(N)}),
    "infinite weights": ({}, {"sample_weight": np.full(N, 1e308)}),
    "weights of another length": ({}, {"sample_weight": np.ones(3)}),
    "other classes": ({}, {"classes": [5, 6]}),
    "an unknown label": ({}, {"y": np.full(N, 77)}),
    "labels of another length": ({}, {"y": np.zeros(3, int)}),
    "text": ({}, {"X": "file.csv"}),
    "NaN in the last rows": ({}, {"X": np.where(np.arange(N)[:, None] < N - 1, 1.0, np.nan) * np.ones((N, P))}),
}


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("wrong", WRONG_PARTS)
@pytest.mark.parametrize("mode", MODES)
def test_a_partial_fit_that_fails_changes_nothing(mode, wrong, is_first):
    X, y = data(mode)
    X = X.to_numpy()
    first = {} if mode == "multilabel" else {"classes": np.unique(y)}
    parameters, arguments = WRONG_PARTS[wrong]
    model = model_of(mode)
    if not is_first:
        model.partial_fit(X, y, **first)
    before = learnt(model)
    given = {"X": X, "y": y, **first, **arguments}
    if is_first and wrong == "other classes":
        given["y"] = np.full(N, 4)
    with pytest.raises((ValueError, TypeError)):
        model.set_params(**parameters).partial_fit(**given)
    assert same(learnt(model), before)
    plain = model_of(mode)
    model.set_params(**{name: getattr(plain, name) for name in parameters})
    expected = model_of(mode)
    for _ in range(1 if is_first else 2):
        expected.partial_fit(X, y, **first)
    assert same(learnt(model.partial_fit(X, y, **first)), learnt(expected))


@pytest.mark.parametrize("form", [np.ascontiguousarray, sp.csr_array])
@pytest.mark.parametrize("mode", MODES)
def test_partial_fit_lets_go_of_its_arguments(mode, form):
    X, y = data(mode)
    X, y, weight = form(X.to_numpy()), np.array(y), np.ones(N)
    model = model_of(mode).partial_fit(X, y, None if mode == "multilabel" else np.unique(y), weight)
    alive = [weakref.ref(each) for each in (X, y, weight)]
    del X, y, weight
    gc.collect()
    assert [each() is None for each in alive] == [True] * 3
    assert model.t_ == N


def test_a_stream_of_two_classes_does_not_become_one_of_two_labels():
    X, y = data("two classes")
    model = LogisticRegression().partial_fit(X, y, [0, 1])
    before = learnt(model)
    with pytest.raises(ValueError, match=r"coef_ of earlier calls has shape \(1, 4\), expected \(2, 4\)"):
        model.set_params(multi_class="multilabel").partial_fit(X, np.column_stack([y, 1 - y]))
    assert same(learnt(model), before)


# --- copies -----------------------------------------------------------------------------------------------------------


def corrected(model):
    return imbalance.prior_corrected(model, 0.5, 0.1)


COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda m: pickle.loads(pickle.dumps(m))}


@pytest.mark.parametrize("how", [*COPIES, "prior_corrected"])
@pytest.mark.parametrize("mode", MODES)
def test_a_copy_learns_by_itself(mode, how):
    if how == "prior_corrected" and mode != "two classes":
        pytest.skip("shares of two classes")
    X, y = data(mode)
    first = {} if mode == "multilabel" else {"classes": np.unique(y)}
    model, expected = (model_of(mode).partial_fit(X, y, **first) for _ in range(2))
    other = (COPIES | {"prior_corrected": corrected})[how](model)
    before = learnt(other)
    model.partial_fit(X, y)
    expected.partial_fit(X, y)
    assert same(learnt(other), before)
    other.partial_fit(X, y).partial_fit(X, y)
    assert same(learnt(model), learnt(expected))
    assert same(learnt(model.partial_fit(X, y)), learnt(expected.partial_fit(X, y)))
    assert other.t_ == 3 * N


def test_a_corrected_copy_has_arrays_of_its_own():
    X, y = data("two classes")
    model = LogisticRegression().fit(X, y)
    before, other = learnt(model), corrected(model)
    for value in vars(other).values():
        if isinstance(value, np.ndarray):
            value.fill(value.flat[0])
    assert same(learnt(model), before)


def test_a_clone_has_learnt_nothing():
    X, y = data("two classes")
    model = LogisticRegression(C=np.float16(2.0)).partial_fit(X, y, [0, 1])
    assert learnt(clone(model)) == {}
    assert type(clone(model).C) is np.float16


def test_parameters_stay_the_objects_that_were_given():
    X, y = data("two classes")
    given = {"C": np.float16(2.0), "max_iter": np.int8(127), "tol": np.array(1e-6), "time_limit": np.float32(9.0)}
    model = LogisticRegression(**given).fit(X, y)
    assert all(getattr(model, name) is value for name, value in given.items())


# --- parameters that are set after a fit ------------------------------------------------------------------------------

#: Another value for each parameter.
OTHERS = {
    "penalty": "l1",
    "C": 1e-3,
    "l1_ratio": 1.0,
    "penalty_factor": np.zeros(P),
    "bounds": (0, None),
    "dual": True,
    "tol": 0.1,
    "fit_intercept": False,
    "standardize": True,
    "intercept_scaling": 3.0,
    "class_weight": "balanced",
    "random_state": 3,
    "solver": "saga",
    "max_iter": 0,
    "verbose": 1,
    "warm_start": True,
    "n_jobs": 1,
    "n_threads": 2,
    "time_limit": 0.0,
    "callback": lambda progress: True,
    "group_penalty": True,
}


def answers(model, X, y):
    """All that a model says of rows."""
    probabilities = [model.decision_function(X), model.predict_proba(X), model.predict_log_proba(X)]
    rest = [model.predict(X), *model.predict_top_k(X, 2), model.log_loss(X, y), model.score(X, y)]
    return [np.asarray(each) for each in probabilities + rest]


@pytest.mark.parametrize("begun_by", ["fit", "partial_fit"])
@pytest.mark.parametrize("mode", MODES)
def test_predictions_rest_on_what_was_fitted_alone(mode, begun_by):
    X, y = data(mode)
    assert set(OTHERS) | {"multi_class"} == set(LogisticRegression().get_params())
    model = model_of(mode)
    if begun_by == "fit":
        model.fit(X, y)
    else:
        model.partial_fit(X, y, classes=None if mode == "multilabel" else np.unique(y))
    before, expected = learnt(model), answers(model, X, y)
    fitted_as = PARAMETERS.get(mode, {}).get("multi_class", "multinomial")
    assert model.multi_class_ == fitted_as
    others = [{name: value} for name, value in OTHERS.items()]
    others += [{"multi_class": kind} for kind in ("multinomial", "ovr", "multilabel")]
    for parameters in others:
        changed = copy.deepcopy(model).set_params(**parameters)
        for each in (changed, pickle.loads(pickle.dumps(changed)) if "callback" not in parameters else changed):
            assert all(map(np.array_equal, answers(each, X, y), expected)), parameters
            assert same(learnt(each), before)
            assert each.multi_class_ == fitted_as
        if mode == "softmax":
            shares = [dict(zip(range(3), share, strict=True)) for share in ((0.2, 0.3, 0.5), (0.5, 0.2, 0.3))]
            moved = imbalance.prior_corrected(changed, *shares)
            assert np.array_equal(moved.predict_proba(X), imbalance.prior_corrected(model, *shares).predict_proba(X))
        elif mode != "two classes":
            with pytest.raises(ValueError, match=f"multi_class='{fitted_as}'"):
                imbalance.prior_corrected(changed, {0: 0.5, 1: 0.2}, {0: 0.2, 1: 0.2})


@pytest.mark.parametrize("mode", ["softmax", "ovr"])
def test_a_fit_anew_goes_by_the_parameter(mode):
    X, y = data(mode)
    other = {"softmax": "ovr", "ovr": "multinomial"}[mode]
    model = model_of(mode).fit(X, y).set_params(multi_class=other)
    expected = LogisticRegression(multi_class=other).fit(X, y)
    assert same(learnt(model.fit(X, y))["coef_"], expected.coef_)
    assert np.array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.multi_class_ == other


@pytest.mark.parametrize("multi_class", ["multinomial", "ovr"])
def test_coefficients_set_by_hand_go_by_the_parameter(multi_class):
    X, y = data("softmax")
    fitted = LogisticRegression(multi_class=multi_class).fit(X.to_numpy(), y)
    model = LogisticRegression(multi_class=multi_class)
    model.coef_, model.intercept_, model.classes_ = fitted.coef_, fitted.intercept_, fitted.classes_
    model.n_features_in_ = P
    assert np.array_equal(model.predict_proba(X.to_numpy()), fitted.predict_proba(X.to_numpy()))
