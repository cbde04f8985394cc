"""The functional entry for more than two classes: arrays in, LogisticResult out.  Does not import scikit-learn."""

from dataclasses import replace

import numpy as np

from fastlr import _fit_arguments as arguments
from fastlr._environment import resolve_threads
from fastlr.design import ClassRows, as_design
from fastlr.design.merging import merge_columns
from fastlr.penalty import ElasticNet
from fastlr.softmax_objective import SoftmaxObjective
from fastlr.solvers import FitInterrupted, Monitor, Status, newton_cg


def fit_softmax(
    X,
    y,
    n_classes=None,
    *,
    l2=0.0,
    sample_weight=None,
    fit_intercept=True,
    tol=1e-6,
    max_iter=1000,
    n_threads=None,
    start=None,
    time_limit=None,
    callback=None,
):
    """Fit a softmax (multinomial logistic) regression by truncated Newton steps.

    Minimises  sum_i s_i [log sum_k exp(eta_ik) - eta_i,y_i] / sum_i s_i + l2/2 ||coef||^2  with
    eta_i = coef x_i + intercept, for all K classes: coefficients of the classes add up to zero at the optimum.  The
    intercepts are not penalised.

    Parameters
    ----------
    X : array-like or scipy.sparse matrix or array, shape (n, p)
        float32 or float64, C or F order, CSR or CSC: used without a copy.  Anything else is converted.
    y : array-like of shape (n,)
        Class numbers 0, 1, ..., K - 1.
    n_classes : int, optional
        K; the largest number in y plus one if it is not given.  At least 2.
    l2 : float or array-like of shape (p,), non-negative
        Penalty strength on the scale of the weighted mean loss; an array gives each column its own.  From
        scikit-learn's C: l2 = 1 / (C S) with S = sum of weights.
    sample_weight, fit_intercept, tol, max_iter, n_threads, time_limit, callback :
        As in `fit_logistic`.
    start : LogisticResult or (coef (K, p), intercept (K,)), optional
        Where to start.

    Returns
    -------
    LogisticResult
        With coef (K, p) and intercept (K,).

    Raises
    ------
    TypeError, ValueError
        For input that cannot be used; the message names the argument, what was found and what was expected.
    FitInterrupted
        On Ctrl-C; its `result` is the last point reached.
    """
    controls = arguments.controls(tol, max_iter, time_limit, callback)
    if not isinstance(fit_intercept, (bool, np.bool_)):
        raise TypeError(f"fit_intercept={fit_intercept!r}: expected True or False")
    design = as_design(X, resolve_threads(arguments.threads(n_threads)))
    n, p = design.shape
    labels, K = arguments.class_numbers(y, n, n_classes)
    weight = np.full(n, 1.0 / n) if sample_weight is None else arguments.weights(sample_weight, n)
    l2 = arguments.strength("l2", l2, p)
    coef, intercept = _start(start, p, K)
    merged = None
    if isinstance(l2, float) and l2 > 0.0:
        design, merged = merge_columns(design)
        if merged is not None:
            coef, p = merged.contract(coef.reshape(p, K)).reshape(-1, 1), merged.n_columns
    strength = l2 if isinstance(l2, float) else np.repeat(l2, K, axis=0)
    rows = ClassRows(design, labels, weight, K)
    objective = SoftmaxObjective(rows, ElasticNet(0.0, strength, (p * K, 1), design.n_threads), bool(fit_intercept))
    lift = _Classes(p, K, np.any(l2), merged)
    monitor = Monitor(controls, objective, "newton_cg", "softmax, all classes coupled", lift)
    try:
        return _with_intercepts(newton_cg.solve(objective, coef, intercept, monitor), K)
    except KeyboardInterrupt:
        if not monitor.reached_a_point:
            raise
        monitor.fail(Status.INTERRUPTED, "interrupted from the keyboard")
        raise FitInterrupted(_with_intercepts(monitor.result(), K)) from None


class _Classes:
    """Coefficients (K, p) from those of the objective, (p K, 1); without a penalty those that add up to zero."""

    def __init__(self, p, K, is_penalised, merged):
        self._merged = merged
        self._shape = p, K
        self._is_penalised = is_penalised

    def __call__(self, coef):
        by_column = coef.reshape(self._shape)
        if self._merged is not None:
            by_column = self._merged.expand(by_column)
        if not self._is_penalised:
            by_column = by_column - by_column.mean(axis=1, keepdims=True)
        return by_column.T.copy()


def _with_intercepts(result, K):
    """The result with K intercepts, which a fit without them holds as one zero."""
    return replace(result, intercept=np.zeros(K) + result.intercept)


def _start(start, p, K):
    """(coef (p K, 1), intercept (K,)) to start from."""
    if start is None:
        return np.zeros((p * K, 1)), np.zeros(K)
    if not hasattr(start, "coef") and (not isinstance(start, (tuple, list)) or len(start) != 2):
        raise TypeError(f"start={start!r}: expected a LogisticResult, (coef, intercept) or None")
    coef, intercept = (start.coef, start.intercept) if hasattr(start, "coef") else start
    if np.shape(coef) != (K, p) or np.shape(intercept) != (K,):
        raise ValueError(
            f"start has shapes {np.shape(coef)} and {np.shape(intercept)}, expected {(K, p)} and {(K,)}: all classes"
        )
    coef = arguments.vector("start", np.asarray(coef).T.ravel(), p * K, "the coefficients")
    return coef[:, None].copy(), arguments.vector("start", intercept, K, "the classes").copy()
