"""Row state of K labels' fits over one X: losses, residuals and curvatures, (n, K) each."""

import numpy as np

from fastlr.kernels import loss_labels
from fastlr.matrix.column_measures import ColumnMeasures


def optimise_intercept(eta, label, weight, factor, n_threads, max_steps=200):
    """Shifts (K,) that take each column of eta (n, K) to where its loss is least in the intercept.

    Newton's method in one variable for each column, safeguarded as Rows.optimise_intercept.
    """
    K = eta.shape[1]
    shift, low, high, reach = np.zeros(K), np.full(K, -np.inf), np.full(K, np.inf), np.full(K, 2.0)
    moving = np.ones(K, dtype=bool)
    for _ in range(max_steps):
        first, second = loss_labels.slopes(eta, shift, label, weight, factor, n_threads)
        moving &= (first != 0.0) & np.isfinite(first)
        low, high = np.where(first < 0.0, shift, low), np.where(first < 0.0, high, shift)
        whole = np.abs(first) < reach * second
        step = np.where(whole, -first / np.where(whole, second, 1.0), np.copysign(reach, -first))
        reach = np.where(whole, reach, 2.0 * reach)
        proposed = shift + step
        outside = (proposed != shift) & ~((low < proposed) & (proposed < high))
        with np.errstate(invalid="ignore"):
            proposed = np.where(outside, 0.5 * (low + high), proposed)
        moving &= (proposed != low) & (proposed != high)
        shift = np.where(moving, proposed, shift)
        moving &= np.abs(step) > 1e-7  # the error left is its square
        if not moving.any():
            break
    return shift


class LabelRows(ColumnMeasures):
    """Labels and weights of K fits over a matrix in memory, and the passes over X that they take part in together.

    Linear predictors, Xd (their change along a step) and curvatures are (n, K), coefficients (p, K), intercepts (K,).

    Parameters
    ----------
    matrix : fastlr.matrix.base.InMemoryMatrix
    label : ndarray of shape (n, K), uint8
    weight : ndarray of shape (n,)
    factor : ndarray of shape (2, K)
        Factors on the weights of rows without and with each label; the products add up to one for each label.
    counter : fastlr.matrix.pass_counter.PassCounter
    """

    def __init__(self, matrix, label, weight, factor, counter):
        self.matrix = matrix
        self.label = label
        self.weight = weight
        self.factor = factor
        self.counter = counter
        self.n_threads = matrix.n_threads
        self._curved = None

    @property
    def _weighing(self):
        return self.label, self.weight, self.factor, self.n_threads

    def weight_of_rows(self):
        """The weights that all labels share, (n,)."""
        return self.weight

    def take(self, which):
        """The same rows for these labels alone; the pass counter is shared."""
        label, factor = (np.ascontiguousarray(array[:, which]) for array in (self.label, self.factor))
        return LabelRows(self.matrix, label, self.weight, factor, self.counter)

    def every_kth_row(self, every):
        """Every k-th row alone; the pass counter is shared.

        Labels whose rows weigh nothing there have curvatures of zero.
        """
        sample = self.matrix.every_kth_row(every)
        self.counter.note_copy(sample.X, sample.copied_bytes)
        label, weight = np.ascontiguousarray(self.label[::every]), np.ascontiguousarray(self.weight[::every])
        share = weight @ label
        total = self.factor[0] * (weight.sum() - share) + self.factor[1] * share
        return LabelRows(sample, label, weight, self.factor / np.maximum(total, np.finfo(float).tiny), self.counter)

    def forward(self, coef):
        """X coef, (n, K): a pass."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.forward_many(coef)

    def adjoint(self, u):
        """X' u, (p, K): a pass."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.adjoint_many(u)

    def hessian_product(self, curvature, trace_D, v):
        """H v = X' D (X v - tau), (p, K);  X v - tau, (n, K);  and -tau, the steps of the intercepts, (K,): two passes.

        tau = 1' D X v / trace_D, the mean of X v under the curvature, costs no pass; it is 0 where trace_D is 0.
        """
        Xd = self.forward(v)
        if self._curved is None or self._curved.shape != Xd.shape:
            self._curved = np.empty_like(Xd)
        sums = loss_labels.bend(curvature, Xd, self._curved, self.n_threads)
        shift = np.where(trace_D > 0.0, -sums / np.where(trace_D > 0.0, trace_D, 1.0), 0.0)
        if np.any(shift):
            loss_labels.move(curvature, shift, Xd, self._curved, self.n_threads)
        return self.adjoint(self._curved), Xd, shift

    def optimise_intercept(self, eta):
        """Shifts (K,) that take each column of eta to where its loss is least in the intercept."""
        return optimise_intercept(eta, *self._weighing)

    def evaluate(self, eta):
        """Losses (K,), weighted residuals and curvatures, (n, K) each."""
        residual, curvature = np.empty_like(eta), np.empty_like(eta)
        losses = loss_labels.evaluate(eta, *self._weighing[:3], residual, curvature, self.n_threads)
        return losses, residual, curvature

    def losses(self, eta, Xd, t):
        """Losses at eta + t Xd, (K,), with a t for each label: no pass."""
        return loss_labels.losses(eta, Xd, t, *self._weighing)

    def linearised_gap(self, eta, Xd):
        """Rows' share of the gap at eta + Xd, (K,), for the residual linearised at eta; inf where it leaves [0, 1]."""
        one = np.ones(eta.shape[1])
        divergence, cut = loss_labels.divergence(eta, Xd, one, one, 1.0, *self._weighing)
        return np.where(cut == 0.0, divergence, np.inf)

    def moments(self):
        """X' s and sum_i s_i x_ij^2, (p,) each, for the weights s that all labels share: two passes."""
        self.counter.entries_read += 2 * self.matrix.nnz
        return self.matrix.adjoint(self.weight), self.matrix.squares(self.weight)

    def gram(self, curvature):
        """X' diag(curvature) X and X' curvature, for one label's curvature (n,)."""
        self.counter.entries_read += 2 * self.matrix.nnz // max(1, len(self.factor[0]))
        weights = np.ascontiguousarray(curvature)
        self.counter.note_temporary(self.matrix.gram_copies)
        return self.matrix.gram(weights), self.matrix.adjoint(weights)
