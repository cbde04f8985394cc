"""The free columns in an orthonormal basis: the same problem, in which they do not depend on each other.

With X_F the columns without penalty and bounds, X_O the others, Q an orthonormal basis of X_F (centred if there is an
intercept) and E what Q leaves of X_O,

    X_F w_F + X_O w_O + b  =  Q c + E w_O + b',        c = Q' (X_F w_F + X_O w_O),

any c belongs to some w_F.  Penalty and bounds act on w_O alone, so that both sides have the same optimum.  Where
columns nearly depend on each other X' D X has lost the digits that Q' D Q has (Golub, Van Loan 2013, 5.3).
"""

from dataclasses import dataclass

import numpy as np

from fastlr.inference.identifiability.free_columns import noise
from fastlr.matrix import ClassRows, as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.objective.rounding import OF_DIVERGENCES
from fastlr.penalties.elastic_net import ElasticNet, within
from fastlr.penalties.group import GroupPenalty

#: Numbers of the matrix that is factored, at most.
MOST_NUMBERS = 10_000_000
#: Share of the largest singular value below which one is rounding.
RESOLVED = 1e-13
#: Columns that are taken at a time.
COLUMNS = 32
#: Share of a column that those before it leave, from which a triangular factor tells the columns apart.
APART = 1e-4
#: Largest |Xd_i| of the step that makes a dual point: beyond it rounding could put that point inside its domain.
NEAR = 0.5
#: Rounding error of a sum of n products, as a share of the sum of their sizes.
ROUNDING = 1e-15


def can_be_rotated(matrix):
    """Whether X is small enough for an orthogonal factorisation."""
    return matrix.shape[0] * matrix.shape[1] <= MOST_NUMBERS


@dataclass(frozen=True)
class Rotation:
    """From coefficients of X to those of Q and E, and back.

    Attributes
    ----------
    free, others : ndarrays of int
        Columns that are rotated, f of them, and those that are not, m.
    mean : ndarray (p,)
        Means subtracted from the columns; zeros without an intercept.
    matrix : ndarray (n, r + m)
        Q, with columns of root mean square one, and E; zeros in rows of weight zero.
    into : ndarray (r, f)
        Q' X_F.
    back : ndarray (f, r)
        Its inverse, from singular values that are not rounding.
    beside : ndarray (r, m)
        Q' X_O.
    least : float
        The least singular value of X_F that is not rounding, columns scaled to unit length, as a share of the largest.
    left : float
        The least share of a column of X_O that X_F does not explain, of those that are not rounding.
    """

    free: np.ndarray
    others: np.ndarray
    mean: np.ndarray
    matrix: np.ndarray
    into: np.ndarray
    back: np.ndarray
    beside: np.ndarray
    least: float
    left: float

    @property
    def size(self):
        """r, the dimension of the span of X_F."""
        return len(self.into)

    def there(self, coef, intercept):
        """(coefficients (r + m, q), intercept) of coefficients of X (p, q) and their intercept."""
        c = self.into @ coef[self.free] + self.beside @ coef[self.others]
        return np.concatenate([c, coef[self.others]]), intercept + self._shift(coef, intercept)

    def home(self, coef, intercept):
        """(coefficients of X (p, q), intercept) of coefficients (r + m, q) and their intercept."""
        c, others = coef[: self.size], coef[self.size :]
        out = np.zeros((len(self.mean), coef.shape[1]))
        out[self.others] = others
        out[self.free] = self.back @ (c - self.beside @ others)
        return out, intercept - self._shift(out, intercept)

    def _shift(self, coef, intercept):
        shift = self.mean @ coef
        return shift if np.ndim(intercept) else float(shift[0])


