"""What a callback is told, and what is made of it: estimates of the time left, bars, lines."""

import contextlib
import copy
import gc
import inspect
import io
import math
import pickle
import re
import sys
import weakref

import numpy as np
import pytest
import tqdm.auto
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from support.layouts import as_layout
from support.problems import class_problem, make_problem

import fastlr
from fastlr import FitInterrupted, LogisticRegression, Progress, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr._progress_bar import share_of_way
from fastlr.solvers import Controls, Monitor
from fastlr.solvers.seconds_left import MOST_POINTS, seconds_left

NAMES = np.array(["ant", "bee", "cat", "dog"])
#: How K separate fits are made: one by one, in lockstep, in lanes of the dual.
WAYS = [("newton_small", "C"), ("newton_cg", "C"), ("dual_coordinate_descent", "csr")]


@pytest.fixture(scope="module")
def classes():
    return class_problem(300, 6, 4)


def history(gaps, times=None, target=1e-6):
    """Points of a fit with these gaps, one a second unless times are given."""
    times = range(len(gaps)) if times is None else times
    return [
        Progress(i, float(i), float(t), 1.0, gap, target, 1.0, 1)
        for i, (gap, t) in enumerate(zip(gaps, times, strict=True))
    ]


# --- seconds left -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 7, 50, 500])
@pytest.mark.parametrize("rate", [0.01, 0.5])
def test_a_steady_fall_is_extrapolated_exactly(n, rate):
    gaps = np.exp(-rate * np.arange(n))
    target = gaps[-1] * np.exp(-rate * 12.5)
    assert seconds_left(history(gaps, target=target)) == pytest.approx(12.5, rel=1e-9)


def test_only_the_later_half_counts():
    gaps = [1.0] * 5 + [0.1, 0.01, 1e-3, 1e-4, 1e-5]
    assert seconds_left(history(gaps, target=1e-7)) == pytest.approx(2.0)


def test_of_a_long_history_the_last_points_count():
    slow = np.exp(-1e-3 * np.arange(200))
    fast = slow[-1] * np.exp(-np.arange(1, MOST_POINTS + 1))
    gaps = [*slow, *fast[:-1], fast[-1]]
    assert seconds_left(history(gaps, target=fast[-1] * np.exp(-3.0))) == pytest.approx(3.0, rel=0.01)


def test_the_rate_is_one_of_seconds_not_of_iterations():
    gaps, times = [1.0, 0.1, 0.01], [0.0, 3.0, 6.0]
    assert seconds_left(history(gaps, times, target=1e-4)) == pytest.approx(6.0)


def test_gaps_that_fall_in_waves_are_smoothed():
    gaps = np.exp(-0.1 * np.arange(60) + np.sin(np.arange(60)))
    left = math.log(gaps[-1] / 1e-9) / 0.1
    assert seconds_left(history(gaps, target=1e-9)) == pytest.approx(left, rel=0.5)


@pytest.mark.parametrize("gaps", [[1e-6], [1.0, 1e-7], [1.0, 0.0]])
def test_at_the_target_nothing_is_left(gaps):
    assert seconds_left(history(gaps)) == 0.0


@pytest.mark.parametrize(
    "points",
    [
        [],
        history([1.0]),
        history([0.5, 0.5]),
        history([0.1, 0.5]),
        history([np.inf, 0.5]),
        history([0.5, np.inf]),
        history([np.nan, np.nan]),
        history([0.5, 0.1], times=[1.0, 1.0]),
        history([0.5, 0.1], target=0.0),
    ],
    ids=["none", "one", "flat", "rising", "from no bound", "no bound", "nan", "no time", "no target"],
)
def test_what_cannot_be_told_is_nan(points):
    assert math.isnan(seconds_left(points))


