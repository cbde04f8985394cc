"""Changes of a result that a diagnosis makes, and the limits of a fit that it goes on with."""

import copy
from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from fastlr._environment import blas_threads
from fastlr.solvers.result import Status

#: Sentence in the message of a result of further steps.
GONE_ON = " The last steps were taken in an orthonormal basis of the columns without a penalty."
#: Entries n p up to which BLAS uses one thread.
ALONE = 9_000
#: Entries n p up to which every fit is looked at again, and linear programs take all rows.
ALWAYS = 500_000


def controls_left(monitor):
    """The Controls of a fit that goes on from the end of another, unwatched: iterations and seconds count on."""
    last = copy.copy(monitor.history[-1])
    vars(last).update(elapsed=monitor.seconds)
    return replace(monitor.controls, callback=None, begun=(*monitor.history[:-1], last))


def with_copies(result, counter):
    """The result with the bytes that a diagnosis has copied besides."""
    copied_bytes = max(result.copied_bytes, counter.copied_bytes)
    return result if copied_bytes == result.copied_bytes else replace(result, copied_bytes=copied_bytes)


def linear_algebra(rows):
    """Context in which BLAS has as many threads as the fit.  For small X it takes one by itself."""
    return blas_threads(rows.n_threads) if rows.matrix.shape[0] * rows.matrix.shape[1] > ALONE else nullcontext()


def converged(result, monitor, estimate, how):
    """The result as one that has converged, by an estimate of its suboptimality;
    `how` is a sentence of its message, or "".
    """
    told = f"The suboptimality is estimated at {estimate:.2g} (target {monitor.target:.2g}).{how} {monitor.explanation}"
    return replace(result, status=Status.CONVERGED, message=told.rstrip())


def unresolved(result, monitor):
    """The result with status PRECISION_LIMIT: double precision does not tell how far the optimum is.

    Where no iterations are left to find out, MAX_ITER.
    """
    if monitor.n_iter >= monitor.controls.max_iter:
        told = f"max_iter={monitor.controls.max_iter} was reached before the estimate was made sure of."
        return amended(replace(result, status=Status.MAX_ITER), monitor, f"{told} Increase max_iter.")
    told = (
        "Some columns so nearly depend on each other that double precision does not tell how far the optimum is. "
        "Leave them out, combine or penalise them."
    )
    return amended(replace(result, status=Status.PRECISION_LIMIT), monitor, told)


def gone_on(result, monitor, coef, intercept, value, optimality):
    """The result at the point to which another Monitor has gone on from it."""
    last = copy.copy(monitor.history[-1])
    vars(last).update(objective=value, optimality=optimality, nonzeros=int(np.count_nonzero(coef)))
    return replace(
        result,
        coef=coef,
        intercept=intercept,
        objective=value,
        optimality=optimality,
        n_iter=monitor.n_iter,
        n_passes=max(result.n_passes, last.n_passes),
        history=(*monitor.history[:-1], last),
    )


def amended(result, monitor, text):
    """The result with `text` in its message, before the choice of the solver; a separation comes first of all."""
    ended = result.message.removesuffix(monitor.explanation).rstrip()
    together = f"{text} {ended}" if result.status is Status.SEPARATED else f"{ended} {text}"
    return replace(result, message=f"{together} {monitor.explanation}".rstrip())