def rotation(rows, weight, free, fit_intercept):
    """The Rotation of these columns, numbers (f,), of bound rows; `weight` (n,) tells the rows that count.

    X is there twice for a while, as it is and as what becomes of it; both copies are counted.
    """
    matrix, counts = rows.matrix, np.flatnonzero(weight > 0.0)
    n, p = matrix.shape
    X = matrix.take(counts, np.arange(p))
    mean = np.zeros(p)
    if fit_intercept:
        for _ in range(2):  # the second time takes what rounding of the first has left
            part = X.mean(axis=0)
            X -= part
            mean += part
    others = np.setdiff1d(np.arange(p), free)
    Z = X[:, free]
    unit, lengths = np.sqrt(len(X)), _lengths(Z)
    taken = np.broadcast_to(matrix.taken, p)
    rounded = noise(matrix.precision, (mean + taken)[free], np.where(lengths > 0.0, lengths, 1.0) / unit)
    basis, into, back, least = _basis(Z, lengths, rounded * (lengths > 0.0))
    r = basis.shape[1]
    out, beside = np.zeros((n, r + len(others))), np.zeros((r, len(others)))
    rows.counter.note_copy(out, out.nbytes)
    rows.counter.note_temporary(X.nbytes)
    out[counts, :r] = unit * basis
    left = 1.0
    for begin in range(0, len(others), COLUMNS):
        part = slice(begin, begin + COLUMNS)
        rest, beside[:, part], share = _left_of(X[:, others[part]], basis)
        out[counts, r + begin : r + begin + rest.shape[1]] = rest
        left = min(left, share)
    return Rotation(free, others, mean, out, into / unit, back * unit, beside / unit, least, left)


def _left_of(columns, basis):
    """(what an orthonormal basis leaves of columns, zeros where that is rounding; its products with them; the least
    share left)."""
    whole, beside = np.linalg.norm(columns, axis=0), 0.0
    for _ in range(2):
        part = basis.T @ columns
        columns, beside = columns - basis @ part, beside + part
    left = np.linalg.norm(columns, axis=0)
    resolved = left > RESOLVED * whole
    columns[:, ~resolved] = 0.0
    return columns, beside, float(np.min(left[resolved] / whole[resolved], initial=1.0))


def _lengths(Z):
    """Norms of columns, whose squares may overflow."""
    largest = np.max(np.abs(Z), axis=0, initial=0.0)
    return largest * np.linalg.norm(Z / np.where(largest > 0.0, largest, 1.0), axis=0)


def _basis(Z, lengths, rounded):
    """(Q, Q' Z, its inverse, the least singular value as a share of the largest); columns are scaled to unit length.

    `rounded` (columns of Z) is what rounding of entries may change in a column, as a share of its length: directions in
    which no more is left do not count.
    """
    if not lengths.any():  # constant columns, or none: one of zeros stands for them
        return np.zeros((len(Z), 1)), np.zeros((1, Z.shape[1])), np.zeros((Z.shape[1], 1)), 1.0
    lengths = np.where(lengths > 0.0, lengths, 1.0)
    Q, R = np.linalg.qr(Z / lengths)
    left = np.abs(np.diag(R))
    if len(left) == Z.shape[1] and left.min(initial=1.0) > max(APART, rounded.sum()):
        return Q, R * lengths, np.linalg.inv(R) / lengths[:, None], float(left.min(initial=1.0))
    left, values, right = np.linalg.svd(R, full_matrices=False)
    resolved = values > np.maximum(RESOLVED * values[0], np.abs(right) @ rounded)
    values, right = values[resolved], right[resolved]
    into, back = values[:, None] * right * lengths, (right.T / values) / lengths[:, None]
    return Q @ left[:, resolved], into, back, float(values.min(initial=1.0) / values.max(initial=1.0))


def rotated(objective, turned):
    """The objective of two classes in the new coefficients, of which those of Q have no penalty."""
    penalty = objective.penalty

    def padded(values, fill=0.0):
        return np.concatenate([np.full((turned.size, 1), fill), values[turned.others]])

    limits = (padded(penalty.lower, -np.inf), padded(penalty.upper, np.inf)) if penalty.has_bounds else None
    shape = turned.size + len(turned.others), 1
    penalty = within(limits, padded(penalty.l1), padded(penalty.l2), shape, penalty.n_threads)
    rows = objective.rows.over(as_matrix(turned.matrix, objective.n_threads))
    return LogisticObjective(rows, penalty, objective.fit_intercept)


def rotated_classes(objective, turned):
    """The same of a softmax: coefficients of a column lie side by side."""
    penalty, K = objective.penalty, objective.rows.n_classes

    def padded(values):
        values = values.reshape(-1, K)[turned.others]
        return np.concatenate([np.zeros((turned.size, K)), values]).reshape(-1, 1)

    strengths, shape = (padded(penalty.l1), padded(penalty.l2)), ((turned.size + len(turned.others)) * K, 1)
    if penalty.is_elastic_net:
        penalty = ElasticNet(*strengths, shape, penalty.n_threads)
    else:
        penalty = GroupPenalty(*strengths, shape, K, penalty.n_threads)
    rows = objective.rows.over(ClassRows, as_matrix(turned.matrix, objective.n_threads))
    return type(objective)(rows, penalty, objective.fit_intercept)


