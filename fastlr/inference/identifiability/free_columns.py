"""Coordinates for the coefficients that are free: centred and scaled columns, so that one tolerance serves them all."""

from functools import cached_property

import numpy as np

#: Distance from zero, in units of the terms that are added up, within which sums count as zero.  Values of float32
#: storage carry the rounding of whoever made them.
TOLERANCE = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-6}
#: The same for columns that are said to depend on each other: orthogonal factors do not tell them apart.
DEPENDENT = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 1e-6}
#: Share of a column's spread that may be rounding of its entries, at most: fewer levels are taken as they are.
MOST_NOISE = 0.1
_EPS = np.finfo(float).eps


class Frame:
    """The model's rows g_i = ((x_ij - centre_j) / scale_j for free j, and 1 if there is an intercept).

    A direction is a vector delta of as many coordinates: coef_j = delta_j / scale_j, the intercept what is left.

    Attributes
    ----------
    columns : ndarray of int
        The free columns.
    size : int
        Coordinates.
    tolerance, dependent : float
    noise : ndarray of shape (len(columns),)
        Rounding error of the entries of each column, as stored in the type of X, in units of its scale.
    """

    def __init__(self, rows, columns, fit_intercept):
        self.rows = rows
        self.columns = columns
        self.fit_intercept = fit_intercept
        self.size = len(columns) + fit_intercept
        self.tolerance = TOLERANCE[np.dtype(rows.matrix.precision)]
        self.centre, variance = self._moments()
        self.scale = np.where(variance > 0.0, np.sqrt(variance), 1.0)
        self.dependent = DEPENDENT[np.dtype(rows.matrix.precision)]
        taken = np.broadcast_to(rows.matrix.taken, rows.matrix.shape[1])[columns]
        self.noise = noise(rows.matrix.precision, self.centre + taken, self.scale) * (variance > 0.0)

    def _moments(self):
        """Means and variances of the free columns; about zero without an intercept."""
        weight = self.rows.loss.weight_of_rows()
        with np.errstate(over="ignore", invalid="ignore"):
            if self.fit_intercept:
                mean, variance = self.rows.matrix.column_moments(weight)
            else:
                mean, variance = np.zeros(self.rows.matrix.shape[1]), self.rows.matrix.squares(weight)
        return mean[self.columns], variance[self.columns]

    @property
    def is_finite(self):
        """Whether the columns can be brought to a common scale."""
        return bool(np.isfinite(self.scale).all() and np.isfinite(self.centre).all())

    def take(self, index):
        """g of these rows, (m, size)."""
        part = (self.rows.matrix.take(index, self.columns) - self.centre) / self.scale
        return np.hstack([part, np.ones((len(index), 1))]) if self.fit_intercept else part

    def unfold(self, delta):
        """(coef (p,), intercept) of a direction."""
        coef = np.zeros(self.rows.matrix.shape[1])
        coef[self.columns] = delta[: len(self.columns)] / self.scale
        if not self.fit_intercept:
            return coef, 0.0
        return coef, float(delta[-1] - self.centre @ coef[self.columns])

    def fold(self, coef, intercept):
        """The coordinates of coefficients (p,) and an intercept; those of columns that are not free are left out."""
        delta = coef[self.columns] * self.scale
        return np.append(delta, intercept + self.centre @ coef[self.columns]) if self.fit_intercept else delta

    def Xd(self, delta):
        """g_i . delta for every row: a pass over X."""
        coef, intercept = self.unfold(delta)
        return self.rows.apply(coef[:, None], intercept)

    def total(self, u):
        """sum_i u_i g_i: a pass over X."""
        self.rows.counter.entries_read += self.rows.matrix.nnz
        part = (self.rows.matrix.adjoint(u)[self.columns] - self.centre * u.sum()) / self.scale
        return np.append(part, u.sum()) if self.fit_intercept else part

    @cached_property
    def lengths(self):
        """|g_i|, (n,), to which g_i . delta of a unit vector delta is compared: two passes, the first time."""
        inverse, shift = np.zeros((2, self.rows.matrix.shape[1]))
        inverse[self.columns] = self.scale**-2.0
        shift[self.columns] = self.centre * self.scale**-2.0
        squares = self.rows.matrix.transposed().squares(inverse)
        if self.fit_intercept:
            squares -= 2.0 * self.rows.apply(shift[:, None], 0.0)
            squares += float(self.centre @ shift[self.columns]) + 1.0
        return np.sqrt(np.maximum(squares, 1.0 if self.fit_intercept else np.finfo(float).tiny))

    def blur(self, delta):
        """Rounding error of g_i . delta, (n,): columns far from zero lose digits."""
        return self._blur(delta, self.tolerance)

    def _blur(self, delta, tolerance):
        far = np.abs(self.centre / self.scale) @ np.abs(delta[: len(self.columns)])
        return tolerance * self.lengths * np.linalg.norm(delta) + 32.0 * _EPS * far

    def rounding(self, delta):
        """Change of g_i . delta, for delta (size,) or (size, k), by the rounding of the entries of X."""
        return self.noise @ np.abs(delta[: len(self.columns)])

    def is_zero(self, delta, tolerance):
        """Rows, a mask (n,), in which g_i . delta is zero within rounding of sums and of entries: a pass."""
        return np.abs(self.Xd(delta)) <= self._blur(delta, tolerance) + self.rounding(delta)


