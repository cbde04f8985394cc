"""The fits behind the estimator: of two classes, of all classes at once, of one problem for each class or label.

Each knows its targets, takes from the estimator `model` what it can use, refuses what it cannot, and says how its
results become fitted attributes.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import scipy.sparse as sp

from fastlr.estimator import class_weight as class_weights
from fastlr.estimator.sklearn_parameters import merge_n_jobs, our_solver, softmax_solver
from fastlr.fit.binary import fit_logistic
from fastlr.fit.one_vs_rest import fit_one_vs_rest
from fastlr.fit.softmax import fit_softmax
from fastlr.inference.identifiability import with_labels
from fastlr.presolve.centring import Anchor, Centre
from fastlr.solvers import LogisticResults, penalty_name


class _Fit:
    """What the fits have in common; `classes` (K,), `weight` (n,) or None, `n_rows`, `n_problems`."""

    #: Fitted attributes that other fits do not set.
    extra: ClassVar[dict] = {}
    #: What each of several problems is called in warnings and reports; None where there is only one.
    names: tuple | None = None

    @property
    def total(self):
        """The sum of all weights."""
        return self.n_rows if self.weight is None else class_weights.total(self.weight)

    def joined(self, results):
        """What `run` returns, of the result of each problem."""
        (result,) = results
        return result

    def results(self, result):
        """The results of all problems, with what to call each."""
        return ((None, result),)

    def attributes(self, result, dtype):
        """The fitted attributes that predictions need."""
        coef, intercept = self.coefficients(result)
        coef, known = coef.astype(dtype), {"classes_": self.classes, **self.extra}
        if (anchor := self.anchor(result)) is not None:
            known["_anchor"], intercept = anchor, anchor.intercept(coef.astype(np.float64, copy=False))
        return {**known, "coef_": coef, "intercept_": np.array(intercept, dtype=dtype)}

    def anchor(self, result):
        """The Anchor of a fit about a centre; None of any other."""
        results = [each for _, each in self.results(result)]
        centres = [each.centre for each in results if each.centre is not None]
        if not centres:
            return None
        return Anchor(centres[-1], np.hstack([Centre(centres[-1]).value_of(each) for each in results]))

    def _start(self, model, p):
        """(coef (n_problems, p), intercept (n_problems,)) to start from, or None."""
        if not (model.warm_start and hasattr(model, "coef_")):
            return None
        coef = model.coef_.toarray() if hasattr(model.coef_, "toarray") else model.coef_
        if coef.shape[1] != p:
            raise ValueError(f"warm_start: X has {p} features, the previous fit had {coef.shape[1]}")
        if len(coef) != self.n_problems:
            raise ValueError(
                f"warm_start: coef_ of the previous fit has shape {coef.shape}, this one has "
                f"{len(self.classes)} classes and shape {(self.n_problems, p)}"
            )
        intercept = np.zeros(self.n_problems)
        if model.fit_intercept:
            intercept += model.intercept_
        return np.asarray(coef, dtype=np.float64), intercept


@dataclass
class TwoClasses(_Fit):
    """One fit to shares (n,) in [0, 1] of the second class."""

    classes: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None

    n_problems = 1

    @property
    def n_rows(self):
        return len(self.targets)

    def run(self, model, X, l1, l2, offset, callback):
        start = self._start(model, X.shape[1])
        return fit_logistic(
            X,
            self.targets,
            l1=l1,
            l2=l2,
            bounds=model._bounds(X.shape[1]),
            sample_weight=self.weight,
            offset=offset,
            standardize=model.standardize,
            solver=our_solver(model.solver, penalty_name(np.any(l1), np.any(l2))),
            start=None if start is None else (start[0][0], float(start[1][0])),
            **_controls(model, callback),
        )

    def coefficients(self, result):
        """(coef (n_problems, p), intercept (n_problems,)), the latter an array or list."""
        return result.coef[None, :], [result.intercept]


@dataclass
class AllClasses(_Fit):
    """One softmax fit to class numbers (n,)."""

    classes: np.ndarray
    codes: np.ndarray
    weight: np.ndarray | None

    @classmethod
    def of(cls, model, classes, codes, weight):
        if model.class_weight is not None:
            weight = class_weights.of_rows(model.class_weight, classes, codes, weight)
        counted = np.flatnonzero(np.bincount(codes, weight, len(classes)))
        if len(counted) < 2:
            found = ", ".join(repr(label) for label in classes[counted].tolist())
            raise ValueError(f"y holds one class only ({found or 'none'}) among the rows of positive sample_weight")
        return cls(classes, codes, weight)

    @property
    def n_rows(self):
        return len(self.codes)

    @property
    def n_problems(self):
        return len(self.classes)

    def run(self, model, X, l1, l2, offset, callback):
        _refuse(model, offset, "with more than two classes")
        if model.standardize:
            raise ValueError(
                "standardize=True: the softmax fit of more than two classes takes columns as they are; scale them "
                "with sklearn.preprocessing.StandardScaler, or use multi_class='ovr'"
            )
        result = fit_softmax(
            X,
            self.codes,
            len(self.classes),
            l1=l1,
            l2=l2,
            group_penalty=model.group_penalty,
            solver=softmax_solver(model.solver, penalty_name(np.any(l1), np.any(l2))),
            sample_weight=self.weight,
            start=self._start(model, X.shape[1]),
            **_controls(model, callback),
        )
        return with_labels(result, self.classes)

    def coefficients(self, result):
        # adding a number to all intercepts changes nothing; scikit-learn's add up to zero
        return result.coef, result.intercept - np.mean(result.intercept)

    def anchor(self, result):
        anchor = super().anchor(result)
        return None if anchor is None else replace(anchor, values=anchor.values - np.mean(anchor.values))


class _Separate(_Fit):
    """A two-class fit for each of K problems; the dataclasses below say which.

    Y is (n,) class numbers or (n, K) zeros and ones; label_weight (K, 2) weighs label 0 and label 1 of each problem.
    """

    @property
    def n_rows(self):
        return self.Y.shape[0]

    @property
    def n_problems(self):
        return len(self.classes)

    def run(self, model, X, l1, l2, offset, callback):
        _refuse(model, offset, f"with multi_class={model.multi_class!r}")
        results = fit_one_vs_rest(
            X,
            self.Y,
            len(self.classes) if self.Y.ndim == 1 else None,
            l1=l1,
            l2=l2,
            sample_weight=self.weight,
            label_weight=self.label_weight,
            standardize=model.standardize,
            solver=our_solver(model.solver, penalty_name(np.any(l1), np.any(l2))),
            start=self._start(model, X.shape[1]),
            **_controls(model, callback),
        )
        return self.joined(results)

    @property
    def names(self):
        return tuple(f"{self.noun} {label!r}" for label in self.called.tolist())

    def joined(self, results):
        return LogisticResults(results, self.names)

    @property
    def called(self):
        """What problems are called in messages, (K,)."""
        return self.classes

    def coefficients(self, results):
        return np.array([each.coef for each in results]), [each.intercept for each in results]

    def results(self, results):
        return tuple(zip(self.names, results, strict=True))


@dataclass
class OneAgainstRest(_Separate):
    """A fit for each class, to class numbers Y (n,)."""

    classes: np.ndarray
    Y: np.ndarray
    weight: np.ndarray | None
    label_weight: np.ndarray | None

    noun = "class"

    @classmethod
    def of(cls, model, classes, codes, weight):
        """A dict of class weights weighs rows by their label in all problems, "balanced" each problem by itself."""
        given = model.class_weight
        if given is not None and not isinstance(given, str):
            weight = class_weights.of_rows(given, classes, codes, weight)
        K = len(classes)
        counted = codes if weight is None else codes[weight > 0.0]
        _check_both_sides(np.bincount(counted, minlength=K), len(counted), cls.noun, classes)
        if not isinstance(given, str):
            return cls(classes, codes, weight, None)
        masses = class_weights.both_sides(np.bincount(codes, weight, K), len(codes) if weight is None else weight.sum())
        return cls(classes, codes, weight, class_weights.balanced(masses))


@dataclass
class EachLabel(_Separate):
    """A fit for each label, to an indicator Y (n, K) whose columns may have names."""

    classes: np.ndarray
    Y: np.ndarray | sp.csc_array
    weight: np.ndarray | None
    label_weight: np.ndarray | None
    label_names: np.ndarray | None

    noun = "label"

    @classmethod
    def of(cls, model, Y, weight, names):
        fit = cls(np.arange(Y.shape[1]), Y, weight, None, names)
        counted = np.ones(Y.shape[0]) if weight is None else (weight > 0.0).astype(np.float64)
        _check_both_sides(Y.T @ counted, counted.sum(), cls.noun, fit.called)
        if model.class_weight is None:
            return fit
        weighed = counted if weight is None else weight
        masses = class_weights.both_sides(Y.T @ weighed, weighed.sum())
        return replace(fit, label_weight=class_weights.of_labels(model.class_weight, masses))

    @property
    def called(self):
        return self.classes if self.label_names is None else self.label_names

    @property
    def extra(self):
        sparse = {"sparse_labels_": sp.issparse(self.Y)}
        return sparse if self.label_names is None else {**sparse, "label_names_": self.label_names}


def many_classes(model, classes, codes, weight):
    """The fit of more than two classes that multi_class asks for."""
    build = {"multinomial": AllClasses.of, "ovr": OneAgainstRest.of}[model.multi_class]
    return build(model, classes, codes, weight)


def _controls(model, callback):
    return {
        "fit_intercept": model.fit_intercept,
        "tol": model.tol,
        "max_iter": model.max_iter,
        "n_threads": merge_n_jobs(model.n_threads, model.n_jobs),
        "time_limit": model.time_limit,
        "callback": callback,
    }


def _refuse(model, offset, when):
    """Raise ValueError for arguments that only a fit of two classes takes."""
    for name, given in (("bounds", model.bounds), ("offset", offset)):
        if given is not None:
            raise ValueError(f"{name}: expected None {when}, only the fit of two classes takes it")


def _check_both_sides(counts, n, noun, labels):
    """Raise ValueError unless each label occurs in some of the n rows of positive weight, not in all."""
    for label, count in zip(labels.tolist(), counts.tolist(), strict=True):
        if not 0 < count < n:
            raise ValueError(
                f"y: {noun} {label!r} occurs in {'every' if count else 'no'} row of positive weight; the fit of a "
                f"{noun} expects rows with and without it"
            )
