"""scikit-learn's callbacks, with every solver and for every kind of fit; and without scikit-learn's support of them."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from support.problems import class_problem, make_problem
from support.processes import in_this_folder

from fastlr import LogisticRegression, Status
from fastlr.solvers import SOLVERS

callbacks = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 has them")


class Recorder:
    """Writes down the tasks of a fit, and what the estimator would predict in between."""

    def __init__(self, stop_after=None):
        self.events = []
        self.coefs = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.events.append(("setup", context.task_name, None))

    def teardown(self, estimator, context):
        self.events.append(("teardown", context.task_name, None))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.events.append(("begin", context.task_name, context.task_id))
        self.shapes = np.shape(X), np.shape(y)
        self.metadata = metadata

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.events.append(("end", context.task_name, context.task_id))
        if fitted_estimator is not None:
            self.coefs.append(fitted_estimator.coef_.copy())
            assert fitted_estimator.predict(X).shape == np.shape(y)
        return self.stop_after is not None and len(self.named("end", "iteration")) >= self.stop_after

    def named(self, event, name):
        return [number for what, task, number in self.events if (what, task) == (event, name)]


class Propagated(Recorder):
    """One that goes on from a meta-estimator to those within."""

    max_propagation_depth = None


def fitted(model, recorder, *data, **more):
    return model.set_callbacks(recorder).fit(*data, **more)


def check_tasks(recorder):
    """All that begins ends, setup comes first and teardown last."""
    begun = sorted((name, number) for what, name, number in recorder.events if what == "begin")
    ended = sorted((name, number) for what, name, number in recorder.events if what == "end")
    assert begun == ended
    assert recorder.events[0] == ("setup", "fit", None)
    assert recorder.events[-1] == ("teardown", "fit", None)


def parameters(solver):
    penalty = {"l1_ratio": 1.0} if solver in ("prox_newton", "coordinate_descent") else {}
    return penalty | ({"bounds": (0, None)} if solver == "projected_newton" else {})


@pytest.mark.parametrize("solver", ["auto", "lbfgs", "liblinear", "saga", *SOLVERS])
def test_every_solver_tells_of_its_iterations(solver):
    X, y = make_problem()
    recorder = Recorder()
    weight = np.ones(len(y))
    model = LogisticRegression(solver=solver, max_iter=1000, **parameters(solver))
    fitted(model, recorder, X, y, sample_weight=weight)
    check_tasks(recorder)
    assert model.converged_
    assert len(recorder.named("begin", "fit")) == 1
    numbers = recorder.named("end", "iteration")
    assert numbers == list(range(model.n_iter_[0] + 1))
    assert recorder.shapes == (X.shape, y.shape)
    assert recorder.metadata["sample_weight"] is weight
    assert len(recorder.coefs) == model.n_iter_[0] + 1
    assert np.array_equal(recorder.coefs[-2], model.coef_)
    plain = LogisticRegression(solver=solver, max_iter=1000, **parameters(solver)).fit(X, y, sample_weight=weight)
    assert np.array_equal(plain.coef_, model.coef_)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("options", [{}, {"l1_ratio": 1.0}, {"l1_ratio": 0.5, "group_penalty": True}, {"C": np.inf}])
def test_a_softmax_tells_of_its_iterations(options, fit_intercept):
    X, y = class_problem(300, 6, 4)
    recorder = Recorder()
    model = fitted(LogisticRegression(**options, fit_intercept=fit_intercept), recorder, X, y)
    check_tasks(recorder)
    assert recorder.named("end", "iteration") == list(range(model.n_iter_[0] + 1))
    assert all(coef.shape == (4, 6) for coef in recorder.coefs)
    np.testing.assert_array_equal(recorder.coefs[-2], model.coef_)


@pytest.mark.parametrize("solver", ["auto", "newton_cg", "dual_coordinate_descent", "lbfgs"])
@pytest.mark.parametrize("mode", ["ovr", "multilabel"])
def test_separate_fits_are_tasks_with_iterations(mode, solver):
    X, y = class_problem(300, 6, 4)
    Y = np.array(["ant", "bee", "cat", "dog"])[y] if mode == "ovr" else (y[:, None] == np.arange(4)).astype(int)
    recorder = Recorder()
    model = fitted(LogisticRegression(multi_class=mode, solver=solver), recorder, X, Y)
    check_tasks(recorder)
    names = [f"class '{name}'" for name in ("ant", "bee", "cat", "dog")]
    for k, name in enumerate(names if mode == "ovr" else [f"label {k}" for k in range(4)]):
        assert recorder.named("begin", name) == recorder.named("end", name) == [k]
    assert len(recorder.named("end", "iteration")) == sum(model.n_iter_) + 4
    assert all(coef.shape == (4, 6) for coef in recorder.coefs)
    np.testing.assert_array_equal(recorder.coefs[-2], model.coef_)


@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
@pytest.mark.parametrize("classes", [2, 3])
def test_estimators_on_the_way_are_fitted_to_the_data_at_hand(mode, classes):
    X, y = class_problem(200, 4, 3)
    y = np.minimum(y, classes - 1)
    frame = pd.DataFrame(X, columns=list("abcd"))
    recorder = Recorder()
    model = LogisticRegression(multi_class=mode).set_callbacks(recorder)
    for data in (frame, frame[["d", "a"]], X, X[:, :3].tolist(), csr_array(X), frame.rename(columns=str.upper)):
        recorder.events.clear()
        model.fit(data, y)
        check_tasks(recorder)
        assert model.n_features_in_ == np.shape(data)[1]


@pytest.mark.parametrize("event", ["setup", "teardown", "on_fit_task_begin", "on_fit_task_end"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_an_error_of_a_callback_leaves_an_estimator_as_it_was_or_wholly_new(mode, error, event):
    def fail(*args, **kwargs):
        raise error

    X, y = class_problem(200, 4, 3)
    model = LogisticRegression(multi_class=mode).fit(X, y)
    recorder = Recorder()
    setattr(recorder, event, fail)
    with pytest.raises(error):
        fitted(model, recorder, X[:, :3], y)
    is_new = event == "teardown" or (
        event == "on_fit_task_end" and mode == "multinomial" and error is KeyboardInterrupt
    )
    assert model.coef_.shape[1] == model.n_features_in_ == (3 if is_new else 4)
    assert model.set_callbacks().fit(X, y).n_features_in_ == 4


def test_a_callback_can_end_a_fit():
    X, y = make_problem()
    model = fitted(LogisticRegression(tol=1e-12), Recorder(stop_after=2), X, y)
    assert model.status_ is Status.STOPPED
    assert model.n_iter_[0] == 2
    X, y = class_problem(300, 6, 4)
    model = fitted(LogisticRegression(multi_class="ovr", tol=1e-12), Recorder(stop_after=3), X, y)
    assert model.status_ is Status.STOPPED


def test_a_solver_that_goes_on_from_another_reports_no_iteration_twice():
    X, y = make_problem()
    X = np.column_stack([X, X[:, 0]])
    recorder = Recorder()
    model = fitted(LogisticRegression(C=np.inf), recorder, X, y)
    assert "newton_cg went on" in model.result_.message
    assert recorder.named("end", "iteration") == list(range(model.n_iter_[0] + 1))


def test_two_solvers_that_share_a_problem_keep_to_its_number_of_tasks():
    rng = np.random.default_rng(0)
    X, y = csr_array(rng.standard_normal((400, 60))), rng.integers(0, 3, 400)
    recorder = Recorder()
    with pytest.warns(Warning, match="did not converge"):
        model = fitted(
            LogisticRegression(C=1e3, solver="dual_coordinate_descent", multi_class="ovr", max_iter=1, tol=1e-12),
            recorder,
            X,
            y,
        )
    check_tasks(recorder)
    assert model.status_ is Status.MAX_ITER


@pytest.mark.parametrize("max_iter", [0, 1])
def test_few_iterations(max_iter):
    X, y = make_problem()
    recorder = Recorder()
    with pytest.warns(Warning, match="did not converge"):
        fitted(LogisticRegression(max_iter=max_iter, tol=1e-12), recorder, X, y)
    check_tasks(recorder)
    assert recorder.named("end", "iteration") == list(range(max_iter + 1))


def test_other_callbacks_are_called_as_well(capsys):
    X, y = make_problem()
    seen, recorder = [], Recorder()
    fitted(LogisticRegression(verbose=1, callback=seen.append), recorder, X, y)
    assert len(seen) == len(recorder.named("end", "iteration")) == len(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_callbacks_are_torn_down_after_an_error(error):
    def fail(progress):
        raise error

    X, y = make_problem()
    recorder = Recorder()
    model = LogisticRegression(callback=fail)
    with pytest.raises(error):
        fitted(model, recorder, X, y)
    assert recorder.events[-1] == ("teardown", "fit", None)
    model.set_params(callback=None).fit(X, y)
    assert recorder.events[-2:] == [("end", "fit", 0), ("teardown", "fit", None)]


def test_without_callbacks_nobody_watches():
    X, y = make_problem()
    model = LogisticRegression().set_callbacks(Recorder())
    assert model.set_callbacks().fit(X, y).converged_
    assert not [name for name in vars(model) if name.startswith("_") and ("callback" in name or "_ctx" in name)]


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_a_bar_of_scikit_learn_shows_a_grid_search(mode, n_jobs, capsys):
    pytest.importorskip("rich")
    X, y = class_problem(300, 6, 3)
    search = GridSearchCV(LogisticRegression(multi_class=mode), {"C": [0.1, 1.0]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(callbacks.ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert search.best_estimator_.converged_
    assert "GridSearchCV" in capsys.readouterr().out


@pytest.mark.parametrize("mode", ["multinomial", "ovr", "multilabel"])
def test_a_bar_of_scikit_learn_shows_a_fit(mode, capsys):
    pytest.importorskip("rich")
    X, y = class_problem(300, 6, 3)
    Y = y[:, None] == np.arange(3) if mode == "multilabel" else y
    fitted(LogisticRegression(multi_class=mode), callbacks.ProgressBar(), X, Y)
    shown = capsys.readouterr().out
    assert "LogisticRegression - fit" in shown
    assert ("2 #2" in shown) == (mode != "multinomial")


def test_a_grid_search_hears_of_the_fits_within():
    X, y = make_problem()
    recorder = Propagated()
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).set_callbacks(recorder).fit(X, y)
    begun = [name for what, name, _ in recorder.events if what == "begin"]
    assert begun.count("fit") == 1 + 4 + 1
    assert begun.count("iteration") >= 5
    assert search.best_estimator_.converged_


def test_a_clone_takes_its_callbacks_along():
    X, y = make_problem()
    recorder = Recorder()
    clone(LogisticRegression().set_callbacks(recorder)).fit(X, y)
    check_tasks(recorder)


def test_without_support_in_scikit_learn_there_is_none_here():
    script = """
import sys
import sklearn.linear_model
sys.modules["sklearn.callback"] = None
import numpy as np
from fastlr import LogisticRegression
X, y = np.random.default_rng(0).standard_normal((60, 3)), np.arange(60) % 3
assert not hasattr(LogisticRegression, "set_callbacks")
for mode in ("multinomial", "ovr"):
    print(LogisticRegression(multi_class=mode, verbose=0).fit(X, y).converged_)
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], **in_this_folder(), check=False)
    assert done.stdout == "True\nTrue\n", done.stderr
