"""Bars and lines of progress."""

import io
import math
import pickle
import re
import sys

import numpy as np
import pytest
import tqdm.auto
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from support.callbacks import NAMES, WAYS, fail, interrupt
from support.layouts import as_layout
from support.problems import class_problem, make_problem

import fastlr
from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr._progress_bar import share_of_way


@pytest.fixture(scope="module")
def classes():
    return class_problem(300, 6, 4)


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
