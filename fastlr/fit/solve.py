"""From bound rows and a penalty to a LogisticResult: the last part of every two-class fit."""

from functools import partial

import numpy as np

from fastlr.inference.identifiability import diagnosed
from fastlr.objective.logistic import LogisticObjective
from fastlr.presolve.screening import LEFT_OUT
from fastlr.solvers import FitInterrupted, Monitor, Status, choose_solver, never
from fastlr.solvers.doubled_precision.refinement import can_refine, solved


def fit_rows(rows, penalty, fit_intercept, start, solver, controls, columns=None, fixed_zero=None):
    """Minimise over bound rows.

    Parameters
    ----------
    rows : fastlr.matrix.Rows
    penalty : fastlr.penalties.elastic_net.ElasticNet
    fit_intercept : bool
    start : (coef of shape (p, 1), intercept)
        Of all p columns of X.
    solver : str
    controls : fastlr.solvers.Controls
    columns : ndarray of int, optional
        The columns of X that rows and penalty are made of, where these are not all.
    fixed_zero : ndarray of bool, shape (p,), optional
        Columns whose coefficients are zero whatever the solver says.

    Raises
    ------
    ValueError
        If the solver cannot minimise this, or X holds NaN or infinity.
    FitInterrupted
        On Ctrl-C, with the last point reached.
    """
    coef, intercept = start
    p = len(coef)
    coef = penalty.nearest(coef if columns is None else coef[columns])
    name, spec, choice = choose_solver(solver, rows.matrix, penalty)
    if columns is not None:
        choice = f"{choice} {LEFT_OUT.format(left=len(columns), p=p)}".lstrip()
    objective = LogisticObjective(rows, penalty, fit_intercept)
    monitor = Monitor(controls, objective, name, choice, partial(all_coefficients, p, columns, fixed_zero))
    monitor.may_refine = spec.suits is not never and can_refine(rows.matrix, controls)

    def fit():
        return diagnosed(solved(spec.run, objective, coef, intercept, monitor), monitor, columns)

    return or_interrupted(fit, monitor, monitor.result)


def or_interrupted(fit, monitor, last_result):
    """fit(); on Ctrl-C FitInterrupted with last_result(), or KeyboardInterrupt where no point has been reached."""
    try:
        return fit()
    except KeyboardInterrupt:
        if not monitor.reached_a_point:
            raise
        monitor.fail(Status.INTERRUPTED, "The fit was interrupted from the keyboard")
        raise FitInterrupted(last_result()) from None


def all_coefficients(p, columns, fixed_zero, coef, intercept):
    """((p,) coefficients, intercept) from those of these columns; those of `fixed_zero` exactly zero."""
    out = np.zeros(p)
    out[slice(None) if columns is None else columns] = coef[:, 0]
    if fixed_zero is not None:
        out[fixed_zero] = 0.0
    return out, intercept
