"""scikit-learn's callbacks, which `set_callbacks` takes from scikit-learn 1.9 on: a fit as a tree of tasks.

    fit
        iteration, as many as there are                             one problem: two classes, a softmax
    fit
        class 'a', class 'b'... (label 0, label 1...)               "ovr" and "multilabel"
            iteration, as many as there are

The iterations of a problem take place one after the other; those of several problems may alternate.  As in
scikit-learn's own LogisticRegression the iteration begun last never takes place: it ends when its problem does.
"""

from types import SimpleNamespace

import numpy as np

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: there are no callbacks to support."""

    def with_callbacks(method):
        """The method as it is."""
        return method


def tasks_of(model, learner, settings, fit, X, given):
    """The FitTasks that callbacks of the model are to hear of; None where it has none."""
    if vars(model).get("_skl_callbacks"):
        return FitTasks(model, learner, settings, fit, X, given)
    vars(model).pop("_callback_fit_ctx", None)  # of a fit whose teardown was interrupted: not to be torn down again
    return None


class FitTasks:
    """Tells the callbacks that are set on an estimator of the tasks of one fit; a callback of that fit itself.

    Parameters
    ----------
    model : LogisticRegression
        Which callbacks are to see, and whose they are.
    learner : LogisticRegression
        Its copy that learns.
    settings : Settings
    fit : one of fastlr.estimator.formulation
    X :
        As it is fitted.
    given : dict
        X, y and sample_weight as they were given to the fit, and callbacks are to see them.
    """

    def __init__(self, model, learner, settings, fit, X, given):
        weight = given["sample_weight"]
        metadata = None if weight is None else {"sample_weight": weight}
        self._shown = {"estimator": model, "X": given["X"], "y": given["y"], "metadata": metadata}
        self._dtype, self._nothing = X.dtype, (np.zeros(X.shape[1]), 0.0)
        self._fit = fit
        self._features = {name: vars(learner).get(name) for name in ("n_features_in_", "feature_names_in_")}
        self._most = settings.max_iter + 1
        #: The problems begun, by their number; None is that of a fit of one.
        self._problems = {}
        of_root = {"max_subtasks": self._most}
        if fit.names is not None:
            of_root = {"max_subtasks": len(fit.names), "sequential_subtasks": False}
        self._root = model._init_callback_context(**of_root)
        self._root.call_on_fit_task_begin(**self._shown)

    def __call__(self, progress):
        if progress.label not in self._problems:
            self._problems[progress.label] = Problem(self._task_of(progress.label), self._most)
        problem = self._problems[progress.label]
        problem.coefficients = progress.coefficients
        return problem.reached(progress.iteration, self._shown | {"reconstruction_attributes": self._attributes})

    def _task_of(self, label):
        """The task whose subtasks are the iterations of a problem."""
        if label is None:
            return self._root
        task = self._root.subcontext(task_name=self._fit.names[label], task_id=label, max_subtasks=self._most)
        return task.call_on_fit_task_begin(**self._shown)

    def _attributes(self):
        """What makes a copy of the estimator a fitted one: the points reached, those of problems not begun at zero."""
        return self._features | self._fit.attributes(self._fit.joined(self._points()), self._dtype)

    def _points(self):
        """(coef, intercept) of each problem as results have them."""
        labels = (None,) if self._fit.names is None else range(len(self._fit.names))
        for label in labels:
            problem = self._problems.get(label)
            coef, intercept = self._nothing if problem is None else problem.coefficients()
            yield SimpleNamespace(coef=coef, intercept=intercept, centre=None)

    def label_ended(self, label):
        """End the task of a problem that is over, and keep nothing of its points but the last one."""
        problem = self._problems[label]
        reached = problem.coefficients()
        problem.coefficients = lambda: reached
        problem.end_iteration(self._shown)
        problem.task.call_on_fit_task_end(**self._shown, reconstruction_attributes=self._attributes)

    def end(self):
        """End the whole fit; the estimator holds what came of it."""
        if self._fit.names is None:
            self._problems[None].end_iteration(self._shown)
        self._root.call_on_fit_task_end(**self._shown, reconstruction_attributes={})


class Problem:
    """The iterations of one problem.

    Parameters
    ----------
    task : sklearn.callback.CallbackContext
        Of which they are the subtasks.
    most : int
        How many it may have.
    """

    def __init__(self, task, most):
        self.task = task
        self.coefficients = None
        self._left = most
        self._iteration = None
        self._number = None

    def reached(self, number, shown):
        """End the iteration that led to a point and begin the next; whether a callback wants the fit to end.

        A point that is reported again, by another solver that goes on from it, is none; where two solvers together take
        more iterations than there may be tasks, the last task goes on.
        """
        if number == self._number or not self._left:
            return False
        wants_to_stop = self.end_iteration(shown)
        self._number, self._left = number, self._left - 1
        self._iteration = self.task.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(**shown)
        return wants_to_stop

    def end_iteration(self, shown):
        """End the iteration begun last, if there is one; whether a callback wants the fit to end."""
        return self._iteration is not None and self._iteration.call_on_fit_task_end(**shown)