def test_of_a_fit_that_falls_steadily_the_end_is_foretold():
    """By the points of the fit itself, with each iteration taken to last a second."""
    X, y = make_problem(400, 20)
    result = fit_logistic(X, y, l2=1e-2, solver="gradient_descent", tol=1e-10)
    points = [Progress(i, 0.0, float(i), p.objective, p.gap, p.target, 0.0, 0) for i, p in enumerate(result.history)]
    assert len(points) > 20
    for made in range(len(points) // 2, len(points)):
        assert seconds_left(points[:made]) == pytest.approx(len(points) - made, rel=0.3, abs=2.0)


def test_a_callback_is_told_how_long_it_will_take():
    X, y = make_problem()
    seen = []
    result = fit_logistic(X, y, l2=1e-3, solver="gradient_descent", callback=seen.append)
    assert math.isnan(seen[0].remaining)
    assert seen[-1].remaining == 0.0
    assert all(progress.remaining > 0.0 for progress in seen[1:-1] if not math.isnan(progress.remaining))
    assert sum(not math.isnan(progress.remaining) for progress in seen) > len(seen) / 2
    assert all(math.isnan(point.remaining) for point in result.history)


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


def interrupt(progress):
    raise KeyboardInterrupt


def fail(progress):
    raise RuntimeError("from the callback")


@pytest.mark.parametrize(
    "fit",
    [
        lambda X, y, **given: fit_logistic(X, y, **given),
        lambda X, y, **given: fit_softmax(X, y.astype(int), **given),
        lambda X, y, **given: fit_one_vs_rest(X, y.astype(int), **given),
        lambda X, y, **given: LogisticRegression(**given).fit(X, y),
        lambda X, y, **given: LogisticRegression(verbose=1, **given).fit(X, y),
    ],
)
def test_progress_bar_that_was_not_called_is_refused(fit):
    X, y = make_problem()
    with pytest.raises(TypeError, match=r"callback=fastlr\.progress_bar: expected .* fastlr\.progress_bar\(\)"):
        fit(X, y, callback=fastlr.progress_bar)


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


# --- bars -------------------------------------------------------------------------------------------------------------


class Bars:
    """Stands for tqdm and keeps all bars that were opened."""

    def __init__(self):
        self.opened = []

    def __call__(self, **options):
        bar = tqdm.std.tqdm(**options, file=io.StringIO(), mininterval=0.0)
        self.opened.append(bar)
        return bar

    @property
    def all_closed(self):
        return all(bar.disable for bar in self.opened)

    def texts(self):
        return [bar.fp.getvalue() for bar in self.opened]


@pytest.fixture
def bars(monkeypatch):
    bars = Bars()
    monkeypatch.setattr(tqdm.auto, "tqdm", bars)
    return bars


def test_a_bar_goes_to_its_end_and_is_closed(bars, classes):
    X, y = make_problem()
    bar = fastlr.progress_bar()
    for fit in (fit_logistic, fit_softmax):
        fit(X, y.astype(int), l2=1e-3, callback=bar)
    assert len(bars.opened) == 2
    assert bars.all_closed
    for text in bars.texts():
        *_, last = text.strip().split("\r")
        assert last.startswith("converged 100%|")
        assert re.search(r"gap \S+, target \S+$", last.strip())
        shares = [int(share) for share in re.findall(r"(\d+)%", text)]
        assert shares == sorted(shares)
        assert len(set(shares)) > 2


@pytest.mark.parametrize("solver, layout", WAYS)
def test_a_bar_shows_labels(bars, solver, layout, classes):
    X, y = classes
    fit_one_vs_rest(as_layout(X, layout), y, l2=1e-2, solver=solver, callback=fastlr.progress_bar())
    (text,) = bars.texts()
    assert all(f"label {k}, " in text for k in range(4))
    assert "0 of 4 ended" in text
    assert "4 of 4 converged 100%|" in text
    shares = [int(share) for share in re.findall(r"(\d+)%", text)]
    assert shares == sorted(shares)
    assert bars.all_closed


def test_a_bar_shows_the_names_of_the_estimator(bars, classes):
    X, y = classes
    LogisticRegression(multi_class="ovr", callback=fastlr.progress_bar()).fit(X, NAMES[y])
    assert all(f"class '{name}', " in bars.texts()[0] for name in NAMES)
    assert bars.all_closed


def test_a_bar_of_a_fit_that_ends_short_stays_short(bars):
    X, y = make_problem()
    fit_logistic(X, y, l2=1e-3, tol=1e-10, max_iter=2, callback=fastlr.progress_bar())
    last = bars.texts()[0].strip().split("\r")[-1]
    assert last.startswith("max_iter ")
    assert "100%" not in last


@pytest.mark.parametrize("error, action", [(KeyboardInterrupt, interrupt), (RuntimeError, fail)])
@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_a_bar_is_closed_whatever_happens_and_can_go_on(bars, error, action, mode, classes):
    X, y = classes
    bar = fastlr.progress_bar()

    def callback(progress):
        bar(progress)
        return action(progress) if progress.iteration == 1 else None

    callback.fit_ended = bar.fit_ended
    with pytest.raises(error):
        LogisticRegression(multi_class=mode, callback=callback).fit(X, y)
    assert len(bars.opened) == 1
    assert bars.all_closed
    LogisticRegression(multi_class=mode, callback=bar).fit(X, y)
    assert len(bars.opened) == 2
    assert bars.all_closed
    assert "0 of 4 ended" in bars.texts()[1] or mode == "multinomial"


def test_a_bar_that_saw_no_point_opens_nothing(bars):
    X, y = make_problem()
    with pytest.raises(ValueError, match="l2"):
        fit_logistic(X, y, l2=-1.0, callback=fastlr.progress_bar())
    assert bars.opened == []


def test_a_bar_can_be_cloned_and_pickled_with_its_estimator(bars):
    X, y = make_problem()
    model = LogisticRegression(callback=fastlr.progress_bar())
    pickle.loads(pickle.dumps(clone(model))).fit(X, y)
    GridSearchCV(model, {"C": [0.1, 1.0]}, cv=2).fit(X, y)
    assert len(bars.opened) == 1 + 5
    assert bars.all_closed


def test_a_bar_changes_nothing(bars):
    X, y = make_problem()
    assert fit_logistic(X, y, l2=1e-3, callback=fastlr.progress_bar()) == fit_logistic(X, y, l2=1e-3)


def test_a_bar_draws_on_the_screen(capsys):
    X, y = make_problem()
    fit_logistic(X, y, l2=1e-3, callback=fastlr.progress_bar())
    out, err = capsys.readouterr()
    assert out == ""
    assert "converged 100%|" in err


@pytest.mark.parametrize(
    "first, gap, target, share",
    [
        (1.0, 1.0, 1e-4, 0.0),
        (1.0, 1e-2, 1e-4, 0.5),
        (1.0, 1e-5, 1e-4, 1.0),
        (1.0, 2.0, 1e-4, 0.0),
        (1.0, 0.5, 0.0, 0.0),
        (1.0, 0.0, 0.0, 1.0),
        (math.inf, 0.5, 1e-4, 0.0),
        (1e-5, 1e-5, 1e-4, 1.0),
    ],
)
def test_the_share_of_the_way(first, gap, target, share):
    assert share_of_way(first, gap, target) == pytest.approx(share)


def test_without_tqdm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"pip install 'fastlr-solver\[progress\]'"):
        fastlr.progress_bar()


# --- lines ------------------------------------------------------------------------------------------------------------


def test_lines_name_the_class(classes, capsys):
    X, y = classes
    model = LogisticRegression(multi_class="ovr", verbose=1).fit(X, NAMES[y])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(len(result.history) for result in model.result_)
    for name, result in zip(NAMES, model.result_, strict=True):
        mine = [line for line in lines if line.startswith(f"class '{name}'  iteration ")]
        assert len(mine) == len(result.history)
        assert f"target {result.target:.2e}" in mine[0]
        assert re.search(r"seconds \d+\.\d\d$", mine[0])


def test_lines_name_the_label(classes, capsys):
    X, y = classes
    LogisticRegression(multi_class="multilabel", verbose=1).fit(X, y[:, None] == np.arange(4))
    starts = {line.split("  ")[0] for line in capsys.readouterr().out.splitlines()}
    assert starts == {"label 0", "label 1", "label 2", "label 3"}


def test_lines_of_a_softmax_have_no_name(classes, capsys):
    X, y = classes
    LogisticRegression(verbose=1).fit(X, y)
    assert all(line.startswith("iteration ") for line in capsys.readouterr().out.splitlines())


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
