"""Row state of a fit: vectors along the rows of X, and the passes over X that they take part in."""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import dual_ascent, linalg_vector, newton_small
from fastlr.matrix.column_measures import ColumnMeasures
from fastlr.matrix.dual_rows import DualState
from fastlr.matrix.shallow_copy import shallow_copy
from fastlr.validation.cells import column

#: Rows of X that are copied at a time, where copies are needed.
BLOCK = 4096


@dataclass
class RowState:
    """Linear predictors and curvatures (weights included) at a point; curvature is filled when evaluated there."""

    eta: np.ndarray
    curvature: np.ndarray


class Rows(ColumnMeasures):
    """Row state of one fit over a matrix in memory: targets, weights, offset, and the passes over X they take part in.

    Above this class no vector of length n is indexed: RowState and Xd, the change of linear predictors along a step,
    travel as handles.  Vectors over
    columns are (p, 1) float64.
    """

    #: Linear predictors of a row.
    n_predictors = 1

    def __init__(self, matrix, loss, offset, counter):
        self.matrix = matrix
        self.loss = loss
        self.offset = offset
        self.counter = counter
        self.n_threads = matrix.n_threads
        #: Weighted mean size of the offset.
        self.mean_offset = 0.0 if offset is None else float(np.sum(loss.weight_of_rows() * np.abs(offset)))
        self._scratch = np.empty(matrix.shape[0])  # residuals, or X v of a Hessian product: never both

    @property
    def weight(self):
        """The weights as LogisticLoss has them: one for each row, or a block of equal ones."""
        return self.loss.weight

    def weight_of_rows(self):
        return self.loss.weight_of_rows()

    def restrict(self, columns):
        """The same rows over a copy of a few columns for access by column; states and the pass counter are shared."""
        return self._over_copy(self.matrix.gather(columns), columns)

    def select(self, columns):
        """The same rows over a copy of a few columns for passes; states and the pass counter are shared."""
        return self._over_copy(self.matrix.select(columns), columns)

    def _over_copy(self, matrix, columns):
        if isinstance(self.matrix.taken, np.ndarray):
            matrix.taken = self.matrix.taken[columns]
        self.counter.entries_read += matrix.nnz
        self.counter.note_copy(matrix.X, matrix.copied_bytes)
        return self.over(matrix)

    def every_kth_row(self, every):
        """Every k-th row alone; the pass counter is shared."""
        return self._some(self.sample(every), slice(None, None, every))

    def between(self, begin, end):
        """Rows begin, ..., end - 1 alone, over a view of X; the pass counter is shared."""
        return self._some(self.matrix.between(begin, end), slice(begin, end))

    def _some(self, matrix, part):
        """The rows of a slice, which a matrix holds."""
        some = shallow_copy(self)
        some.matrix, some.n_threads, some.measured = matrix, matrix.n_threads, None
        some.loss = self.loss.take(part)
        some.offset = None if self.offset is None else np.ascontiguousarray(self.offset[part])
        some._scratch = np.empty(matrix.shape[0])
        return some

    def with_loss(self, loss):
        """The same rows with another LogisticLoss."""
        other = shallow_copy(self)
        other.loss, other.measured = loss, None
        return other

    def sample(self, every):
        """The matrix of every k-th row."""
        if every == 1:
            return self.matrix
        sample = self.matrix.every_kth_row(every)
        self.counter.note_copy(sample.X, sample.copied_bytes)
        return sample

    def over(self, matrix):
        """The same rows over another matrix with as many rows; the pass counter is shared."""
        other = shallow_copy(self)
        other.matrix, other.measured = matrix, None
        return other

    def sampled_gram(self, state, every):
        """X' D X, X' D 1 and 1' D 1 estimated from every k-th row."""
        sample = self.sample(every)
        weights = np.ascontiguousarray(state.curvature[::every]) * every
        self.counter.entries_read += 2 * sample.nnz
        self.counter.note_temporary(sample.gram_copies)
        return sample.gram(weights), sample.adjoint(weights), float(weights.sum())

    def state(self, coef, intercept):
        """RowState at a point; X is read unless coef is zero."""
        n = self.matrix.shape[0]
        eta = np.full(n, intercept) if self.offset is None else self.offset + intercept
        if np.any(coef):
            self.matrix.forward(coef[:, 0], 0.0, eta)
            self.counter.entries_read += self.matrix.nnz
        return RowState(eta, np.empty(n))

    def take(self, index, columns):
        """Rows of these numbers, in these columns, a fresh float64 array: one pass."""
        self.counter.entries_read += self.matrix.nnz
        out = self.matrix.take(index, columns)
        self.counter.note_temporary(out.nbytes)
        return out

    def sizes(self, coef, intercept):
        """sum_j |x_ij coef_j| + |intercept|, (n,), for coef (p,): the terms of linear predictors.  One pass."""
        columns, n = np.flatnonzero(coef), self.matrix.shape[0]
        out = np.full(n, abs(intercept))
        for begin in range(0, n, BLOCK):
            block = self.matrix.take(np.arange(begin, min(begin + BLOCK, n)), columns)
            out[begin : begin + BLOCK] += np.abs(block) @ np.abs(coef[columns])
        self.counter.entries_read += self.matrix.nnz
        return out

    def steepest(self):
        """The RowState of the largest curvature there can be, a quarter of the weights; its eta is empty."""
        return RowState(np.empty(0), 0.25 * self.loss.weight_of_rows())

    def Xd(self):
        """Xd of a step of zero, (n,): a fresh array."""
        return np.zeros(self.matrix.shape[0])

    def apply(self, v, shift):
        """X v + shift, (n,): the change of linear predictors along a step v."""
        Xd = np.zeros(self.matrix.shape[0])
        self.matrix.forward(v[:, 0], shift, Xd)
        self.counter.entries_read += self.matrix.nnz
        return Xd

    def optimise_intercept(self, state, max_steps=200):
        """Shift eta to where the loss is least in the intercept; returns the shift.

        Newton's method in one variable on the derivative, which rises with the shift; kept inside the bracket found so
        far, with steps of at most `reach`, which doubles, where all rows are saturated and the curvature is useless.
        """
        shift, low, high, reach = 0.0, -np.inf, np.inf, 2.0
        for _ in range(max_steps):
            first, second = self.loss.slope(state.eta, shift)
            if first == 0.0 or not np.isfinite(first):
                break
            low, high = (shift, high) if first < 0.0 else (low, shift)
            step = -first / second if abs(first) < reach * second else np.copysign(reach, -first)
            reach = 2.0 * reach if abs(step) == reach else reach
            proposed = shift + step
            if proposed != shift and not low < proposed < high:
                proposed = 0.5 * (low + high)
            if proposed in (low, high):
                break
            shift = proposed
            if abs(step) <= 1e-7:  # the error left is its square
                break
        if shift:
            state.eta += shift
        return shift

    @property
    def pairs_are_free(self):
        """Whether X' u and X' d together cost one reading of X."""
        return self.matrix.pair_reads == 1

    def gradient(self, state, with_curvature):
        """Loss at the state and X' residual, each (p, 1); with X' curvature as well if asked (else None).

        Fills state.curvature.
        """
        loss = self.loss.evaluate(state.eta, self._scratch, state.curvature)
        if with_curvature:
            gradient, XtD1 = self.matrix.adjoint_pair(self._scratch, state.curvature)
            self.counter.entries_read += self.matrix.pair_reads * self.matrix.nnz
            return loss, gradient[:, None], XtD1[:, None]
        gradient = self.matrix.adjoint(self._scratch)
        self.counter.entries_read += self.matrix.nnz
        return loss, gradient[:, None], None

    def least_curvature(self, state):
        """The least curvature of a row of positive weight."""
        return float(np.min(state.curvature, where=self.loss.weight_of_rows() > 0.0, initial=np.inf))

    def set_aside(self, state, Xd, most):
        """Leave out the rows in which |Xd_i| > most, and those without curvature.

        Returns a state with no curvature there, by how much the loss of these rows can fall at most, their X' residual
        (p, 1), and the sum of their residuals: one pass.
        """
        left = RowState(state.eta, state.curvature.copy())
        aside = (np.abs(Xd) > most) | (state.curvature == 0.0)
        left.curvature[aside] = 0.0
        self.loss.evaluate(state.eta, self._scratch, np.empty_like(state.curvature))
        self._scratch[~aside] = 0.0
        slope = float(self._scratch.sum())
        gradient = self.matrix.adjoint(self._scratch)[:, None]
        self.counter.entries_read += self.matrix.nnz
        return left, self.loss.above_least(state.eta, aside), gradient, slope

    def reach(self, Xd, state=None):
        """max |Xd_i| over all rows, or over those with curvature at a state."""
        moved = np.abs(Xd)
        return float(np.max(moved if state is None else moved[state.curvature > 0.0], initial=0.0))

    def column_shares(self, every):
        """Share of the rows in which columns 0, every, 2 every... have an entry; NaN where it is not known."""
        return self.matrix.column_shares(every)

    def column_moments(self):
        """Weighted mean and variance of each column, two arrays of shape (p,); the variance of a constant one is 0.

        Raises ValueError if X holds NaN or infinity, or a variance overflows.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = self.matrix.column_moments(self.loss.weight_of_rows())
        self.counter.entries_read += 2 * self.matrix.nnz
        finite = np.isfinite(variance)
        if not finite.all():
            self.matrix.name_nonfinite()
            named = column(int(np.argmin(finite)), self.matrix.names)
            raise ValueError(f"X has a column whose variance overflows, {named}: rescale it")
        return mean, variance

    def loss_gradient(self, coef, intercept):
        """State, loss and X' residual (p, 1) at a point, in one fused pass where the layout has one."""
        state = self.state(np.zeros_like(coef), intercept)
        loss, gradient = self.matrix.loss_gradient(
            coef[:, 0], 0.0, self.loss, state.eta, self._scratch, state.curvature
        )
        self.counter.entries_read += self.matrix.product_reads * self.matrix.nnz
        return state, loss, gradient[:, None]

    def XtD1(self, state):
        """X' D 1, shape (p, 1), D = diag(curvature): one pass."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.adjoint(state.curvature)[:, None]

    def coordinate_epochs(self, state, model, tolerance, max_epochs):
        """Coordinate descent on a quadratic model over gathered columns; see kernels/coordinate_descent.pyx.

        `model` holds gradient, diagonal, XtD1, trace_D, l1, l2, lower, upper, coef; returns delta (p, 1).
        """
        p = self.matrix.shape[1]
        delta, q = np.zeros(p), np.zeros(self.matrix.shape[0])
        epochs = self.matrix.coordinate_epochs(state.curvature, *model, delta, q, tolerance, max_epochs)
        self.counter.entries_read += epochs * self.matrix.nnz
        return delta[:, None]

    def newton_scratch(self):
        """Scratch that `newton_iterations` uses again from one call to the next."""
        return np.empty(newton_small.scratch_length(*self.matrix.shape))

    def newton_iterations(self, penalty, fit_intercept, tol, start, first, records, scratch):
        """Run iterations `first`, `first` + 1, ... of exact Newton in one go; see kernels/newton_small.pyx.

        `start` is (coef (p,), intercept); coef is overwritten.  Returns (outcome, rows of `records` that were filled,
        null value).  Readings of X are in the records, for `count_reads`; those of a step that failed are noted here.
        """
        coef, intercept = start
        outcome, filled, null_value, more_reads = self.matrix.newton_iterations(
            self.loss.y,
            self.loss.weight,
            self.offset,
            penalty.l2,
            fit_intercept,
            penalty.covers_all,
            tol,
            intercept,
            first,
            coef,
            records,
            scratch,
        )
        self.count_reads(more_reads)
        return newton_small.OUTCOMES[outcome], filled, null_value

    def count_reads(self, times):
        """Add so many readings of X to the counter."""
        self.counter.entries_read += round(times) * self.matrix.nnz

    def dual_rows(self, inverse):
        """X as dual coordinate ascent reads it; inverse (p,) is 1 / l2."""
        rows = self.matrix.dual_rows(inverse)
        self.counter.entries_read += rows.reads * self.matrix.nnz
        self.counter.note_copy(rows, rows.copied_bytes)
        return rows

    def dual_state(self, dual_rows, state, scale, coef, intercept):
        """The dual point y + scale (sigma(eta) - y), to which the weights `coef` (p, 1) belong."""
        logit, residual = np.empty_like(state.eta), np.empty_like(state.eta)
        dual_ascent.scaled_residuals(state.eta, self.loss.y, scale, logit, residual)
        return DualState(logit, residual, dual_rows.weights(coef[:, 0], intercept))

    def dual_epoch(self, dual_rows, dual_state, free):
        """One epoch of dual coordinate ascent; returns the gain of the dual objective, an estimate."""
        self.counter.entries_read += self.matrix.nnz
        offset = np.zeros(1) if self.offset is None else self.offset
        return dual_rows.epoch(self.loss, offset, free, dual_state)

    def as_state(self, dual_state):
        """The RowState whose residuals are those of the dual point."""
        return RowState(dual_state.logit.copy(), np.empty_like(dual_state.logit))

    def divergence_between(self, dual_point, state):
        """sum_i weight_i KL(u_i || sigma(eta_i)), u = sigma of one state, eta of the other."""
        return self.loss.divergence(dual_point.eta, state.eta - dual_point.eta, t=1.0)[0]

    def squares(self, state):
        """sum_i curvature_i x_ij^2, shape (p, 1)."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.squares(state.curvature)[:, None]

    def hessian_product(self, state, v, shift, out):
        """out = X' (curvature * (X v + shift)); returns X v + shift, valid until the next pass."""
        self.matrix.hessian_product(state.curvature, v[:, 0], shift, self._scratch, out[:, 0])
        self.counter.entries_read += self.matrix.product_reads * self.matrix.nnz
        return self._scratch

    def curvature_product(self, state, Xd):
        """X' (curvature * Xd), shape (p, 1): one pass."""
        np.multiply(state.curvature, Xd, out=self._scratch)
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.adjoint(self._scratch)[:, None]

    def curvature_along(self, state, Xd):
        """sum_i curvature_i Xd_i^2: no pass."""
        curvature, Xd = state.curvature[:, None], Xd[:, None]
        return float(linalg_vector.weighted_dot(curvature, Xd, Xd, self.n_threads).sum())

    def along(self, state, Xd, steps):
        """Losses at eta + t * Xd for each t of `steps`: no pass."""
        return self.loss.along(state.eta, Xd, np.asarray(steps, dtype=float))

    def divergence(self, state, Xd=None, **dual_point):
        """Rows' share of the duality gap, and how many rows were cut; see LogisticLoss.divergence."""
        return self.loss.divergence(state.eta, state.eta if Xd is None else Xd, **dual_point)

    def accumulate(self, t, Xd, out):
        """out += t * Xd."""
        linalg_vector.add_scaled(np.array([t]), Xd[:, None], out[:, None], self.n_threads)

    def advance(self, state, Xd, t):
        """Move the state to eta + t * Xd, in place."""
        self.accumulate(t, Xd, state.eta)
