"""The estimator that scikit-learn's users know."""

import math
import warnings
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model._base import SparseCoefMixin

from fastlr.estimator.callbacks import callback_of
from fastlr.estimator.data import prepared
from fastlr.estimator.partial_fit import OF_A_STREAM, OF_AN_INDICATOR, StreamingFit
from fastlr.estimator.prediction import LinearPrediction
from fastlr.estimator.settings import settings_of
from fastlr.estimator.sklearn_callbacks import CallbackSupportMixin, tasks_of, with_callbacks
from fastlr.estimator.state import fitted_coefficients, learning_copy, store
from fastlr.solvers import FitInterrupted, Status


class SeparationWarning(ConvergenceWarning):
    """A fit without a penalty on classes that can be separated: its coefficients mean nothing in size."""


class LogisticRegression(CallbackSupportMixin, StreamingFit, LinearPrediction, SparseCoefMixin, BaseEstimator):
    """Logistic regression for two or more classes, or for several labels, with a certificate on every fit.

    For two classes it minimises, S the sum of sample weights times class weights and the intercept never penalised,

        sum_i s_i log(1 + exp(-t_i (x_i . w + b))) / S + (1 - l1_ratio) / (2 C S) ||w||^2 + l1_ratio / (C S) ||w||_1,

    t_i = +1 for the second class and -1 for the first: scikit-learn's objective divided by C S.  For K > 2 classes and
    ``multi_class="multinomial"`` the loss of a row of class c is ``log sum_k exp(x_i . w_k + b_k) - x_i . w_c - b_c``,
    and the penalty is summed over the classes; ``"ovr"`` and ``"multilabel"`` minimise the two-class objective for each
    class against the rest, and for each label.

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
        With more than two classes they act on all coefficients of a column.
    bounds : (lower, upper) or dict, optional
        Bounds of the coefficients, for two classes only: each of the two a number, an array of shape (n_features,) or
        None.  (0, None) keeps all from being negative.  A dict gives pairs of numbers for single columns, by their
        number or their name, which is a string.
    dual, intercept_scaling :
        Understood for compatibility, without effect.
    tol : float, default=1e-6
        Stop when the duality gap is at most `tol` times the objective of the null model (all coefficients zero).
        Without a penalty, half the squared Newton decrement takes the gap's place.
    fit_intercept : bool, default=True
    standardize : bool, default=False
        Let the penalty act on columns of unit weighted variance, as glmnet does.  Coefficients come back on the scale
        of X, constant columns get zero; X is neither copied nor centred.  Not for a softmax fit.
    class_weight : dict, "balanced", list of dicts or None
        Weights of the classes, multiplied into the sample weights.  A dict goes by the labels as they are in `y`: "1"
        is not 1.  Labels that it does not name weigh one.  "ovr": a dict weighs rows by their label in all
        problems, "balanced" balances each class against its rest.  "multilabel": "balanced" balances each label, a list
        has a dict {0: weight, 1: weight} for each label; S is then the sum of sample weights alone.
    random_state :
        Understood for compatibility; every solver here is deterministic.
    solver : str, default="auto"
        "auto", a solver of `fit_logistic` other than its lbfgs, or one of scikit-learn's names (lbfgs, liblinear,
        newton-cg, newton-cholesky, sag, saga), which select what "auto" would, with the limits they have there.  A
        softmax fit takes "auto", the solver of `fit_softmax` for its penalty, or one of scikit-learn's names but
        liblinear.
    max_iter : int, default=100
        Outer iterations.
    verbose : int, default=0
        Positive: a line per iteration with passes over X, objective, gap, its target, nonzeros and seconds; for "ovr"
        and "multilabel" with the class or label that it is about.
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
        `fastlr.progress_bar` makes one.  scikit-learn's callbacks are set by ``set_callbacks`` (scikit-learn 1.9).
    multi_class : {"multinomial", "ovr", "multilabel"}, default="multinomial"
        What to fit to more than two classes: one softmax over all of them, or K models of one class against the rest.
        Two classes are one model either way.  "multilabel": `y` is an indicator (n_samples, K), dense or sparse, and
        each of its labels has a model of its own.
    group_penalty : bool, default=False
        Let the L1 part of a softmax fit's penalty act on the Euclidean norm of the K coefficients of a column,
        ``l1_ratio / (C S) sum_j ||(w_1j, ..., w_Kj)||_2``, so that a column is in all classes or in none.  With two
        classes abs(w_j) is that norm already.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels in order; ``arange(K)`` with ``multi_class="multilabel"``.
    multi_class_ : str
        The `multi_class` that was fitted.  Predictions go by it: parameters set after a fit do not change them.
    coef_ : ndarray of shape (1, n_features) for two classes, (n_classes, n_features) else
        float32 if X is float32, else float64.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Those of a softmax fit add up to zero.
    n_iter_ : ndarray of shape (1,), or (n_classes,) for "ovr" and "multilabel"
    n_features_in_, feature_names_in_ :
        As in scikit-learn.
    solver_ : str
        The solver that ran; several names where models differ in it.
    duality_gap_ : float
        Upper bound on the suboptimality of ``result_``, on the scale of the objective above; NaN without a penalty.
        The largest of all models for "ovr" and "multilabel".
    converged_ : bool
        Whether the fit has reached its `tol`; for "ovr" and "multilabel", whether all of them have.
    status_ : fastlr.Status
        Why the fit ended; for "ovr" and "multilabel" the worst of all models', in the order of `fastlr.Status`.
    result_ : fastlr.LogisticResult, or fastlr.LogisticResults
        Everything known of the fit, in float64.  For "multilabel", and for "ovr" with more than two classes, a tuple
        with one for each model.
    sparse_labels_ : bool
        With ``multi_class="multilabel"`` only: whether `y` was sparse, and predictions are.
    label_names_ : ndarray of str, shape (n_labels,)
        With ``multi_class="multilabel"`` only, if `y` was a data frame whose column names are strings: those names.
        Messages and warnings use them; ``classes_`` and predictions number the labels, as scikit-learn does.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from fastlr import LogisticRegression
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LogisticRegression(C=0.1).fit(X, y)
    >>> bool(model.duality_gap_ < 1e-6)
    True

    Three classes, in one softmax fit and one against the rest:

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> model.coef_.shape, model.n_iter_.shape
    ((3, 4), (1,))
    >>> model = LogisticRegression(multi_class="ovr").fit(X, y)
    >>> model.coef_.shape, len(model.result_)
    ((3, 4), 3)

    Several labels a row:

    >>> import numpy as np
    >>> Y = np.column_stack([y == 0, X[:, 0] > 6.0])
    >>> LogisticRegression(multi_class="multilabel").fit(X, Y).predict(X[:1])
    array([[1, 0]])
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
        multi_class="multinomial",
        group_penalty=False,
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
        self.multi_class = multi_class
        self.group_penalty = group_penalty

    @np.errstate(all="ignore")
    def fit(self, X, y, sample_weight=None, *, offset=None, trials=None):
        """Fit the model.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            A NumPy array or whatever makes one, a list of rows, a pandas or polars DataFrame or pyarrow Table of
            numbers, a SciPy sparse matrix or array of any format.  float32 or float64 in C or F order, CSR or CSC with
            int32 or int64 indices: used without a copy, also a data frame whose columns lie in memory as one such
            array.  Booleans, integers, other floats, numbers among objects and other formats are converted once, to
            float64 and CSR; ``result_.copied_bytes`` counts it.  Names of columns that are strings are kept.
        y : array-like of shape (n_samples,), or array-like, data frame or sparse of shape (n_samples, n_labels)
            An array, list, Series or other column of two or more distinct labels of one type: integers, whole floats,
            booleans, strings or dates; numbers among objects are numbers.  With `trials`, numbers of successes.  With
            ``multi_class="multilabel"`` zeros and ones or booleans, dense, sparse or a data frame, whose column names
            are kept as ``label_names_``.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Finite, not negative, not all zero; a number is the weight of every row.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds of each row, with a coefficient of one; `predict` and its like take one too.  Two
            classes only, as `trials`.
        trials : float or array-like of shape (n_samples,), optional
            Numbers of trials, of which `y` are the successes: a row stands for y rows of class 1 and trials - y rows of
            class 0, also in the sum S that C refers to.  With ``trials=1``, `y` are probabilities.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            For parameters or data that cannot be used.  The estimator stays as it was, as after any other error, such
            as one of a callback.
        KeyboardInterrupt
            On Ctrl-C, after the fitted attributes have been set to the last point reached; fits of one problem for
            each class or label leave them as they were.
        """
        settings, learner = settings_of(self), learning_copy(self)
        given, (X, fit) = X, prepared(learner, settings, X, y, sample_weight, trials)
        factors = settings.factors(X.shape[1], vars(learner).get("feature_names_in_"))
        strengths = settings.strengths(fit.total, factors)
        earlier = fitted_coefficients(self) if settings.warm_start else None
        run = partial(fit.run, settings, X, strengths, earlier, offset)
        self._run(learner, settings, fit, X, run, {"X": given, "y": y, "sample_weight": sample_weight})
        _warn_of(fit.results(self.result_))
        return self

    @with_callbacks
    def _run(self, learner, settings, fit, X, run, given):
        """Make the fit on a copy and store what came of it; the callbacks that are set on the estimator are told."""
        tasks = tasks_of(self, learner, settings, fit, X, given)
        try:
            result = run(callback_of(settings, fit.names, tasks))
        except FitInterrupted as interruption:
            _learn(learner, settings, fit, interruption.result, X.dtype)
            store(self, learner)
            raise
        _learn(learner, settings, fit, result, X.dtype)
        store(self, learner)
        if tasks is not None:
            tasks.end()

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        if self.multi_class == "multilabel":
            tags.classifier_tags.multi_label = True
            tags.target_tags.multi_output = tags.target_tags.two_d_labels = True
            tags.target_tags.single_output = tags.target_tags.one_d_labels = False
        return tags


def _learn(learner, settings, fit, result, dtype):
    """Set the fitted attributes, coefficients of this type, and forget those of an earlier fit or stream."""
    results = [each for _, each in fit.results(result)]
    gaps = [each.duality_gap for each in results]
    status = Status.worst(each.status for each in results)
    known = fit.attributes(result, dtype)
    for name in (*OF_AN_INDICATOR, *OF_A_STREAM, "_anchor"):
        vars(learner).pop(name, None)
    vars(learner).update(
        known,
        result_=result,
        multi_class_=settings.multi_class,
        n_iter_=np.array([each.n_iter for each in results], dtype=np.int32),
        solver_=", ".join(dict.fromkeys(each.solver for each in results)),
        duality_gap_=math.nan if any(map(math.isnan, gaps)) else max(gaps),
        status_=status,
        converged_=status is Status.CONVERGED,
    )


def _warn_of(results):
    """Warn, at the line that called fit, which is decorated, of results that are short of an optimum."""
    separated = [(name, result) for name, result in results if result.status is Status.SEPARATED]
    if separated:
        told = f"no optimum exists{_for(separated)}: {separated[0][1].message}"
        warnings.warn(told, SeparationWarning, stacklevel=4)
    short = [(name, result) for name, result in results if _is_short_of_optimum(result)]
    if short:
        told = f"{short[0][1].solver} did not converge{_for(short)}: {short[0][1].message}"
        warnings.warn(told, ConvergenceWarning, stacklevel=4)


def _is_short_of_optimum(result):
    """Whether a fit ended short of its target; with tol=0 all that double precision gives is what was asked for."""
    if result.status is Status.PRECISION_LIMIT:
        return result.target > 0.0
    return result.status.is_own_end and result.status is not Status.CONVERGED


def _for(named):
    """The names of up to ten problems, "" where there is only one problem without a name."""
    names = [name for name, _ in named if name is not None]
    return (" for " + ", ".join(names[:10]) + f" and {len(names) - 10} more" * (len(names) > 10)) if names else ""
