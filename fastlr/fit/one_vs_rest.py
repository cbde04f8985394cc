"""The functional entry for K labels at once: arrays in, one LogisticResult for each.  Does not import scikit-learn."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.fit import arguments, label_arguments
from fastlr.fit.label_problems import LabelProblems, SharedControls
from fastlr.fit.solve import fit_rows
from fastlr.inference.identifiability import diagnosed, with_names
from fastlr.matrix import LabelRows, PassCounter, as_matrix
from fastlr.matrix.dual_label_rows import DualLabelRows
from fastlr.objective.dual_l2_labels import LabelDuals
from fastlr.objective.labels import LabelObjective, strengths
from fastlr.objective.logistic import LogisticObjective
from fastlr.presolve.centring import centred
from fastlr.presolve.recentring import gone_on, later_centre, left_of, value_at_centre
from fastlr.solvers import FitInterrupted, LogisticResults, Status, choose_solver
from fastlr.solvers.callbacks import tells_its_end
from fastlr.solvers.doubled_precision.refinement import can_refine
from fastlr.solvers.parts.newton_decrement import is_settled
from fastlr.solvers.smooth import dual_coordinate_descent_labels, newton_cg_labels
from fastlr.solvers.smooth.dual_coordinate_descent import SLOW
from fastlr.special import expit_derivative
from fastlr.validation import numbers

#: Entries of X from which on each thread takes labels of its own; fits of fewer are over before a thread has begun.
ENTRIES_FOR_A_POOL = 50_000


@tells_its_end
@np.errstate(all="ignore")
def fit_one_vs_rest(
    X,
    Y,
    n_classes=None,
    *,
    l2=0.0,
    l1=0.0,
    sample_weight=None,
    label_weight=None,
    fit_intercept=True,
    standardize=False,
    solver="auto",
    tol=1e-6,
    max_iter=1000,
    n_threads=None,
    start=None,
    time_limit=None,
    callback=None,
):
    """Fit K two-class logistic regressions over the same X: one class against the rest each, or K labels.

    Problem k minimises  sum_i s_i a_k(y_ik) loss(x_i . coef_k + intercept_k, y_ik) / sum_i s_i + l2/2 ||coef_k||^2
    + l1 ||coef_k||_1  with loss(eta, y) = log(1 + exp(eta)) - y eta.  The problems are independent of each other; only
    their passes over X are shared where that is faster.  The intercepts are not penalised.

    Parameters
    ----------
    X : array-like, data frame or scipy.sparse matrix or array, shape (n, p)
        As in `fit_logistic`.
    Y : array-like of shape (n,), or array-like, data frame or scipy.sparse matrix or array of shape (n, K)
        Class numbers 0, 1, ..., K - 1, where y_ik is 1 in the rows of class k; or y_ik itself, zeros and ones.  Among
        the rows of positive weight each label must be 0 in some and 1 in others: the optimum of any other problem is an
        infinite intercept.
    n_classes : int, optional
        K; if it is not given, the largest class number plus one, or the number of columns of Y.
    l2, l1 : float or array-like of shape (p,), non-negative
        Penalty strengths on the scale above; arrays give each coefficient its own, the same in all problems.  From
        scikit-learn's C: l2 = (1 - l1_ratio) / (C S), l1 = l1_ratio / (C S) with S = sum of sample weights.
    sample_weight : array-like of shape (n,) or float, optional
        s: finite, not negative, not all zero; a number is the weight of every row.
    label_weight : array-like of shape (2,) or (K, 2), optional
        a_k(0) and a_k(1), positive, the same for all labels or for each its own; ones if it is not given.
    fit_intercept : bool
    standardize : bool
        As in `fit_logistic`; the standard deviations of the columns are those under sample_weight, for all labels.
    solver : str
        As in `fit_logistic`; "auto" takes the one that is fastest for the shape of X and the penalty, for all labels.
    tol, max_iter, n_threads :
        As in `fit_logistic`; tol and max_iter hold for each problem.
    start : (coef (K, p), intercept (K,)) or sequence of K LogisticResult, optional
        Where to start.
    time_limit : float, optional
        Seconds for all problems together.  Those not reached in time come back as they start, with status TIME_LIMIT.
    callback : callable, optional
        Called with a Progress, whose `label` is k, after each iteration of problem k.  A true return value ends all
        problems that have not ended (status STOPPED).  Where it has methods ``label_ended`` and ``fit_ended``, they are
        called with k when problem k is over, and once with the results or None when all are, however that comes about.

    Returns
    -------
    LogisticResults
        A tuple of K LogisticResult, with coef (p,) and intercept, that prints as a table.  With weights of rows that do
        not add up to those of the problem above, m_k = sum_i s_i a_k(y_ik) / sum_i s_i != 1, objective, duality_gap,
        optimality and what `tol` refers to are those of the problem divided by m_k, which is fit_logistic's with
        sample_weight s_i a_k(y_ik) and strengths l1 / m_k and l2 / m_k.  n_passes are the passes over X that were made
        while problem k took part.

    Raises
    ------
    TypeError, ValueError
        For input that cannot be used; the message names the argument, what was found and what was expected.
    KeyboardInterrupt
        On Ctrl-C; what has been reached is lost.  (A callback can keep it: see Progress.)
    """
    controls = arguments.controls(tol, max_iter, time_limit, callback)
    fit_intercept = numbers.switch("fit_intercept", fit_intercept)
    standardize = numbers.switch("standardize", standardize)
    threads = resolve_threads(numbers.threads("n_threads", n_threads))
    matrix = as_matrix(X, threads)
    (n, p), names = matrix.shape, matrix.names
    weight = arguments.weights(sample_weight, n)
    labels = label_arguments.labels(Y, n, n_classes, np.ones(n, bool) if sample_weight is None else weight > 0.0)
    factors = label_arguments.label_weights(label_weight, labels.n_labels)
    l1, l2 = arguments.strength("l1", l1, p), arguments.strength("l2", l2, p)
    starts = label_arguments.starts(start, labels.n_labels, p, fit_intercept)
    near, centre = centred(matrix, fit_intercept, None if sample_weight is None else weight)
    if centre is not None and starts is not None:
        starts = starts[0], centre.there(*starts)
    posed = partial(LabelProblems, labels=labels, weight=weight, factors=factors, l1=l1, l2=l2)
    posed = partial(posed, fit_intercept=fit_intercept, standardize=standardize)
    problems = posed(near, starts=starts)
    name, _, choice = choose_solver(solver, near, problems.penalty(1.0))
    if name == "dual_coordinate_descent" and problems.can_share_epochs:
        way = partial(_by_shared_epochs, choice=choice)
    elif name == "newton_cg" and problems.can_step_together:
        way = partial(_by_shared_steps, choice=choice)
    else:
        way = partial(_one_by_one, solver=solver, threads=threads)

    def fit(controls):
        return way(problems, SharedControls(controls, labels.n_labels))

    began = time.perf_counter()
    found = fit(controls) if centre is None else centre.run(fit, controls)
    if fit_intercept:
        found = _gone_on(found, matrix, near, posed, solver, controls, began)
    return LogisticResults(with_names(result, names) for result in found)


def _gone_on(results, matrix, near, posed, solver, controls, began):
    """The results.  Fits that have stalled go on about a centre for all of them; callbacks, which know that they are
    over, are not called again.

    Parameters
    ----------
    matrix, near : InMemoryMatrix
        Of X, and about the centre that the fits had.
    posed : callable
        LabelProblems of a matrix and starts.
    began : float
        When the fits began, by time.perf_counter.
    """
    left = {k: more for k, each in enumerate(results) if (more := left_of(controls, each)) is not None}
    if not left or any(each.status is Status.STOPPED for each in results):
        return results
    problems, curvature = posed(near, starts=None), 0.0
    for k in left:
        rows = problems.of(k)[0]
        state = rows.state(results[k].coef[:, None], value_at_centre(results[k]))
        curvature = curvature + rows.loss.weight_of_rows() * expit_derivative(state.eta)
    centre = later_centre(matrix, near, results[0].centre, curvature)
    if centre is None:
        return results
    coef = np.array([each.coef for each in results])
    starts = coef, np.array([centre.value_of(each) for each in results])
    problems = posed(matrix.centred(centre.values), starts=starts)
    for k, more in left.items():
        if more.time_limit is not None:
            more = replace(more, time_limit=max(0.0, controls.time_limit - (time.perf_counter() - began)))
        more = replace(more, callback=None)
        again = partial(_fit_one, *problems.of(k), solver, fixed_zero=problems.fixed_zero)
        results[k] = gone_on(results[k], centre, lambda controls, again=again: again(controls=controls), more)
    return results


def _by_shared_steps(problems, shared, choice):
    """Truncated Newton on groups of labels."""
    results = []
    for which in problems.groups(problems.bytes_of_steps):
        label, factor, mean_weight = problems.block(which)
        counter = PassCounter(problems.matrix.nnz, problems.matrix.copied_bytes)
        rows = LabelRows(problems.matrix, label, problems.weight_of_rows(), factor / mean_weight, counter)
        objective = LabelObjective(rows, strengths(problems.penalty(1.0), mean_weight), problems.fit_intercept)
        monitors = [
            shared.monitor(k, counter, "newton_cg", choice, problems.fixed_zero, null)
            for k, null in zip(which, objective.null_value(), strict=True)
        ]
        _let_refine(problems, monitors)
        newton_cg_labels.solve(objective, *problems.starts_of(which), monitors)
        results += [_diagnosed(problems, shared, k, monitor) for k, monitor in zip(which, monitors, strict=True)]
    return results


def _diagnosed(problems, shared, k, monitor):
    """The result with what is found where coefficients may not be determined, or the fit did not converge.

    Where its last step does not tell what is left the fit goes on by itself, unwatched: callbacks know that it is over.
    """
    result = monitor.settled
    if result.converged and problems.penalty(1.0).covers_all:
        return result
    rows, penalty, fit_intercept, _ = problems.of(k)
    rows.counter.entries_read = round(result.n_passes * rows.matrix.nnz)
    objective, reached = LogisticObjective(rows, penalty, fit_intercept), (result.coef[:, None], result.intercept)
    problem = rows, penalty, fit_intercept, reached
    if _is_short_of_digits(result, monitor) or (
        result.converged and not is_settled(objective, objective.at(*reached), monitor.gaps[-1], result.target)
    ):
        return _unwatched(problems, shared, k, monitor, problem)
    monitor.look_at(objective, problems.fixed_zero)
    found = diagnosed(result, monitor)
    return _unwatched(problems, shared, k, monitor, problem) if _is_short_of_digits(found, monitor) else found


def _let_refine(problems, monitors):
    """Let labels end early that shared steps or epochs do not get on with, where they can go on by themselves."""
    for monitor in monitors:
        monitor.may_refine = can_refine(problems.matrix, monitor.controls)


def _is_short_of_digits(result, monitor):
    """Whether a label may go on by steps in doubled precision."""
    return monitor.may_refine and result.status.is_stalled


def _unwatched(problems, shared, k, monitor, problem):
    """The result of going on from where a label has ended; callbacks, which know that it is over, are not called."""
    controls = replace(shared.controls(k, monitor.history), callback=None)
    found = _fit_one(*problem, "newton_cg", controls, None, problems.fixed_zero)
    return replace(found, message=f"{found.message} {monitor.explanation}".rstrip())


def _by_shared_epochs(problems, shared, choice):
    """Dual ascent on groups of labels."""
    results = []
    for which in problems.groups(problems.bytes_of_epochs):
        label, factor, mean_weight = problems.block(which)
        counter = PassCounter(problems.matrix.nnz, problems.matrix.copied_bytes)
        rows = DualLabelRows(problems.matrix, problems.weight_of_rows(), problems.penalty(1.0).l2[:, 0], counter)
        duals = LabelDuals(rows, label, factor, problems.fit_intercept)
        monitors = [
            shared.monitor(k, counter, "dual_coordinate_descent", choice, problems.fixed_zero, null)
            for k, null in zip(which, duals.null_value / mean_weight, strict=True)
        ]
        _let_refine(problems, monitors)
        left = dual_coordinate_descent_labels.ascend(duals, monitors, mean_weight)
        del duals
        for position, (k, monitor) in enumerate(zip(which, monitors, strict=True)):
            slow = position in left
            results.append(
                _finish(problems, shared, k, monitor, left[position]) if slow else _ended(problems, shared, k, monitor)
            )
    return results


def _ended(problems, shared, k, monitor):
    """The result of a label that has ended by dual ascent."""
    result = monitor.result()
    if not _is_short_of_digits(result, monitor):
        return result
    rows, penalty, fit_intercept, _ = problems.of(k)
    rows.counter.entries_read = round(result.n_passes * rows.matrix.nnz)
    reached = result.coef[:, None].copy(), result.intercept
    return _unwatched(problems, shared, k, monitor, (rows, penalty, fit_intercept, reached))


def _finish(problems, shared, k, monitor, start):
    """Truncated Newton steps from where the dual makes no progress."""
    coef, intercept = start
    rows, penalty, fit_intercept, _ = problems.of(k)
    rows.counter.entries_read += monitor.counter.entries_read
    start = coef[:, None].copy(), intercept
    controls = shared.controls(k, monitor.history)
    result = _fit_one(rows, penalty, fit_intercept, start, "newton_cg", controls, None, problems.fixed_zero)
    shared.ended(k)
    monitor.remark_change("newton_cg", SLOW)
    return replace(result, solver=monitor.solver, message=f"{result.message} {monitor.explanation}")


def _fit_one(*arguments, **options):
    """fit_rows for one of K problems; raises a plain KeyboardInterrupt, since the result of one is no model."""
    try:
        return fit_rows(*arguments, **options)
    except FitInterrupted as interrupt:
        raise KeyboardInterrupt(str(interrupt)) from None


def _one_by_one(problems, shared, solver, threads):
    """Each problem on its own; threads take one each where they have enough to do and nobody watches."""
    which = range(problems.n_labels)
    pooled = threads > 1 and len(which) > 1 and not shared.is_watched and problems.matrix.nnz >= ENTRIES_FOR_A_POOL
    if pooled:
        problems.use_one_thread()
    problems.screen()

    def fit(k):
        result = _fit_one(*problems.of(k), solver, shared.controls(k), problems.columns, problems.fixed_zero)
        shared.ended(k)
        return result

    if not pooled:
        return [fit(k) for k in which]  # a generator would swallow the StopIteration of a callback
    with ThreadPoolExecutor(min(threads, len(which)), initializer=np.seterr, initargs=("ignore",)) as pool:
        futures = [pool.submit(fit, k) for k in which]
        try:
            return [future.result() for future in futures]
        except BaseException:
            shared.stop()
            pool.shutdown(cancel_futures=True)
            raise
