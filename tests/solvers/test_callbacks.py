"""What a callback is told of a fit and of its end, and what it may keep."""

import contextlib
import copy
import gc
import inspect
import pickle
import weakref

import numpy as np
import pytest
from sklearn.base import clone
from support.callbacks import NAMES, WAYS, fail, history, interrupt
from support.layouts import as_layout
from support.problems import class_problem, make_problem

from fastlr import FitInterrupted, LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.solvers import Controls, Monitor


@pytest.fixture(scope="module")
def classes():
    return class_problem(300, 6, 4)


# --- what a callback is told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax])
@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-3}, {"l1": 1e-3}])
def test_a_callback_of_one_problem_is_told_of_no_label(fit, penalty):
    X, y = make_problem()
    seen = []
    result = fit(X, y.astype(int), **penalty, callback=seen.append)
    for progress in seen:
        assert (progress.label, progress.n_labels, progress.name) == (None, None, None)
        assert progress.target == result.target > 0.0
        assert progress.elapsed >= 0.0


@pytest.mark.parametrize("solver, layout", WAYS)
def test_a_callback_of_several_problems_is_told_of_which_it_is(solver, layout, classes):
    X, y = classes
    seen = []
    results = fit_one_vs_rest(as_layout(X, layout), y, l2=1e-2, solver=solver, callback=seen.append)
    for k, result in enumerate(results):
        mine = [progress for progress in seen if progress.label == k]
        assert mine == list(result.history)
        assert {progress.n_labels for progress in mine} == {4}
        assert {type(progress.label) for progress in mine} == {int}
        assert {progress.name for progress in mine} == {None}


@pytest.mark.parametrize("mode, expected", [("ovr", "class 'bee'"), ("multilabel", "label 1")])
def test_a_callback_of_the_estimator_is_told_the_name(mode, expected, classes):
    X, y = classes
    seen = []
    Y = NAMES[y] if mode == "ovr" else (y[:, None] == np.arange(4)).astype(int)
    LogisticRegression(multi_class=mode, callback=seen.append).fit(X, Y)
    assert {progress.name for progress in seen if progress.label == 1} == {expected}
    assert len({progress.name for progress in seen}) == 4


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_coefficients_in_a_callback_are_as_in_the_result(fit_intercept, classes):
    X, y = classes
    for fit, shapes in ((fit_softmax, ((4, 6), (4,))), (fit_one_vs_rest, ((6,), ()))):
        seen = []
        fit(X, y, l2=1e-3, fit_intercept=fit_intercept, callback=seen.append)
        for progress in seen:
            coef, intercept = progress.coefficients()
            assert (coef.shape, np.shape(intercept)) == shapes


# --- the end of a fit -------------------------------------------------------------------------------------------------


class Listener:
    """Writes down what a callback hears."""

    def __init__(self, action=lambda progress: None):
        self.action = action
        self.heard = []

    def __call__(self, progress):
        self.heard.append("progress")
        return self.action(progress)

    def label_ended(self, label):
        self.heard.append(label)

    def fit_ended(self, result):
        self.heard.append("end")
        self.result = result


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax])
@pytest.mark.parametrize("action", [lambda progress: None, lambda progress: True])
def test_a_callback_hears_of_the_end_once(fit, action):
    X, y = make_problem()
    listener = Listener(action)
    result = fit(X, y.astype(int), l2=1e-3, callback=listener)
    assert listener.heard == ["progress"] * len(result.history) + ["end"]
    assert listener.result is result


@pytest.mark.parametrize("action, status", [(lambda progress: None, "converged"), (lambda progress: True, "stopped")])
@pytest.mark.parametrize("solver, layout", WAYS)
def test_a_callback_hears_of_the_end_of_each_label(solver, layout, action, status, classes):
    X, y = classes
    listener = Listener(action)
    results = fit_one_vs_rest(as_layout(X, layout), y, l2=1e-2, solver=solver, callback=listener)
    assert sorted(each for each in listener.heard if isinstance(each, int)) == [0, 1, 2, 3]
    assert listener.heard[-1] == "end"
    assert listener.heard.count("end") == 1
    assert listener.result is results
    assert results[0].status.value == status


