"""Whether the classes of a softmax fit without a penalty can be told apart, so that no optimum exists."""

import re
from dataclasses import replace

import numpy as np

from fastlr.solvers.result import Status

#: Margin, as a share of the largest linear predictor, that may be rounding.
ROUNDING = 1e-12


def with_separated_classes(result, objective, state):
    """The result, as SEPARATED if its own linear predictors show that the loss has no minimum.

    They do where every row's class is on top (all coefficients then grow without end), or where one class lies on one
    side of a hyperplane and all others on the other side: that of its predictor beside the mean of the others.  Other
    separations, of classes of which no one is apart from all others, are not looked for.

    Parameters
    ----------
    result : LogisticResult
    objective : SoftmaxObjective
    state : RowState
        Of its last point.
    """
    penalised = objective.penalty.has_l1 or objective.penalty.has_l2
    if not result.status.is_own_end or penalised or not np.isfinite(state.eta).all():
        return result
    counted = objective.rows.weight > 0.0
    eta, labels = state.eta[counted], objective.rows.labels[counted]
    if _all_on_top(eta, labels):
        found = "Every class can be separated from the others"
    else:
        apart = [k for k in range(eta.shape[1]) if _is_apart(eta, labels == k, k, objective.fit_intercept)]
        if not apart:
            return result
        found = f"Class number {apart[0]} can be separated from all others by a hyperplane"
    told = f"{found}, so that coefficients would grow without end. Penalise them (l2 > 0, a finite C)."
    return replace(result, status=Status.SEPARATED, message=f"{told} {result.message}")


def with_labels(result, classes):
    """The result with the label of a separated class in its message, in place of its number."""
    found = re.match(r"Class number (\d+) ", result.message)
    if found is None:
        return result
    label = classes.tolist()[int(found[1])]
    return replace(result, message=f"Class {label!r} {result.message[found.end() :]}")


def _all_on_top(eta, labels):
    """Whether the predictor of each row's class is the largest."""
    rows = np.arange(len(labels))
    others = eta.copy()
    others[rows, labels] = -np.inf
    return bool(np.all(eta[rows, labels] - others.max(axis=1) > ROUNDING * np.abs(eta).max()))


def _is_apart(eta, own, k, fit_intercept):
    """Whether a hyperplane parallel to that of predictor k beside the mean of the others separates the rows `own`."""
    if not own.any() or own.all():
        return False
    side = eta[:, k] - np.delete(eta, k, axis=1).mean(axis=1)
    low, high = side[own].min(), side[~own].max()
    margin = ROUNDING * np.abs(eta).max()
    return bool(low - high > margin and (fit_intercept or (low > margin and high < -margin)))
