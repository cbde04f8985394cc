"""The functional entry for more than two classes: arrays in, LogisticResult out.  Does not import scikit-learn."""

from dataclasses import replace

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.fit import arguments
from fastlr.fit.solve import or_interrupted
from fastlr.inference.identifiability import made_sure_of_classes, with_separated_classes
from fastlr.matrix import ClassRows, as_matrix
from fastlr.objective.groups import GroupObjective
from fastlr.objective.softmax import SoftmaxObjective
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.penalties.group import GroupPenalty
from fastlr.presolve.merging import ColumnMap, merge_columns
from fastlr.presolve.recentring import fit_centred
from fastlr.presolve.screening import LEFT_OUT, screen_classes
from fastlr.solvers import Monitor, automatic
from fastlr.solvers.callbacks import tells_its_end
from fastlr.solvers.composite import coordinate_descent
from fastlr.solvers.doubled_precision.refinement import can_refine, solved
from fastlr.solvers.smooth import softmax_newton
from fastlr.special import softmax
from fastlr.validation.numbers import switch, threads, unwrapped

#: Share of the target to which estimates go under l1 beside columns without a penalty: they see no coefficient that l1
#: will yet let in.
SURE = 0.25


@tells_its_end
@np.errstate(all="ignore")
def fit_softmax(
    X,
    y,
    n_classes=None,
    *,
    l2=0.0,
    l1=0.0,
    group_penalty=False,
    sample_weight=None,
    fit_intercept=True,
    solver="auto",
    tol=1e-6,
    max_iter=1000,
    n_threads=None,
    start=None,
    time_limit=None,
    callback=None,
):
    """Fit a softmax (multinomial logistic) regression.

    Minimises  sum_i s_i [log sum_k exp(eta_ik) - eta_i,y_i] / sum_i s_i + penalty  with  eta_i = coef x_i + intercept,
    for all K classes.  The penalty is, with j the columns and k the classes,

        sum_jk l2_j coef_kj^2 / 2 + sum_jk l1_j abs(coef_kj),    or with group_penalty
        sum_jk l2_j coef_kj^2 / 2 + sum_j  l1_j ||coef_.j||_2,

    where all coefficients of a column are zero or, in general, none is.  The intercepts are not penalised.  Without l1
    and with group_penalty the coefficients of a column add up to zero at the optimum; under l1 alone nothing says which
    of several optima is found.

    Parameters
    ----------
    X : array-like, data frame or scipy.sparse matrix or array, shape (n, p)
        As in `fit_logistic`; what is used without a copy there is here too, but for the columns that l1 lets in
        and, under one l2 for all, those of CSR texts of which many are equal or hold one entry.
    y : array-like of shape (n,)
        Class numbers 0, 1, ..., K - 1, integers or whole floats, in an array, list or Series.
    n_classes : int, optional
        K, at least 2; if it is not given, the largest number in y plus one, and each class must have rows.  A class
        without rows, for which K must be given, has an intercept that goes to minus infinity.
    l2, l1 : float or array-like of shape (p,), non-negative
        Penalty strengths on the scale of the weighted mean loss; an array gives each column its own.  Without them
        nothing is penalised.  From scikit-learn's C and l1_ratio: l2 = (1 - l1_ratio) / (C S), l1 = l1_ratio / (C S)
        with S = sum of weights.
    group_penalty : bool
        Whether l1 weighs the norm of a column's coefficients instead of each of them (R's glmnet:
        type.multinomial="grouped").
    sample_weight, fit_intercept, tol, max_iter, n_threads, time_limit, callback :
        As in `fit_logistic`.
    solver : {"auto", "newton_cg", "coordinate_descent"}
        Without l1 "newton_cg", with l1 "coordinate_descent".  "auto" takes these too, but that "newton_cg" goes on from
        where quasi-Newton steps ("lbfgs") are no longer fast, where X has 100 entries a column and every coefficient
        has l2; the result's message says what was done.
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
        On Ctrl-C; its `result` is the last point reached.  (Before the first point is known: KeyboardInterrupt.)
    """
    controls = arguments.controls(tol, max_iter, time_limit, callback)
    fit_intercept, group_penalty = switch("fit_intercept", fit_intercept), switch("group_penalty", group_penalty)
    matrix = as_matrix(X, resolve_threads(threads("n_threads", n_threads)))
    n, p = matrix.shape
    labels, K = arguments.class_numbers(y, n, n_classes)
    if n_classes is None:
        arguments.refuse_gaps(labels, K)
    weight = np.full(n, 1.0 / n) if sample_weight is None else arguments.weights(sample_weight, n)
    l2 = arguments.strength("l2", l2, p)
    l1 = arguments.strength("l1", l1, p)
    coef, intercept = _start(start, p, K, fit_intercept)
    if start is None and fit_intercept:
        intercept = _null_intercept(weight, labels, K)

    def fit(matrix, start, controls):
        (coef, intercept), rows = start, ClassRows(matrix, labels, weight, K)
        rows, *strengths, column_map, note = _fewer_columns(rows, l1, l2, group_penalty)
        objective = _objective(rows, *strengths, group_penalty, fit_intercept)
        coef, chosen = column_map.contract(coef, K).reshape(-1, 1), _solver(solver, objective.penalty)
        return _fit(objective, coef, intercept, column_map, note, chosen, controls)

    def curvature(matrix, coef, intercept):
        p = softmax(matrix.forward_many(np.ascontiguousarray(coef.T)) + intercept)
        return weight * np.sort(p, axis=1)[:, :-1].sum(axis=1)  # 1 - p of the likeliest class, with all its digits

    counted = None if sample_weight is None else weight
    return fit_centred(matrix, fit, curvature, (coef, intercept), controls, fit_intercept, counted)


