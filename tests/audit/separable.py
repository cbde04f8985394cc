"""Whether a problem with coefficients that nothing holds has an optimum: by a linear program, in doubles.

It has none where some direction of these coefficients and the intercept lowers no row's loss's margin and raises some.
"""

import numpy as np
from scipy.optimize import linprog

from audit.losses import TwoClasses
from audit.wide import WIDE

#: Margins below this part of the largest, in 80 bits, are zero.
ZERO = 1e-12
#: Margins that the program leaves below this are meant to be zero.
NEARLY_ZERO = 1e-6


def is_separable(posed):
    """Whether the infimum is not attained; None where doubles do not tell."""
    columns = np.flatnonzero((posed.l1 == 0) & (posed.l2 == 0) & ~(np.isfinite(posed.lower) & np.isfinite(posed.upper)))
    margins, tied = _margins(posed, columns)
    if not posed.fit_intercept and not len(columns):
        return False
    bounds = _recession_cone(posed, columns)
    rows, ties = margins.astype(float), tied.astype(float)
    found = linprog(
        -rows.sum(axis=0),
        A_ub=np.vstack([-rows, rows]),
        b_ub=np.r_[np.zeros(len(rows)), np.ones(len(rows))],
        A_eq=ties if len(tied) else None,
        b_eq=np.zeros(len(tied)) if len(tied) else None,
        bounds=bounds,
        method="highs",
    )
    if found.status != 0:
        return None
    if (rows @ found.x).max(initial=0.0) < 0.5:  # a direction could be scaled until its largest margin is one
        return False
    held = np.isfinite(bounds).any(axis=1) & (np.abs(found.x) <= NEARLY_ZERO)
    tied = np.vstack([tied, np.eye(len(held), dtype=WIDE)[held]])
    direction = _polished(found.x.astype(WIDE), margins, tied)
    reached = margins @ direction
    top = reached.max(initial=0.0)
    off = max(-reached.min(initial=0.0), np.abs(tied @ direction).max(initial=0.0))
    return True if top > 0.5 and off <= ZERO * top else None


def _polished(direction, margins, tied):
    """The direction without what the program's tolerance has left of the margins that are zero."""
    zero = np.vstack([margins[np.abs(margins @ direction) <= NEARLY_ZERO], tied])
    if not len(zero):
        return direction
    inverse = np.linalg.pinv(zero.astype(float), rcond=1e-12)
    for _ in range(4):
        direction = direction - inverse @ (zero @ direction)
    return direction


def _unit_columns(posed, columns):
    X = posed.centred[:, columns]
    size = np.abs(X).max(axis=0, initial=0.0)
    X = X / np.where(size > 0, size, 1)
    return np.column_stack([X, np.ones(len(X))]) if posed.fit_intercept else X


def _margins(posed, columns):
    """Rows whose products with a direction must not be negative, and rows for which it must be zero."""
    X = _unit_columns(posed, columns)
    counts = posed.weight > 0
    if isinstance(posed.loss, TwoClasses):
        y = posed.loss.y.astype(float)
        hard = counts & ((y == 0.0) | (y == 1.0))
        return (2.0 * y - 1.0)[hard, None] * X[hard], X[counts & ~hard]
    q, rows = posed.q, []
    for x, own in zip(X[counts], posed.loss.own[counts], strict=True):
        for k in np.flatnonzero(~own):
            sides = np.zeros(q)
            sides[own], sides[k] = 1.0, -1.0
            rows.append(np.outer(x, sides).ravel())
    return np.array(rows, dtype=WIDE), np.zeros((0, X.shape[1] * q), dtype=WIDE)


def _recession_cone(posed, columns):
    down = np.where(np.isfinite(posed.lower[columns]), 0.0, -np.inf)
    up = np.where(np.isfinite(posed.upper[columns]), 0.0, np.inf)
    pairs = list(zip(down, up, strict=True)) + [(-np.inf, np.inf)] * posed.fit_intercept
    return [pair for pair in pairs for _ in range(posed.q)]
