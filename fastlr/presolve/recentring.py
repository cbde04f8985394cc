"""Fits that go on about another centre: columns can lie far from zero among the rows that are not saturated alone.

A few rows do not show such columns.  A fit that has stalled looks at the cancellation under the curvature that it has
reached, and goes on about entries near to where these columns lie.
"""

import copy
from dataclasses import replace

import numpy as np

from fastlr.inference.identifiability.collinearity import numbers
from fastlr.inference.identifiability.findings import listed
from fastlr.presolve.centring import Centre, centred
from fastlr.solvers import FitInterrupted, Status
from fastlr.solvers.callbacks import tell

#: Squared mean over variance, under the curvature, from which a fit that has stalled goes on about another centre.
FAR = 100.0
#: Readings of X that it takes to look for another centre.
LOOK = 3.0


def fit_centred(matrix, fit, curvature, start, controls, fit_intercept, weight):
    """The result of a fit as one of X, whatever centres it was made about.

    Parameters
    ----------
    fit : callable
        Of (matrix, (coef, intercept), controls): the result over a matrix.
    curvature : callable
        Of (matrix, coef, intercept) as results have them: the weights (n,) of rows in the Hessian there.
    start : (coef (p, 1) or (p, K), intercept)
        A coef of None means zeros; the intercept is then the same about every centre.
    weight : ndarray of shape (n,), or None
        As for `centred`.
    """
    near, centre = centred(matrix, fit_intercept, weight)
    if centre is None:
        first = fit(near, start, controls)
    else:
        coef, intercept = start
        if coef is not None:
            intercept = centre.there(coef.T if np.ndim(intercept) else coef[:, 0], intercept)
        first = centre.run(lambda controls: fit(near, (coef, intercept), controls), controls)
    left = left_of(controls, first)
    if not fit_intercept or left is None:
        return first
    try:
        return _about_later_centre(matrix, near, fit, curvature, first, left)
    except FitInterrupted:
        raise
    except KeyboardInterrupt:  # before the fit about it knows a point
        told = f"The fit was interrupted from the keyboard. {first.message}"
        raise FitInterrupted(replace(first, status=Status.INTERRUPTED, message=told)) from None


def _about_later_centre(matrix, near, fit, curvature, first, controls):
    """The result of a fit that has stalled, gone on with about another centre if there is one."""
    later = later_centre(matrix, near, first.centre, curvature(near, first.coef, value_at_centre(first)))
    if later is None:
        return first
    moved, coef = matrix.centred(later.values), first.coef.T.reshape(matrix.shape[1], -1)
    start = np.ascontiguousarray(coef), later.value_of(first)
    return gone_on(first, later, lambda controls: fit(moved, start, controls), controls)


def left_of(controls, first):
    """The Controls of a fit that goes on from the end of the first; None where that has not stalled, or may not."""
    if not first.status.is_stalled or not np.isfinite(first.objective) or first.n_iter >= controls.max_iter:
        return None
    limit = None if controls.time_limit is None else max(0.0, controls.time_limit - first.seconds)
    callback = None if controls.callback is None else _Listener(controls.callback, first)
    return replace(controls, max_iter=controls.max_iter - first.n_iter, time_limit=limit, callback=callback)


def value_at_centre(result):
    """The intercept of the fit where it was made."""
    return result.intercept if result.centre is None else result.centred_intercept


def later_centre(matrix, near, centre, curvature):
    """The Centre at which columns lie far from zero under the curvature (n,); None where none does.

    Parameters
    ----------
    matrix, near : InMemoryMatrix
        Of X, and about the centre (p,) that the fit had, which is None if it had none.
    """
    total = curvature.sum()
    if not 0.0 < total < np.inf:
        return None
    mean, variance = near.column_moments(curvature / total)
    values = np.zeros(len(mean)) if centre is None else centre.copy()
    rows, before = np.arange(len(curvature)), values.copy()
    for j in np.flatnonzero((mean * mean > FAR * variance) & (variance > 0.0)):
        entries = near.gather(np.array([j])).take(rows, np.array([0]))[:, 0]
        closest = np.argmin(np.where(curvature > 0.0, np.abs(entries - mean[j]), np.inf))
        values[j] = matrix.entry(int(closest), int(j))
    return None if np.array_equal(values, before) else Centre(values)


def gone_on(first, centre, fit, controls):
    """The result of `fit`, a function of Controls that fits about the centre, together with what came before it."""
    try:
        second = centre.run(fit, controls)
    except FitInterrupted as interruption:
        raise FitInterrupted(_joined(first, interruption.result, centre)) from None
    better = second if second.converged or _rank(second) <= _rank(first) else first
    return _joined(first, second, centre) if better is second else first


def _rank(result):
    """Bound on the suboptimality of a result: its gap, or its objective where there is none."""
    return result.objective if np.isnan(result.duality_gap) else result.duality_gap


def _joined(first, second, centre):
    columns = listed(numbers(np.flatnonzero(centre.values)))
    told = f"The fit went on after {first.n_iter} iterations, with {columns} centred."
    return replace(
        second,
        n_iter=first.n_iter + second.n_iter,
        n_passes=first.n_passes + LOOK + second.n_passes,
        copied_bytes=first.copied_bytes + second.copied_bytes,
        history=first.history[:-1] + tuple(_after(first, each) for each in second.history),
        message=f"{second.message} {told}",
    )


def _after(first, progress):
    """A Progress as one of a fit that began with the first."""
    later = copy.copy(progress)
    vars(later).update(
        iteration=first.n_iter + progress.iteration,
        n_passes=first.n_passes + LOOK + progress.n_passes,
        elapsed=first.seconds + progress.elapsed,
    )
    return later


class _Listener:
    """A callback that is told of a fit that goes on from the end of the first, which it knows."""

    def __init__(self, callback, first):
        self._callback = callback
        self._first = first

    def __call__(self, progress):
        return self._callback(_after(self._first, progress)) if progress.iteration else False

    def label_ended(self, label):
        tell(self._callback, "label_ended", label)