def _fit(objective, coef, intercept, column_map, note, solver, controls):
    """Minimise over bound rows, and report the coefficients of all columns."""
    K = objective.rows.n_classes
    name, solve, choice = solver
    choice = f"{choice} {note}".strip()
    lift, penalty = _Classes(K, column_map, objective.penalty), objective.penalty
    share = SURE if penalty.has_l1 and not penalty.covers_all else 1.0
    monitor = Monitor(controls, objective, name, choice, lift, share=share)
    monitor.exact_lift = _Classes(K, column_map, objective.penalty, add_up=True)
    monitor.may_refine = objective.penalty.is_elastic_net and can_refine(objective.rows.matrix, controls, K)

    def fit():
        result, reached, state = made_sure_of_classes(solved(solve, objective, coef, intercept, monitor), monitor)
        return with_separated_classes(monitor.lift.settled(result, reached), objective, state)

    return or_interrupted(fit, monitor, lambda: monitor.lift.settled(monitor.result(), monitor.coef))


def _fewer_columns(rows, l1, l2, group_penalty):
    """Rows over the columns that a fit needs, their strengths l1 and l2, their ColumnMap, and a sentence."""
    p, K = rows.matrix.shape[1], rows.n_classes
    if np.any(l1):
        rows, columns, column_map = screen_classes(rows, l1, l2, np.sqrt(2.0) if group_penalty else 1.0)
        note = LEFT_OUT.format(left=len(columns), p=p) if len(columns) < p else ""
        return rows, *(each if isinstance(each, float) else each[columns] for each in (l1, l2)), column_map, note
    if isinstance(l2, float) and l2 > 0.0:
        matrix, column_map = merge_columns(rows.matrix, K)
        if column_map is not None:
            rows.counter.note_copy(matrix.X, matrix.copied_bytes - rows.matrix.copied_bytes)
            rows = rows.over(ClassRows, matrix)
            note = f"{p} columns were fitted as {matrix.shape[1]}: many are equal or hold one entry."
            return rows, l1, l2, column_map, note
    return rows, l1, l2, ColumnMap.of_all(p), ""