def noise(dtype, centre, scale):
    """Rounding error of entries of columns stored in a type, in units of their scale."""
    return np.minimum(np.finfo(dtype).eps * np.abs(centre) / scale, MOST_NOISE)


def null_space(frame, eligible, within=None, tolerance=None):
    """Orthonormal basis (size, k) of the directions delta with g_i . delta = 0 in the eligible rows.

    A few rows leave a space of candidates.  A random direction of it is zero in a row only if, almost surely, the whole
    space is: rows in which it is not are added until there are none.  Each round costs a pass and takes a dimension at
    least.

    Parameters
    ----------
    eligible : ndarray of bool, (n,)
    within : ndarray (size, m), optional
        Orthonormal basis of the space to look in.
    tolerance : float, optional
        The frame's if it is not given.
    """
    tolerance = frame.tolerance if tolerance is None else tolerance
    within = np.eye(frame.size) if within is None else within
    index = np.flatnonzero(eligible)
    basis = deflated(within, frame, spread(index, 2 * frame.size + 32), tolerance)
    rng = np.random.default_rng(0)
    while basis.shape[1]:
        probe = basis @ rng.standard_normal(basis.shape[1])
        moved = index[~frame.is_zero(probe, tolerance)[index]]
        smaller = deflated(basis, frame, spread(moved, 2 * basis.shape[1] + 32), tolerance)
        if smaller.shape[1] == basis.shape[1]:
            break
        basis = smaller
    return basis


def deflated(basis, frame, index, tolerance):
    """Basis of the part of the span of `basis` with g_i . delta = 0 in these rows."""
    if not len(index) or not basis.shape[1]:
        return basis
    rows = frame.take(index)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    length[length == 0.0] = 1.0
    Xds = (rows / length) @ basis
    if len(Xds) > Xds.shape[1]:
        Xds = np.linalg.qr(Xds, mode="r")
    _, values, right = np.linalg.svd(Xds)
    directions = basis @ right.T
    allowed = tolerance + np.linalg.norm(1.0 / length) * frame.rounding(directions)
    moves = np.zeros(len(right), dtype=bool)
    moves[: len(values)] = values > allowed[: len(values)]
    return directions[:, ~moves]


def spread(index, count):
    """At most `count` entries of `index`, evenly spaced."""
    return index[np.linspace(0, len(index) - 1, count).astype(np.intp)] if len(index) > count else index


def free_columns(penalty):
    """Numbers of the coefficients that have no penalty and are not bounded on both sides."""
    closed = np.isfinite(penalty.lower) & np.isfinite(penalty.upper)
    return np.flatnonzero(((penalty.l1 == 0.0) & (penalty.l2 == 0.0) & ~closed)[:, 0])


def unconstrained_columns(penalty):
    """Numbers of the coefficients that have neither a penalty nor a bound."""
    bounded = np.isfinite(penalty.lower) | np.isfinite(penalty.upper)
    return np.flatnonzero(((penalty.l1 == 0.0) & (penalty.l2 == 0.0) & ~bounded)[:, 0])
