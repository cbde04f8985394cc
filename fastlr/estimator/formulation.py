"""The fits behind the estimator: of two classes, of all classes at once, of one problem for each class or label.

Each knows its targets, takes from the Settings what it can use, refuses what it cannot, and says how its results become
fitted attributes.  What it hands to the functional entries has been checked on the way here, and says so (`Checked`).
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from fastlr.estimator import class_weight as class_weights
from fastlr.fit.arguments import Checked
from fastlr.fit.binary import fit_logistic
from fastlr.fit.label_arguments import ClassNumbers, Labels, one_sided
from fastlr.fit.one_vs_rest import fit_one_vs_rest
from fastlr.fit.softmax import fit_softmax
from fastlr.inference.identifiability import with_labels
from fastlr.presolve.centring import Anchor, Centre
from fastlr.solvers import LogisticResults


class _Fit:
    """What the fits have in common.

    Each has `classes` (K,), `weight` (n,) float64 or None, finite and not negative, `n_rows`, `n_problems`, and

        run(settings, X, strengths, earlier, offset, callback)

    which makes the fit of X under the strengths (l1, l2) and returns its result, or results; `earlier` is (coef
    (n_problems, p), intercept) to start from, or None.
    """

    #: Fitted attributes that other fits do not set.
    extra: ClassVar[dict] = {}
    #: What each of several problems is called in warnings and reports; None where there is only one.
    names: tuple | None = None

    @property
    def total(self):
        """The sum of all weights, positive and finite."""
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

    @property
    def _checked_weight(self):
        """The weights for a functional entry: their sum being finite and positive, nothing is left to check."""
        return None if self.weight is None else Checked(self.weight)

    def _start(self, settings, earlier, p):
        """(coef (n_problems, p), intercept (n_problems,)) to start from, or None."""
        if earlier is None:
            return None
        coef, intercept = earlier
        if coef.shape[1] != p:
            raise ValueError(f"warm_start: X has {p} features, the previous fit had {coef.shape[1]}")
        if len(coef) != self.n_problems:
            raise ValueError(
                f"warm_start: coef_ of the previous fit has shape {coef.shape}, this one has "
                f"{len(self.classes)} classes and shape {(self.n_problems, p)}"
            )
        start = np.zeros(self.n_problems)
        if settings.fit_intercept:
            start += intercept
        return np.asarray(coef, dtype=np.float64), start


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

    def run(self, settings, X, strengths, earlier, offset, callback):
        l1, l2 = strengths
        start = self._start(settings, earlier, X.shape[1])
        return fit_logistic(
            X,
            Checked(self.targets),
            l1=l1,
            l2=l2,
            bounds=settings.bounds,
            sample_weight=self._checked_weight,
            offset=offset,
            standardize=settings.standardize,
            solver=settings.two_class_solver(l1, l2),
            start=None if start is None else (start[0][0], float(start[1][0])),
            callback=callback,
            **settings.common_arguments,
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
    def of(cls, settings, classes, codes, weight):
        """The fit to class numbers `codes` (n,), with class weights in the weights of the rows."""
        if settings.class_weight is not None:
            weight = class_weights.of_rows(settings.class_weight, classes, codes, weight)
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

    def run(self, settings, X, strengths, earlier, offset, callback):
        l1, l2 = strengths
        _refuse(settings, offset, "with more than two classes")
        if settings.standardize:
            raise ValueError(
                "standardize=True: the softmax fit of more than two classes takes columns as they are; scale them "
                "with sklearn.preprocessing.StandardScaler, or use multi_class='ovr'"
            )
        K = len(self.classes)
        result = fit_softmax(
            X,
            Checked(ClassNumbers(self.codes, K)),
            K,
            l1=l1,
            l2=l2,
            group_penalty=settings.group_penalty,
            solver=settings.softmax_solver(l1, l2),
            sample_weight=self._checked_weight,
            start=self._start(settings, earlier, X.shape[1]),
            callback=callback,
            **settings.common_arguments,
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

    `labels` say where each problem has 1, `label_weight` (K, 2) weighs 0 and 1 of each, or is None.
    """

    @property
    def n_rows(self):
        return self.labels.n_rows

    @property
    def n_problems(self):
        return self.labels.n_labels

    def run(self, settings, X, strengths, earlier, offset, callback):
        l1, l2 = strengths
        _refuse(settings, offset, f"with multi_class={settings.multi_class!r}")
        results = fit_one_vs_rest(
            X,
            Checked(self.labels),
            l1=l1,
            l2=l2,
            sample_weight=self._checked_weight,
            label_weight=self.label_weight,
            standardize=settings.standardize,
            solver=settings.two_class_solver(l1, l2),
            start=self._start(settings, earlier, X.shape[1]),
            callback=callback,
            **settings.common_arguments,
        )
        return self.joined(results)

    @property
    def names(self):
        return tuple(f"{self.noun} {label!r}" for label in self.shown_labels.tolist())

    def joined(self, results):
        return LogisticResults(results, self.names)

    @property
    def shown_labels(self):
        """The class or label of each problem as messages show it, (K,)."""
        return self.classes

    def coefficients(self, results):
        return np.array([each.coef for each in results]), [each.intercept for each in results]

    def results(self, results):
        return tuple(zip(self.names, results, strict=True))


