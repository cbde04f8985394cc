"""Events that a callback may hear besides a Progress: optional methods, called where it has them.

``fit_ended(result)``
    Once, when the fit is over: with what the fit returns, with the last point reached on Ctrl-C, and with None where it
    ended in another error or there is no such point.  Ctrl-C in it raises FitInterrupted with that result.
``label_ended(label)``
    In fit_one_vs_rest, when the problem of that number is over.
"""

import functools
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from fastlr.solvers.result import Coefficients, FitInterrupted, LogisticResult

_Fit = TypeVar("_Fit", bound=Callable[..., Any])


def tell(callback, event, *arguments):
    """Call a method of the callback, if it has one of this name."""
    method = getattr(callback, event, None)
    if method is not None:
        method(*arguments)


def call_back(callback, progress, where, **told):
    """callback(progress) with the Coefficients of `where` and what else it is told; returns what it returns.

    If the callback keeps the coefficients, they are settled before the fit goes on.
    """
    coefficients = Coefficients(*where)
    reference = weakref.ref(coefficients)
    progress = progress.telling(coefficients=coefficients, **told)
    del coefficients
    try:
        return callback(progress)
    finally:
        del progress
        if (coefficients := reference()) is not None:
            coefficients.settle()


def tells_its_end(fit: _Fit) -> _Fit:
    """A function with the keyword argument `callback` that calls the callback's `fit_ended`, however it ends."""

    @functools.wraps(fit)
    def watched(*args, callback=None, **kwargs):
        if callback is None:
            return fit(*args, **kwargs)
        result = None
        try:
            result = fit(*args, callback=callback, **kwargs)
        except FitInterrupted as interruption:
            result = interruption.result
            raise
        finally:
            try:
                tell(callback, "fit_ended", result)
            except KeyboardInterrupt:
                if isinstance(result, LogisticResult):
                    raise FitInterrupted(result) from None
                raise
        return result

    return watched  # type: ignore[return-value]
