"""The estimator that scikit-learn's users know."""

import re
import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model._base import SparseCoefMixin
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, validate_data

from fastlr import _fit_arguments as arguments
from fastlr._estimator_checks import check_parameters
from fastlr._partial_fit import StreamingFit
from fastlr._prediction import LinearPrediction
from fastlr._quick_checks import note_features, two_classes
from fastlr._sklearn_arguments import effective_penalty, merge_n_jobs, our_solver
from fastlr.diagnosis import with_names
from fastlr.fit import fit_logistic
from fastlr.solvers import FitInterrupted, Status, penalty_name

_SHORT_OF_OPTIMUM = (Status.MAX_ITER, Status.LINE_SEARCH_FAILED, Status.NUMERICAL_ERROR)


class SeparationWarning(ConvergenceWarning):
    """A fit without a penalty on classes that can be separated: its coefficients mean nothing in size."""


class LogisticRegression(StreamingFit, LinearPrediction, SparseCoefMixin, BaseEstimator):
    """Logistic regression for two classes, with a certificate on every fit.

    Minimises, with S the sum of sample weights times class weights and the intercept never penalised,

        sum_i s_i log(1 + exp(-t_i (x_i . w + b))) / S + (1 - l1_ratio) / (2 C S) ||w||^2 + l1_ratio / (C S) ||w||_1,

    t_i = +1 for the second class and -1 for the first: scikit-learn's objective divided by C S.

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet", None}, deprecated
        As in scikit-learn 1.8: use `l1_ratio` and `C`.
    C : float, default=1.0
        Inverse penalty strength, positive; ``np.inf`` fits without a penalty.
    l1_ratio : float in [0, 1], default=0.0
        Share of the L1 penalty.
    penalty_factor : array-like of shape (n_features,) or dict, optional
        What to multiply the penalty of each coefficient with; 0 leaves it without one.  A dict names single columns, by
        their number or their name.  (glmnet would scale the factors to a mean of one; here they are taken as they are.)
    bounds : (lower, upper) or dict, optional
        Bounds of the coefficients: each of the two a number, an array of shape (n_features,) or None.  (0, None) keeps
        all from being negative.  A dict gives pairs of numbers for single columns, by their number or their name.
    dual, intercept_scaling :
        Understood for compatibility, without effect.
    tol : float, default=1e-6
        Stop when the duality gap is at most `tol` times the objective of the null model (all coefficients zero).
        Without a penalty, half the squared Newton decrement takes the gap's place.
    fit_intercept : bool, default=True
    standardize : bool, default=False
        Let the penalty act on columns of unit weighted variance, as glmnet does.  Coefficients come back on the scale
        of X, constant columns get zero; X is neither copied nor centred.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied into the sample weights.
    random_state :
        Understood for compatibility; every solver here is deterministic.
    solver : str, default="auto"
        "auto", "newton_small", "newton_cg", "dual_coordinate_descent" or "coordinate_descent".  scikit-learn's names
        (lbfgs, liblinear, newton-cg, newton-cholesky, sag, saga) select what "auto" would, with the limits they have
        there.
    max_iter : int, default=100
        Outer iterations.
    verbose : int, default=0
        Positive: a line per iteration with passes over X, objective, gap and nonzeros.
    warm_start : bool, default=False
        Start from the coefficients of the previous fit.
    n_jobs : int, optional
        Another word for `n_threads`.
    n_threads : int, optional
        Threads of a fit.  None: all CPUs this process may use, one outside the main thread; -1: all.
    time_limit : float, optional
        Seconds after which a fit ends at the point reached, without a warning; looked at between iterations.
    callback : callable, optional
        Called with a `fastlr.Progress` after each iteration; a true return value ends the fit, without a warning.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    coef_ : ndarray of shape (1, n_features)
        float32 if X is float32, else float64.
    intercept_ : ndarray of shape (1,)
    n_iter_ : ndarray of shape (1,)
    n_features_in_, feature_names_in_ :
        As in scikit-learn.
    solver_ : str
        The solver that ran.
    duality_gap_ : float
        Upper bound on the suboptimality of ``result_``, on the scale of the objective above; NaN without a penalty.
    result_ : fastlr.LogisticResult
        Everything known of the fit, in float64.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from fastlr import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=0.1).fit(X, y)
    >>> bool(model.duality_gap_ < 1e-6)
    True
    """

    def __init__(
        self,
        penalty="deprecated",
        *,
        C=1.0,
        l1_ratio=0.0,
        penalty_factor=None,
        bounds=None,
        dual=False,
        tol=1e-6,
        fit_intercept=True,
        standardize=False,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="auto",
        max_iter=100,
        verbose=0,
        warm_start=False,
        n_jobs=None,
        n_threads=None,
        time_limit=None,
        callback=None,
    ):
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
        self.bounds = bounds
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.n_threads = n_threads
        self.time_limit = time_limit
        self.callback = callback

    def fit(self, X, y, sample_weight=None, *, offset=None, trials=None):
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            float32 or float64, C or F order, CSR or CSC: used without a copy.
        y : array-like of shape (n_samples,)
            Labels of any type, two distinct ones; with `trials`, numbers of successes.
        sample_weight : array-like of shape (n_samples,), optional
        offset : array-like of shape (n_samples,), optional
            Added to the log odds of each row, with a coefficient of one; `predict` and its like take one too.
        trials : float or array-like of shape (n_samples,), optional
            Numbers of trials, of which `y` are the successes: a row stands for y rows of class 1 and trials - y rows of
            class 0, also in the sum S that C refers to.  With ``trials=1``, `y` are probabilities.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters or data that cannot be used.
        KeyboardInterrupt
            On Ctrl-C, after the fitted attributes have been set to the last point reached.
        """
        check_parameters(self)
        if trials is None:
            X, codes, weight = self._labelled(X, y, sample_weight)
        else:
            X, codes, weight = self._counted(X, y, trials, sample_weight)
        if self.class_weight is not None:
            codes, weight = self._weigh_classes(codes, weight)
        l1, l2 = self._strengths(len(codes) if weight is None else _total(weight), X.shape[1])
        try:
            result = fit_logistic(
                X,
                codes,
                l1=l1,
                l2=l2,
                bounds=self._bounds(X.shape[1]),
                sample_weight=weight,
                offset=offset,
                fit_intercept=self.fit_intercept,
                standardize=self.standardize,
                solver=our_solver(self.solver, penalty_name(np.any(l1), np.any(l2))),
                tol=self.tol,
                max_iter=self.max_iter,
                n_threads=merge_n_jobs(self.n_threads, self.n_jobs),
                start=self._start(X.shape[1]),
                time_limit=self.time_limit,
                callback=self._watch(),
            )
        except FitInterrupted as interruption:
            self._store(interruption.result, X.dtype)
            raise
        result = with_names(result, getattr(self, "feature_names_in_", None))
        self._store(result, X.dtype)
        if result.status is Status.SEPARATED:
            warnings.warn(f"no optimum exists: {result.message}", SeparationWarning, stacklevel=2)
        elif result.status in _SHORT_OF_OPTIMUM:
            warnings.warn(f"{result.solver} did not converge: {result.message}", ConvergenceWarning, stacklevel=2)
        return self

    def _validated(self, X, y="no_validation"):
        """X and y as scikit-learn checks them, errors naming the argument; X is not scanned for NaN."""
        try:
            return validate_data(
                self, X, y, accept_sparse=["csr", "csc"], dtype=[np.float64, np.float32], ensure_all_finite=False
            )
        except (TypeError, ValueError) as error:
            if re.search(r"\b[Xy]\b", str(error)):
                raise
            argument = "y" if np.asarray(y).dtype.kind == "c" or np.ndim(y) > 2 else "X"
            raise type(error)(f"{argument}: {error}") from error

    def _encode(self, y):
        """Set classes_; the second class as 1.0, the first as 0.0."""
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)} with "
                f"{len(self.classes_)} classes: wrap the estimator in sklearn.multiclass.OneVsRestClassifier"
            )
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class only ({self.classes_[0]!r}): expected samples of two classes")
        return codes.astype(np.float64)

    def _labelled(self, X, y, sample_weight):
        """X as it is fitted, 1.0 for the second class and 0.0 for the first, sample weights or None; sets classes_."""
        plain = two_classes(X, y)
        if plain is None:
            X, y = self._validated(X, y)
            codes = self._encode(y)
        else:
            self.classes_, codes = plain
            note_features(self, X)
        return X, codes, None if sample_weight is None else _checked_weights(sample_weight, X)

    def _counted(self, X, y, trials, sample_weight):
        """The same of successes y among trials: shares of successes and weights."""
        X = self._validated(X)
        weight = None if sample_weight is None else _checked_weights(sample_weight, X)
        codes, weight = arguments.shares(y, trials, weight, X.shape[0])
        self.classes_ = np.array([0, 1])
        return X, codes, weight

    def _weigh_classes(self, codes, weight):
        """Targets and weights with the weights of the classes in them.

        A row of share u stands for u rows of the second class and 1 - u rows of the first.
        """
        weight = np.ones(len(codes)) if weight is None else weight
        second = float(weight @ codes)
        first, second = self._class_weights(np.array([_total(weight) - second, second]))
        of_second = second * codes
        both = of_second + first * (1.0 - codes)
        return np.divide(of_second, both, out=np.zeros_like(codes), where=both > 0.0), weight * both

    def _class_weights(self, masses):
        """Weights of the two classes, given the sums of their sample weights."""
        try:
            per_class = compute_class_weight(
                self.class_weight, classes=self.classes_, y=self.classes_, sample_weight=masses
            )
            per_class = np.asarray(per_class, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"class_weight={self.class_weight!r}: {error}") from error
        if not (np.isfinite(per_class).all() and (per_class >= 0).all() and per_class.any()):
            raise ValueError(
                f"class_weight={self.class_weight!r}: expected finite non-negative numbers, not zero for both classes"
            )
        return per_class.tolist()

    def _strengths(self, total, p):
        """l1 and l2 of the core objective; `total` is the sum of all weights."""
        C, l1_ratio = effective_penalty(self.penalty, self.C, self.l1_ratio)
        l1, l2 = l1_ratio / (C * total), (1.0 - l1_ratio) / (C * total)
        if self.penalty_factor is None:
            return l1, l2
        factor = arguments.factors(self.penalty_factor, p, self._names())
        return factor * l1 if l1 else l1, factor * l2 if l2 else l2

    def _bounds(self, p):
        """bounds with columns by number."""
        if not isinstance(self.bounds, dict):
            return self.bounds
        return arguments.by_number("bounds", self.bounds, p, self._names())

    def _names(self):
        """Names of the columns, or None."""
        return getattr(self, "feature_names_in_", None)

    def _start(self, p):
        if not (self.warm_start and hasattr(self, "coef_")):
            return None
        coef = self.coef_.toarray() if hasattr(self.coef_, "toarray") else self.coef_
        if coef.shape != (1, p):
            raise ValueError(f"warm_start: X has {p} features, the previous fit had {coef.shape[1]}")
        return np.asarray(coef[0], dtype=np.float64), float(self.intercept_[0]) if self.fit_intercept else 0.0

    def _watch(self):
        if not self.verbose:
            return self.callback

        def report(progress):
            print(
                f"iteration {progress.iteration:3d}  passes {progress.n_passes:7.1f}  objective "
                f"{progress.objective:.10f}  gap {progress.gap:.2e}  nonzeros {progress.nonzeros}",
                flush=True,
            )
            return self.callback(progress) if self.callback is not None else False

        return report

    def _store(self, result, dtype):
        self._end_stream()
        self.result_ = result
        self.coef_ = result.coef.astype(dtype)[None, :]
        self.intercept_ = np.array([result.intercept], dtype=dtype)
        self.n_iter_ = np.array([result.n_iter], dtype=np.int32)
        self.solver_ = result.solver
        self.duality_gap_ = result.duality_gap

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = False
        return tags


def _checked_weights(sample_weight, X):
    """Sample weights (n,) as scikit-learn checks them, errors naming the argument."""
    try:
        return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    except (TypeError, ValueError) as error:
        if "sample_weight" in str(error) or "Sample weights" in str(error):
            raise
        raise type(error)(f"sample_weight: {error}") from error


def _total(weight):
    """The sum of all weights, positive and finite."""
    with np.errstate(over="ignore"):
        total = float(weight.sum())
    if total == 0.0:
        raise ValueError("sample_weight times class_weight is zero in every row: expected a positive sum")
    if not np.isfinite(total):
        raise ValueError("sample_weight adds up to infinity: expected a finite sum")
    return total
