"""Row state of a softmax fit: K numbers for each row of X, and the passes that they take part in."""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import linalg_vector, loss_softmax
from fastlr.linalg.class_blocks import laplacian, pseudo_inverse
from fastlr.matrix.column_measures import ColumnMeasures
from fastlr.matrix.dense import DenseMatrix
from fastlr.matrix.pass_counter import PassCounter
from fastlr.matrix.rows import RowState
from fastlr.matrix.shallow_copy import shallow_copy

#: Steps of the intercepts whose square is rounding.
SETTLED = 1e-7
#: Decrease that a full step promises, as a share of the loss, whose square is rounding.
NEAR = 1e-16
#: Share of such a step that is taken at least.
SMALLEST = 1e-6
_EPS = np.finfo(float).eps


@dataclass
class ClassState(RowState):
    """RowState of a softmax fit."""

    #: Loss at eta while the scratch holds the residuals there: from optimise_intercept to the gradient after it.
    loss: float | None = None


class ClassRows(ColumnMeasures):
    """Labels and weights of one softmax fit over a matrix in memory, and the passes over X they take part in.

    As Rows for two classes: RowState and Xd travel as handles, (n, K) here; the `curvature` of a state holds the
    probabilities p, of which D_i = weight_i (diag(p_i) - p_i p_i') is made.  Coefficients are (p K, 1), those of a
    column side by side; intercepts (K,).

    Parameters
    ----------
    matrix : fastlr.matrix.base.InMemoryMatrix
    labels : ndarray of shape (n,), int64 in 0..K-1
    weight : ndarray of shape (n,), float64
        Sum one.
    n_classes : int
    """

    mean_offset = 0.0
    pairs_are_free = False

    def __init__(self, matrix, labels, weight, n_classes):
        self.matrix = matrix
        self.labels = labels
        self.weight = weight
        self.n_classes = self.n_predictors = n_classes
        self.n_threads = matrix.n_threads
        self.counter = PassCounter(matrix.nnz, matrix.copied_bytes)
        self._scratch = np.empty((matrix.shape[0], n_classes))

    def weight_of_rows(self):
        return self.weight

    def every_kth_row(self, every):
        """Every k-th row alone; the pass counter is shared."""
        matrix = self.matrix.every_kth_row(every)
        self.counter.note_copy(matrix.X, matrix.copied_bytes)
        some = ClassRows(matrix, self.labels[::every].copy(), self.weight[::every].copy(), self.n_classes)
        some.counter = self.counter
        return some

    def over(self, kind, matrix):
        """Rows of another kind over another matrix with as many rows; states and the pass counter are shared."""
        other = shallow_copy(self, kind)
        other.matrix, other.measured = matrix, None
        return other

    def gathered(self, columns):
        """A copy of a few columns for access by column."""
        matrix = self.matrix.gather(columns)
        self.counter.entries_read += matrix.nnz
        self.counter.note_copy(matrix.X, matrix.copied_bytes)
        return matrix

    def select(self, columns):
        """The same rows over a copy of a few columns for passes."""
        matrix = self.matrix.select(columns)
        self.counter.entries_read += matrix.nnz
        self.counter.note_copy(matrix.X, matrix.copied_bytes)
        return self.over(type(self), matrix)

    # --- passes ------------------------------------------------------------------------------------------------------

    def forward(self, coef):
        """X coef, (n, K)."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.forward_many(coef.reshape(self.matrix.shape[1], self.n_classes))

    def adjoint(self, u, out=None):
        """X' u, (p K, 1), for u (n, K); into `out` if it is given."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.adjoint_many(u, None if out is None else out.reshape(-1, self.n_classes)).reshape(-1, 1)

    def hessian_product(self, state, v, out):
        """out = X' D X v, (p K, 1); returns X v, (n, K): one pass where the layout has one for both."""
        Xd, K = np.empty_like(self._scratch), self.n_classes
        arguments = state.curvature, self.weight, v.reshape(-1, K), Xd, out.reshape(-1, K)
        self.matrix.class_hessian_product(*arguments)
        self.counter.entries_read += self.matrix.class_product_reads(K) * self.matrix.nnz
        return Xd

    def state(self, coef, intercept):
        """RowState at a point; X is read unless coef is zero."""
        eta = self.forward(coef) if np.any(coef) else np.zeros_like(self._scratch)
        eta += intercept
        return ClassState(eta, np.empty_like(eta))

    def gradient(self, state, with_curvature):
        """Loss at the state, X' residual (p K, 1), and None.  Fills state.curvature."""
        loss, state.loss = self.evaluate(state) if state.loss is None else state.loss, None
        return loss, self.adjoint(self._scratch), None

    def loss_gradient(self, coef, intercept):
        """State, loss and X' residual (p K, 1) at a point: without intercepts one pass where the layout has one."""
        if np.any(intercept):
            state = self.state(coef, intercept)
            loss, gradient, _ = self.gradient(state, False)
            return state, loss, gradient
        K, gradient = self.n_classes, np.empty_like(coef)
        state = ClassState(np.empty_like(self._scratch), np.empty_like(self._scratch))
        arguments = coef.reshape(-1, K), self.labels, self.weight, state.eta, state.curvature, gradient.reshape(-1, K)
        loss = self.matrix.class_loss_gradient(*arguments)
        self.counter.entries_read += self.matrix.class_product_reads(K) * self.matrix.nnz
        return state, loss, gradient

    # --- between passes ----------------------------------------------------------------------------------------------

    def evaluate(self, state):
        """The loss; fills state.curvature with probabilities, and the scratch with weighted residuals."""
        arguments = self.labels, self.weight, state.curvature, self._scratch, self.n_threads
        return loss_softmax.evaluate(state.eta, *arguments)

    def class_shares(self):
        """Sums of the weights of each class, (K,)."""
        return np.bincount(self.labels, self.weight, self.n_classes)

    def Xd(self):
        """Xd of a step of zero, (n, K): a fresh array."""
        return np.zeros_like(self._scratch)

    def curved(self, state, Xd):
        """[D_i Xd_i]_i, (n, K), with D_i = weight_i (diag(p_i) - p_i p_i'), valid until the next pass."""
        loss_softmax.curve(state.curvature, self.weight, Xd, self._scratch, self.n_threads)
        return self._scratch

    def curvature_product(self, state, Xd):
        """X' [D_i Xd_i]_i, (p K, 1): one pass."""
        return self.adjoint(self.curved(state, Xd))

    def class_sums(self, state):
        """sum_i r_i, (K,): weighted probabilities less the weights of each class."""
        P = state.curvature
        return np.einsum("i,ik->k", self.weight, P) - np.bincount(self.labels, self.weight, P.shape[1])

    def coupling(self, state):
        """sum_i D_i, (K, K): the Hessian in the intercepts."""
        return laplacian(DenseMatrix(state.curvature, self.n_threads).gram(self.weight))

    def optimise_intercept(self, state, max_steps=100):
        """Shift eta to where the loss is least in the intercepts; returns the shift (K,).

        Newton's method with a backtracking line search; the direction common to all classes is left alone.
        """
        shift = np.zeros(self.n_classes)
        loss = self.evaluate(state)
        for _ in range(max_steps):
            gradient = self._scratch.sum(axis=0)
            step = -pseudo_inverse(self.coupling(state)) @ gradient
            slope = float(gradient @ step)
            if not slope < 0.0:
                break
            t, allowed = 1.0, loss + 4.0 * _EPS * abs(loss)
            state.eta += step
            while (loss := self.evaluate(state)) > allowed + 1e-4 * t * slope and t > SMALLEST:
                t *= 0.5
                state.eta -= t * step
            shift += t * step
            if t * np.abs(step).max() <= SETTLED or (t == 1.0 and -slope <= NEAR * abs(loss)):
                break
        state.loss = loss
        return shift

    def along(self, state, Xd, steps):
        """Losses at eta + t * Xd for each t of `steps`: no pass."""
        arguments = self.labels, self.weight, self._scratch, self.n_threads
        return np.array([loss_softmax.loss(state.eta, Xd, float(t), *arguments) for t in steps])

    def reach(self, Xd, state=None):
        """max_i (max_k Xd_ik - min_k Xd_ik) over all rows, or over those with curvature at a state."""
        moved = np.ptp(Xd, axis=1)
        return float(np.max(moved if state is None else moved[state.curvature.any(axis=1)], initial=0.0))

    def set_aside(self, state, Xd, most):
        """Leave out the rows in which max_k Xd_ik - min_k Xd_ik > most, and those without curvature.

        Returns a state with no curvature there, by how much the loss of these rows can fall at most, their X' residual,
        and the sums of their residuals (K,): one pass.
        """
        left = ClassState(state.eta, state.curvature.copy())
        aside = (np.ptp(Xd, axis=1) > most) | ~state.curvature.any(axis=1)
        left.curvature[aside] = 0.0
        everywhere = ClassState(state.eta, np.empty_like(state.eta))
        self.evaluate(everywhere)
        self._scratch[~aside] = 0.0
        aside &= self.weight > 0.0
        own = everywhere.curvature[aside, self.labels[aside]]
        with np.errstate(divide="ignore"):
            above = -float(np.sum(self.weight[aside] * np.log(own)))
        return left, above, self.adjoint(self._scratch), self._scratch.sum(axis=0)

    def divergence(self, state, Xd=None, t=0.0, back=0.0, scale=1.0):
        """Rows' share of the gap at eta + t Xd for the dual point y + scale (p + back D Xd / weight - y); how many of
        its entries are outside the simplex."""
        Xd = state.eta if Xd is None else Xd
        arguments = float(t), float(back), float(scale), self.labels, self.weight, self._scratch, self.n_threads
        return loss_softmax.divergence(state.eta, state.curvature, Xd, *arguments)

    def accumulate(self, t, Xd, out):
        """out += t * Xd."""
        linalg_vector.add_scaled(np.array([t]), Xd.reshape(-1, 1), out.reshape(-1, 1), self.n_threads)

    def advance(self, state, Xd, t):
        """Move the state to eta + t * Xd, in place."""
        self.accumulate(t, Xd, state.eta)