def test_a_label_that_the_dual_leaves_to_newton_ends_once():
    rng = np.random.default_rng(0)
    X, y = as_layout(rng.standard_normal((400, 60)), "csr"), rng.integers(0, 2, 400)
    listener = Listener()
    results = fit_one_vs_rest(X, y, l2=1e-5, solver="dual_coordinate_descent", callback=listener)
    assert all("newton_cg went on" in result.message for result in results)
    assert sorted(each for each in listener.heard if isinstance(each, int)) == [0, 1]


def assert_is_one_history(history):
    assert [point.iteration for point in history] == list(range(len(history)))
    for name in ("elapsed", "n_passes"):
        values = [getattr(point, name) for point in history]
        assert values == sorted(values)


def test_a_label_that_the_dual_leaves_to_newton_has_one_history():
    rng = np.random.default_rng(0)
    X, y = as_layout(rng.standard_normal((400, 60)), "csr"), rng.integers(0, 2, 400)
    heard = [[], []]
    options = {"l2": 1e-5, "solver": "dual_coordinate_descent"}
    results = fit_one_vs_rest(X, y, **options, callback=lambda progress: heard[progress.label].append(progress))
    for result, mine in zip(results, heard, strict=True):
        assert_is_one_history(result.history)
        assert result.n_iter == len(result.history) - 1
        assert result.seconds == result.history[-1].elapsed
        newton = fit_logistic(X, y, l2=1e-5, solver="newton_cg")
        assert result.n_iter > newton.n_iter / 2
        assert [each.gap for each in result.history] == [
            each.gap
            for each, following in zip(mine, [*mine[1:], None], strict=True)
            if following is None or following.iteration > each.iteration
        ]  # the point of the change is told of twice
    most = results[0].n_iter - 1
    for limited in fit_one_vs_rest(X, y, **options, max_iter=most):
        assert limited.status.value == "max_iter"
        assert limited.n_iter == most
    limited = fit_one_vs_rest(X, y, **options, time_limit=1e3)
    assert all(result.converged for result in limited)


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax])
def test_a_callback_hears_of_an_interrupted_end(fit):
    X, y = make_problem()
    listener = Listener(interrupt)
    with pytest.raises(FitInterrupted) as caught:
        fit(X, y.astype(int), l2=1e-3, callback=listener)
    assert listener.heard == ["progress", "end"]
    assert listener.result is caught.value.result


@pytest.mark.parametrize("fit", [fit_logistic, fit_softmax, fit_one_vs_rest])
def test_a_callback_hears_of_an_end_without_a_result(fit):
    X, y = make_problem()
    listener = Listener(fail)
    with pytest.raises(RuntimeError, match="from the callback"):
        fit(X, y.astype(int), l2=1e-3, callback=listener)
    assert listener.heard == ["progress", "end"]
    assert listener.result is None
    listener = Listener()
    with pytest.raises(ValueError, match="l2"):
        fit(X, y.astype(int), l2=-1.0, callback=listener)
    assert listener.heard == ["end"]


def test_the_estimator_passes_the_end_on(classes):
    X, y = classes
    for mode, ends in (("multinomial", []), ("ovr", [0, 1, 2, 3])):
        listener = Listener()
        LogisticRegression(multi_class=mode, callback=listener).fit(X, y)
        assert [each for each in listener.heard if each != "progress"] == [*ends, "end"]


def test_functions_keep_their_signatures():
    for fit in (fit_logistic, fit_softmax, fit_one_vs_rest):
        assert inspect.signature(fit).parameters["callback"].kind is inspect.Parameter.KEYWORD_ONLY
        assert {"X", "l2", "tol"} <= set(inspect.signature(fit).parameters)


# --- what a callback keeps --------------------------------------------------------------------------------------------


class History:
    """Keeps everything it hears."""

    def __init__(self):
        self.seen = []

    def __call__(self, progress):
        self.seen.append(progress)