def projected_gap(objective, turned, point):
    """A bound on the suboptimality of a point of a rotated objective; inf where it says nothing.

    The dual point is the residual r + D (Z d + t) after a Newton step in the intercept and the coefficients Z that are
    on no kink and no bound, or in those of them that have no penalty: what it has along Q and 1 is zero.  If it is
    inside of its domain, some optimum exists.
    """
    penalty = objective.penalty
    lower, upper = penalty.piece(point.coef)
    moving = ((lower < point.coef) & (point.coef < upper))[:, 0] & turned.matrix.any(axis=0)
    gap = _gap_after_step(objective, turned, point, moving)
    if not np.isfinite(gap) and not penalty.is_smooth:
        gap = _gap_after_step(objective, turned, point, moving & _without_penalty(penalty))
    return gap


def _without_penalty(penalty):
    return ((penalty.l1 == 0.0) & (penalty.l2 == 0.0))[:, 0]


def _gap_after_step(objective, turned, point, moving):
    """That bound for a step in these coefficients."""
    penalty, state = objective.penalty, point.state
    residual, curvature = np.empty((2, len(state.eta)))
    objective.rows.loss.evaluate(state.eta, residual, curvature)
    free = moving & _without_penalty(penalty)
    order = np.concatenate([np.flatnonzero(free), np.flatnonzero(moving & ~free)])
    Z, n_free = turned.matrix[:, order], np.count_nonzero(free)
    slope = (penalty.l1 * np.sign(point.coef) + penalty.l2 * point.coef)[order, 0]
    ridge = penalty.l2[order, 0]
    if objective.fit_intercept:
        Z, slope, ridge = np.column_stack([np.ones(len(Z)), Z]), np.append(0.0, slope), np.append(0.0, ridge)
        n_free += 1
    Xd, blur = _newton_image(Z, residual, curvature, slope, ridge, n_free)
    if not np.max(np.abs(Xd) + blur, initial=0.0) <= NEAR:
        return np.inf
    columns, scale = 0.0, 1.0
    penalised = ~(moving & _without_penalty(penalty))
    penalised[: turned.size] = False
    if penalised.any():
        rest = penalty.restrict(np.flatnonzero(penalised))
        rest.covers_all = True  # towards a single bound of a column without penalty as well
        adjoint = np.ascontiguousarray(turned.matrix[:, penalised].T @ (residual + curvature * Xd))[:, None]
        scale = rest.dual_scale(adjoint)
        columns = rest.gap(np.ascontiguousarray(point.coef[penalised]), adjoint, scale)
    rows, cut = objective.rows.divergence(state, Xd, back=1.0, scale=scale)
    return np.inf if cut else max(0.0, columns + rows) + OF_DIVERGENCES * min(1.0, abs(point.value))


def _newton_image(Z, residual, curvature, slope, ridge, n_free):
    """Z d with Z' (residual + curvature Z d) + slope + ridge d = 0, and its rounding error, (n,) each.

    Of columns after the first n_free, those that depend on others take no part.  NaN where that holds for one of the
    first.
    """
    root = np.vstack([np.sqrt(curvature)[:, None] * Z, np.diag(np.sqrt(ridge))])
    lengths = np.linalg.norm(root, axis=0)
    lengths[lengths == 0.0] = 1.0
    left = np.abs(np.diag(np.linalg.qr(root / lengths, mode="r")))
    if not np.all(left[:n_free] > RESOLVED):
        return np.full(len(Z), np.nan), np.inf
    independent = (np.arange(len(left)) < n_free) | (left > APART)
    Z, slope, ridge, lengths = Z[:, independent], slope[independent], ridge[independent], lengths[independent]
    R = np.linalg.qr(root[:, independent] / lengths, mode="r")
    inverse = np.linalg.inv(R) / lengths[:, None]
    d = np.zeros(len(slope))
    for _ in range(2):
        gradient = Z.T @ (residual + curvature * (Z @ d)) + slope + ridge * d
        d -= inverse @ (inverse.T @ gradient)
    off = ROUNDING * (np.abs(Z).T @ np.abs(residual) + np.abs(slope))
    return Z @ d, np.abs(Z) @ (np.abs(inverse) @ (np.abs(inverse).T @ off))