def _objective(rows, l1, l2, group_penalty, fit_intercept):
    """The objective over these rows; a strength of each column becomes that of K coefficients."""
    K = rows.n_classes
    l1, l2 = (each if isinstance(each, float) else np.repeat(each, K, axis=0) for each in (l1, l2))
    shape = rows.matrix.shape[1] * K, 1
    if group_penalty and np.any(l1):
        return GroupObjective(rows, GroupPenalty(l1, l2, shape, K, rows.n_threads), fit_intercept)
    return SoftmaxObjective(rows, ElasticNet(l1, l2, shape, rows.n_threads), fit_intercept)


def _solver(wanted, penalty):
    """(name, function, choice) of the solver for this penalty; the choice is as in `choose_solver`.

    Raises
    ------
    ValueError
        If another one is wanted.
    """
    if penalty.is_smooth:
        name, named, own = "newton_cg", softmax_newton.truncated, softmax_newton.solve
        why = "its steps heed the coupling between all classes of a softmax"
    else:
        name, named, own = "coordinate_descent", coordinate_descent.solve, coordinate_descent.solve
        why = "few coefficients are likely to differ from zero"
    wanted = unwrapped(wanted)
    if isinstance(wanted, str) and wanted == "auto":
        return name, own, automatic(name, why)
    if not isinstance(wanted, str) or wanted != name:
        given = "without l1" if penalty.is_smooth else "with l1"
        raise ValueError(f"solver={wanted!r}: expected 'auto' or {name!r}, the solver of a softmax {given}")
    return name, named, ""


class _Classes:
    """Coefficients (K, p) of all columns from those of the objective, (K times the number of its columns, 1), and K
    intercepts, which a fit without them holds as one zero.

    Where l1 does not act on a column, the mean of its K coefficients is subtracted: probabilities do not depend on it,
    and with l2 it is zero at the optimum.  With `add_up` they add up to zero already.
    """

    def __init__(self, K, column_map, penalty, add_up=False):
        self._K = K
        self._column_map = column_map
        self._is_free = ~(penalty.l1 > 0.0).reshape(-1, K).any(axis=1, keepdims=True) & (not add_up)
        self._l2 = penalty.l2

    def _common(self, coef):
        """Mean coefficient of each column where it is subtracted, else 0, (columns, 1)."""
        return self._is_free * coef.reshape(-1, self._K).mean(axis=1, keepdims=True)

    def __call__(self, coef, intercept):
        by_column = coef.reshape(-1, self._K) - self._common(coef)
        return self._column_map.expand(by_column).T, np.zeros(self._K) + intercept

    def settled(self, result, coef):
        """The result with the objective and gap of its own coefficients, given those that the fit has reached."""
        common = self._common(coef)
        saved = 0.5 * float(np.sum(self._l2.reshape(-1, self._K) * common * common))
        return replace(result, objective=result.objective - saved, duality_gap=result.duality_gap - saved)


def _null_intercept(weight, labels, K):
    """The intercepts of least loss with coef = 0, or zeros where a class has no weight."""
    shares = np.bincount(labels, weight, K)
    return np.log(K * shares) if shares.all() else np.zeros(K)


def _start(start, p, K, fit_intercept):
    """(coef (p, K) or None for zeros, intercept (K,)) to start from; intercepts that are not fitted are zero."""
    if start is None:
        return None, np.zeros(K)
    if not hasattr(start, "coef") and (not isinstance(start, (tuple, list)) or len(start) != 2):
        raise TypeError(f"start={start!r}: expected a LogisticResult, (coef, intercept) or None")
    coef, intercept = (start.coef, start.intercept) if hasattr(start, "coef") else start
    if np.shape(coef) != (K, p) or np.shape(intercept) != (K,):
        raise ValueError(
            f"start has shapes {np.shape(coef)} and {np.shape(intercept)}, expected {(K, p)} and {(K,)}: all classes"
        )
    coef = arguments.vector("start", np.asarray(coef).T.ravel(), p * K, "the coefficients")
    intercept = arguments.vector("start", intercept, K, "the classes").copy()
    return coef.reshape(p, K), intercept if fit_intercept else np.zeros(K)
