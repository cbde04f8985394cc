"""Separation: whether the loss has no minimum because some direction of the coefficients lowers it for ever.

A direction d of the free coefficients, with the intercept's part d_0, separates if  t_i (x_i . d + d_0) >= 0  for every
row, t_i = +1 or -1 its class, and > 0 for some (Albert, Anderson 1984).  Rows with a target between the classes lose on
either side, so that they ask for x_i . d + d_0 = 0.

A fit that has gone far along such a direction leaves the rows that it separates with hardly any loss.  All other rows
must not notice the direction, which is searched for in their null space: mostly that is empty, and the question
answered.  Otherwise the coefficients themselves, projected, are tried, and then the linear program of Konis (2007),
maximise  sum_i t_i x_i . d  subject to  t_i x_i . d >= 0,  -1 <= d <= 1,  whose constraints are added as they are
violated.
"""

import numpy as np

from fastlr.inference.identifiability.findings import Separation
from fastlr.inference.identifiability.free_columns import spread
from fastlr.inference.identifiability.linear_program import minimise
from fastlr.inference.identifiability.naming import few_columns

#: A row that has lost less counts as saturated: a converged fit leaves separated rows with far less, and a row that
#: counts for more than a hundredth of all the loss left to it in the null model is hardly one of them.
SATURATED = 0.02
#: The most that is asked of a row whose weight is too small for the tolerance of the fit to see: to be on its side.
ON_ITS_SIDE = float(np.log(2.0))
#: Size of an entry, the largest being 1, that is rounding.
NOTHING = 1e-10
#: Rounds of constraints before giving up.
MOST_ROUNDS = 200


class Classes:
    """Classes of the rows, and the loss of each at the end of a fit.

    Attributes
    ----------
    sign : ndarray (n,)
        +1 or -1, the class; 0 where the target lies between.
    counts : ndarray of bool (n,)
        Rows of positive weight.
    loss : ndarray (n,)
        At the coefficients reached.
    """

    def __init__(self, loss, eta):
        y, weight = loss.y, loss.weight_of_rows()
        self.eta = eta
        self.weight = weight
        self.counts = weight > 0.0
        self.sign = np.where((y == 0.0) | (y == 1.0), 2.0 * y - 1.0, 0.0)
        self.loss = np.logaddexp(0.0, -self.sign * eta)

    def saturated(self, suboptimality):
        """Rows that a direction may separate, after a fit that has reached this suboptimality.

        It leaves separated rows with  sum_i s_i loss_i  of about that.
        """
        with np.errstate(divide="ignore"):
            largest_loss = np.clip(4.0 * suboptimality / self.weight, SATURATED, ON_ITS_SIDE)
        return self.counts & (self.sign != 0.0) & (self.loss < largest_loss)


def separates_all(classes, Xd, blur=0.0):
    """Whether linear predictors Xd put every row on the side of its class, by more than `blur`."""
    return bool(np.all((classes.sign * Xd > blur) | ~classes.counts)) and bool(classes.sign[classes.counts].all())


def separation(frame, classes, saturated, basis, everywhere, coef, intercept, limits):
    """The Separation, or None.

    Parameters
    ----------
    frame : Frame
    basis : ndarray (size, k)
        The null space of the rows that count and are not saturated.
    everywhere : ndarray (size, m)
        That of all rows that count, part of it.
    coef, intercept
        Where the fit ended.
    limits : (lower, upper), ndarrays (size,)
        0 for coordinates that cannot go that way, else infinite.
    """
    if basis.shape[1] == everywhere.shape[1]:
        return None
    inner = basis if np.isfinite(limits).any() else without(basis, everywhere)
    program = Program(frame, classes, saturated, inner, limits)
    found = program.certified(inner @ (inner.T @ frame.fold(coef, intercept)))
    if found is None or not found[1].all():
        found = program.solve(found)
    if found is None:
        return None
    delta, separated = found
    complete = bool(np.all(saturated == classes.counts) and separated.all())
    if inner.shape != basis.shape:  # what no row notices may spare columns
        program = Program(frame, classes, saturated, basis, limits)
    delta = few_columns(program, delta, separated)
    direction, d0 = frame.unfold(delta)
    columns = tuple(int(j) for j in np.flatnonzero(direction))
    return Separation("complete" if complete else "quasi-complete", columns, direction, d0, int(separated.sum()))


def without(basis, part):
    """Orthonormal basis of the span of `basis` orthogonal to `part`, which lies in it."""
    if not part.shape[1]:
        return basis
    left, _, _ = np.linalg.svd(basis - part @ (part.T @ basis), full_matrices=False)
    return left[:, : basis.shape[1] - part.shape[1]]