@dataclass
class OneAgainstRest(_Separate):
    """A fit for each class against the rest."""

    classes: np.ndarray
    labels: ClassNumbers
    weight: np.ndarray | None
    label_weight: np.ndarray | None

    noun = "class"

    @classmethod
    def of(cls, settings, classes, codes, weight):
        """The fits to class numbers `codes` (n,).

        A dict of class weights weighs rows by their label in all problems, "balanced" each problem by itself.
        """
        given, labels = settings.class_weight, ClassNumbers(codes, len(classes))
        if given is not None and not isinstance(given, str):
            weight = class_weights.of_rows(given, classes, codes, weight)
        _check_both_sides(labels, weight, cls.noun, classes)
        if not isinstance(given, str):
            return cls(classes, labels, weight, None)
        return cls(classes, labels, weight, class_weights.balanced(_weight_sums(labels, weight)))


@dataclass
class EachLabel(_Separate):
    """A fit for each label of an indicator, whose columns may have names."""

    classes: np.ndarray
    labels: Labels
    weight: np.ndarray | None
    label_weight: np.ndarray | None
    label_names: np.ndarray | None

    noun = "label"

    @classmethod
    def of(cls, settings, labels, weight, names):
        """The fits to Labels, which may have names (K,)."""
        fit = cls(np.arange(labels.n_labels), labels, weight, None, names)
        _check_both_sides(labels, weight, cls.noun, fit.shown_labels)
        if settings.class_weight is None:
            return fit
        label_weight = class_weights.of_labels(settings.class_weight, _weight_sums(labels, weight))
        return replace(fit, label_weight=label_weight)

    @property
    def shown_labels(self):
        return self.classes if self.label_names is None else self.label_names

    @property
    def extra(self):
        sparse = {"sparse_labels_": self.labels.is_sparse}
        return sparse if self.label_names is None else {**sparse, "label_names_": self.label_names}


def many_classes(settings, classes, codes, weight):
    """The fit of more than two classes that multi_class asks for."""
    build = {"multinomial": AllClasses.of, "ovr": OneAgainstRest.of}[settings.multi_class]
    return build(settings, classes, codes, weight)


def _refuse(settings, offset, when):
    """Raise ValueError for arguments that only a fit of two classes takes."""
    for name, given in (("bounds", settings.bounds), ("offset", offset)):
        if given is not None:
            raise ValueError(f"{name}: expected None {when}, only the fit of two classes takes it")


def _weight_sums(labels, weight):
    """The weights (K, 2) of the rows in which each label is 0, and in which it is 1, added up."""
    weight = np.ones(labels.n_rows) if weight is None else weight
    return class_weights.both_sides(labels.sums(weight), weight.sum())


def _check_both_sides(labels, weight, noun, shown):
    """Raise ValueError unless each label is 1 in some of the rows of positive weight and 0 in others."""
    counted = np.ones(labels.n_rows) if weight is None else (weight > 0.0).astype(np.float64)
    present = labels.sums(counted)
    wrong = one_sided(present, counted.sum())
    if len(wrong):
        k = wrong[0]
        raise ValueError(
            f"y: {noun} {shown.tolist()[k]!r} occurs in {'every' if present[k] else 'no'} row of positive weight; the "
            f"fit of a {noun} expects rows with and without it"
        )
