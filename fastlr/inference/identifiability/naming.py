"""Which columns to blame for a separation: among directions that separate the same rows, one with few entries."""

import numpy as np

from fastlr.inference.identifiability.linear_program import minimise

#: Columns that are tried alone, those with the largest entries; a pass each.
ALONE = 16
#: Free columns up to which a linear program looks for a direction with few entries.
MOST_COLUMNS = 200
#: Rounds of constraints before the direction stays as it is.
MOST_ROUNDS = 50
#: Linear programs to get there.
REWEIGHTED = 5
#: Size of an entry, the largest being 1, below which it is tried without.
SMALL = 1e-8


def few_columns(program, delta, separated):
    """A direction that separates the same rows through few columns; the one given if none is found.

    One column and the intercept, if that will do; else few entries in free columns with all margins of these rows at
    least 1, in units of |g_i|.

    Parameters
    ----------
    program : separation.Program
    delta : ndarray (size,)
    separated : ndarray of bool
        Among the saturated rows.
    """
    by_size = np.argsort(-np.abs(delta[: len(program.frame.columns)]), kind="stable")
    for j in by_size[:ALONE]:
        alone = _threshold(program, int(j), separated)
        if alone is not None:
            return alone
    if len(program.frame.columns) > MOST_COLUMNS:
        return delta
    fewer = _least_absolute(program, separated)
    return delta if fewer is None else fewer


def _same(program, delta, separated):
    """The direction if it separates the same rows, else None."""
    found = program.certified(delta)
    return found[0] if found is not None and np.array_equal(found[1], separated) else None


def _threshold(program, j, separated):
    """A direction in column j and the intercept alone that separates these rows, or None."""
    frame, delta = program.frame, np.zeros(program.frame.size)
    delta[j] = 1.0
    values = frame.Xd(delta)
    up, down = values[program.not_below], values[program.not_above]
    for side in (1.0, -1.0):
        low, high = (up.min(), down.max()) if side > 0.0 else (down.min(), up.max())
        slack = 2.0 * frame.tolerance
        if low < high - slack:
            continue
        moved = side * delta
        if frame.fit_intercept:
            moved[-1] = -side * 0.5 * (low + high)
        elif not high - slack <= 0.0 <= low + slack:
            continue
        if (same := _same(program, moved, separated)) is not None and program.is_null_elsewhere(same):
            return same
    return None


def _least_absolute(program, separated):
    """Reweighted least absolute sums (Candes, Wakin, Boyd 2008): entries that came out small are made dear."""
    prices, delta = np.ones(len(program.frame.columns)), None
    for _ in range(REWEIGHTED):
        fewer = _at_prices(program, separated, prices)
        if fewer is None:
            break
        sizes = np.abs(fewer[: len(prices)])
        delta, prices = fewer, 1.0 / (sizes + 1e-3)
    return delta


def _at_prices(program, separated, prices):
    """The direction of least  sum_j prices_j |delta_j|, its largest entry 1; None if none is found."""
    f, k = len(program.frame.columns), program.basis.shape[1]
    cost = np.concatenate([np.zeros(k), prices / prices.max()])
    part, eye = program.basis[:f], np.eye(f)
    sizes = np.block([[part, -eye], [-part, -eye]])
    for _ in range(MOST_ROUNDS):
        rows = program.matrix
        matrix = np.vstack([sizes, np.hstack([-rows, np.zeros((len(rows), f))])])
        right = np.concatenate([np.zeros(2 * f), -separated[program.active].astype(float)])
        matrix, right = _with_limits(program, matrix, right)
        z = minimise(cost, matrix, right)
        if z is None:
            return None
        delta = program.basis @ z[:k]
        short = program.unit_margins(delta) - separated
        if (short < -1e-6).any() and program.add(np.flatnonzero(short < -1e-6)[np.argsort(short[short < -1e-6])]):
            continue
        return _without_small(program, delta, separated)
    return None


def _with_limits(program, matrix, right):
    """The constraints, and those of coordinates that cannot go both ways."""
    for limit, side in ((program.lower, -1.0), (program.upper, 1.0)):
        bounded = np.isfinite(limit)
        if bounded.any():
            more = np.zeros((int(bounded.sum()), matrix.shape[1]))
            more[:, : program.basis.shape[1]] = side * program.basis[bounded]
            matrix, right = np.vstack([matrix, more]), np.append(right, np.zeros(len(more)))
    return matrix, right


def _without_small(program, delta, separated):
    """The direction without entries that are rounding, if it separates the same rows without them."""
    f = len(program.frame.columns)
    cleaned = delta.copy()
    cleaned[:f][np.abs(delta[:f]) <= SMALL * np.abs(delta[:f]).max(initial=0.0)] = 0.0
    same = _same(program, cleaned, separated)
    if same is not None and program.is_null_elsewhere(same):
        return same
    return _same(program, delta, separated)