class Program:
    """Konis' linear program over directions  basis @ z  and the saturated rows (index), in rounds of constraints.

    Bounds are those of the frame's coordinates.

    Attributes
    ----------
    not_below, not_above : ndarrays of bool (n,)
        Rows in which g_i . delta must be >= 0, and <= 0; both where it must be zero.
    active : ndarray of int
        Saturated rows that are constraints now, numbered among the saturated ones.
    matrix : ndarray (len(active), k)
        t_i g_i' basis in these rows, g_i scaled to unit length.
    """

    def __init__(self, frame, classes, saturated, basis, limits):
        index = np.flatnonzero(saturated)
        self.frame = frame
        self.sign = classes.sign[index]
        self.index = index
        self.elsewhere = classes.counts & ~saturated
        self.not_below = self.elsewhere | (saturated & (classes.sign > 0.0))
        self.not_above = self.elsewhere | (saturated & (classes.sign < 0.0))
        self.basis = basis
        self.lower, self.upper = limits
        self.active = spread(np.arange(len(index)), 4 * basis.shape[1] + 64)
        self.matrix = self._rows(self.active)

    def _rows(self, which):
        """t_i g_i' basis for some of the saturated rows, g_i of unit length."""
        part = self.frame.take(self.index[which])
        part *= (self.sign[which] / np.maximum(np.linalg.norm(part, axis=1), np.finfo(float).tiny))[:, None]
        return part @ self.basis

    def margins(self, delta):
        """t_i g_i . delta in every saturated row, in units of what may be rounding: a pass."""
        return self.sign * (self.frame.Xd(delta) / self.frame.blur(delta))[self.index]

    def unit_margins(self, delta):
        """The same in units of |g_i|."""
        return self.sign * (self.frame.Xd(delta) / self.frame.lengths)[self.index]

    def is_null_elsewhere(self, delta):
        """Whether the rows that are not saturated do not notice the direction."""
        Xd = np.abs(self.frame.Xd(delta)) / self.frame.blur(delta)
        return not (Xd[self.elsewhere] > 2.0).any()

    def certified(self, delta):
        """(delta, rows separated) if this direction separates, else None; delta is scaled to 1 in its largest entry."""
        size = np.abs(delta).max(initial=0.0)
        if size == 0.0 or not np.isfinite(size):
            return None
        delta = delta / size
        allowed = np.clip(delta, self.lower, self.upper)
        if np.abs(delta - allowed).max() > NOTHING:
            return None
        margins = self.margins(allowed)
        separated = margins > 1.0
        return (allowed, separated) if separated.any() and not (margins < -1.0).any() else None

    def solve(self, found=None):
        """(delta, rows separated) with as many rows separated as can be, starting from a direction known; or None.

        The program's optimum need not separate all rows that can be: it is solved again for those left, and the
        directions are added.
        """
        for _ in range(MOST_ROUNDS):
            left = np.ones(len(self.index), bool) if found is None else ~found[1]
            if not left.any():
                break
            more = self._separating(left)
            if more is None:
                break
            both = more[0] if found is None else found[0] + more[0]
            better = self.certified(both) or more
            if found is not None and better[1].sum() <= found[1].sum():
                break
            found = better
        return found

    def _separating(self, left):
        """One solution of the program with the rows `left` in its objective."""
        u = np.zeros(len(self.frame.rows.loss.y))
        u[self.index[left]] = self.sign[left] / self.frame.lengths[self.index[left]]
        gain = self.basis.T @ self.frame.total(u)
        for _ in range(MOST_ROUNDS):
            z = self._optimum(gain)
            if z is None or gain @ z <= 1e-9 * max(1.0, np.abs(gain).max()):
                return None
            delta = self.basis @ z
            margins = self.margins(delta)
            violated = np.flatnonzero(margins < -1.0)
            if not len(violated):
                return self.certified(delta)
            if not self.add(violated[np.argsort(margins[violated])]):
                return None
        return None

    def add(self, violated):
        """Add the worst of these rows, and some of the others, to the constraints; whether any was new."""
        count = 2 * self.basis.shape[1] + 32
        fresh = np.setdiff1d(np.append(violated[:count], spread(violated, count)), self.active)
        self.active = np.append(self.active, fresh)
        self.matrix = np.vstack([self.matrix, self._rows(fresh)])
        return len(fresh) > 0

    def _optimum(self, gain):
        box = self.basis
        low, high = np.maximum(self.lower, -1.0), np.minimum(self.upper, 1.0)
        matrix = np.vstack([-self.matrix, box, -box])
        right = np.concatenate([np.zeros(len(self.matrix)), high, -low])
        scaled = gain / max(np.abs(gain).max(), np.finfo(float).tiny)
        return minimise(-scaled, matrix, right)