FITS = {
    "two classes": lambda X, y, callback: fit_logistic(X, y % 2, l2=1e-2, callback=callback),
    "l1": lambda X, y, callback: fit_logistic(X, y % 2, l1=1e-2, callback=callback),
    "lbfgs": lambda X, y, callback: fit_logistic(X, y % 2, l2=1e-2, solver="lbfgs", callback=callback),
    "standardised": lambda X, y, callback: fit_logistic(X, y % 2, l2=1e-2, standardize=True, callback=callback),
    "softmax": lambda X, y, callback: fit_softmax(X, y, l2=1e-2, callback=callback),
    "softmax, l1": lambda X, y, callback: fit_softmax(X, y, l1=1e-2, callback=callback),
    **{
        f"labels, {solver}": lambda X, y, callback, solver=solver, form=form: fit_one_vs_rest(
            X if form == "C" else as_layout(X, form), y, l2=1e-2, solver=solver, callback=callback
        )
        for solver, form in WAYS
    },
}
PICKLERS = {"pickle": lambda a: pickle.loads(pickle.dumps(a)), "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("copied", PICKLERS)
@pytest.mark.parametrize("fit", FITS)
def test_progress_that_is_kept_can_be_copied_with_its_coefficients(fit, copied, classes):
    history, at_the_time = History(), []

    def callback(progress):
        history(progress)
        at_the_time.append(progress.coefficients())

    FITS[fit](*classes, callback)
    copies = PICKLERS[copied](history.seen)
    assert copies == history.seen
    assert [(each.label, each.n_labels) for each in copies] == [(each.label, each.n_labels) for each in history.seen]
    for one, other, expected in zip(history.seen, copies, at_the_time, strict=True):
        for coef, intercept in (one.coefficients(), other.coefficients()):
            np.testing.assert_array_equal(coef, expected[0])
            np.testing.assert_array_equal(intercept, expected[1])
            coef.fill(7.0)
        np.testing.assert_array_equal(one.coefficients()[0], expected[0])
        np.testing.assert_array_equal(other.coefficients()[0], expected[0])


@pytest.mark.parametrize("ends_with", [None, KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("fit", FITS)
def test_progress_that_is_kept_lets_go_of_the_data(fit, ends_with, classes):
    X, y = classes[0].copy(), classes[1].copy()
    alive, history = [weakref.ref(X), weakref.ref(y)], History()

    def callback(progress):
        history(progress)
        if ends_with is not None and len(history.seen) == 2:
            raise ends_with

    with contextlib.suppress(KeyboardInterrupt, RuntimeError):
        FITS[fit](X, y, callback)
    del X, y
    gc.collect()
    assert [each() is None for each in alive] == [True, True]
    assert len(pickle.dumps(history)) < 2000 * len(history.seen)
    assert history.seen[-1].coefficients()[0].size in (6, 24)


@pytest.mark.parametrize("parameters", [{}, {"multi_class": "ovr"}, {"l1_ratio": 1.0}, {"multi_class": "multilabel"}])
def test_a_model_whose_callback_keeps_progress_can_be_pickled(parameters, classes):
    X, y = classes
    y = y[:, None] == np.arange(4) if parameters.get("multi_class") == "multilabel" else y
    model = LogisticRegression(callback=History(), **parameters).fit(X, y)
    other = pickle.loads(pickle.dumps(model))
    assert other.callback.seen == model.callback.seen
    np.testing.assert_array_equal(other.coef_, model.coef_)
    np.testing.assert_array_equal(clone(model).fit(X, y).coef_, model.coef_)


def test_coefficients_are_made_only_where_somebody_asks_or_keeps():
    made = []

    def lift(coef, intercept):
        made.append(coef)
        return coef.copy(), intercept

    for kept in (False, True):
        made.clear()
        seen = []
        monitor = Monitor(Controls(callback=seen.append if kept else lambda p: None), None, "none", lift=lift)
        monitor.history.append(history([0.5])[0])
        monitor._call_back(np.zeros(3), 0.0)
        assert len(made) == kept
