"""The objective of softmax regression and its certificate.

    f(W, b) = sum_i s_i [log sum_k exp(eta_ik) - eta_i,y_i] + sum_jk l2_jk W_jk^2 / 2,    eta_i = W' x_i + b,

with sum_i s_i = 1.  All K classes have coefficients (the symmetric parametrisation): under L2 they add up to zero at
the optimum, without a penalty those of least norm do.  Solvers see the coefficients as one vector (p K, 1), those of a
column side by side, and the intercepts are eliminated as for two classes:

    gradient   X' R + l2 W,                       R_i = s_i (p_i - e_y_i),  sum_i R_i = 0
    Hessian    V -> X' [D_i (x_i' V - tau')]_i + l2 V,    D_i = s_i (diag(p_i) - p_i p_i'),
               tau = (sum_i D_i)^+ sum_i D_i V' x_i

The duality gap is that of two classes with the simplex in place of [0, 1]: for a dual point U with rows in it,
sum_i s_i KL(U_i || p_i) plus the columns' share.
"""

from dataclasses import dataclass, replace

import numpy as np

from fastlr.linalg.cholesky import CholeskyFactor, penalised
from fastlr.linalg.class_blocks import FEW_COEFFICIENTS, ClassFactor, pseudo_inverse, whole_hessian
from fastlr.matrix import PairMatrix, PairRows
from fastlr.objective.diagonal import inverse
from fastlr.objective.logistic import LogisticObjective
from fastlr.objective.point import Direction, Point

_EPS = np.finfo(float).eps
_TINY = np.finfo(float).tiny


@dataclass
class ClassPoint(Point):
    """A point of a softmax fit."""

    #: Pseudo-inverse of sum_i D_i, (K, K), once it has been asked for.
    coupling: np.ndarray | None = None

    def restrict(self, columns):
        """The same point of the objective restricted to these coefficients; its gap is unknown."""
        return ClassPoint(**vars(super().restrict(columns)), coupling=self.coupling)


class SoftmaxObjective(LogisticObjective):
    """Softmax regression over ClassRows.

    Parameters
    ----------
    rows : fastlr.matrix.ClassRows
    penalty : fastlr.penalties.elastic_net.ElasticNet
        Of shape (p K, 1).
    fit_intercept : bool
    """

    grows_slowly = True
    has_steepest = False

    def restrict(self, columns):
        """The objective in a few coefficients (numbers among the p K), all others fixed at zero, over a copy of their
        columns by column."""
        K = self.rows.n_classes
        used, column = np.unique(columns // K, return_inverse=True)
        pairs = PairMatrix(self.rows.gathered(used), column.astype(np.int64), (columns % K).astype(np.int64), K)
        rows = self.rows.over(PairRows, pairs)
        return PairObjective(rows, self.penalty.restrict(columns), self.fit_intercept)

    def _complete(self, coef, intercept, state, loss, gradient, bound=np.inf, XtD1=None):
        point = super()._complete(coef, intercept, state, loss, gradient, bound, XtD1)
        return ClassPoint(**vars(point))

    def _imbalance(self, point):
        if not self.fit_intercept:
            return 0.0
        return float(np.linalg.norm(self.rows.class_sums(point.state)))

    def _shift(self, point, Xd):
        """-(sum_i D_i)^+ sum_i D_i Xd_i, (K,): the Newton step of the intercepts after one of the coefficients."""
        if not self.fit_intercept:
            return np.zeros(self.rows.n_classes)
        return -self._inverse_coupling(point) @ self.rows.curved(point.state, Xd).sum(axis=0)

    def _inverse_coupling(self, point):
        if point.coupling is None:
            point.coupling = pseudo_inverse(self.rows.coupling(point.state))
        return point.coupling

    def null_value(self):
        """Least loss with coef = 0: the entropy of the shares of the classes, of equal ones without intercepts."""
        if not self.fit_intercept:
            return float(np.log(self.rows.n_classes))
        shares = self.rows.class_shares()
        known = shares[shares > 0.0]
        return float(-known @ np.log(known))

    def column_of(self, coefficients):
        """The columns of X that these coefficients belong to."""
        return coefficients // self.rows.n_classes

    @property
    def is_small(self):
        return self.shape[0] <= FEW_COEFFICIENTS

    def _inverse_trace_D(self, point):
        """Largest eigenvalue of (sum_i D_i)^+, estimated: the curvature in the intercepts is at most the loss."""
        return self.rows.n_classes / max(point.value, _EPS)

    def _moved(self, point, v):
        """(Xd (n, K), shift (K,)) of a step v of the coefficients and the step of the intercepts after it: one pass."""
        Xd = self.rows.forward(v)
        shift = self._shift(point, Xd)
        Xd += shift
        return Xd, shift

    def hessian_product(self, point, v, out):
        if not self.fit_intercept:
            Xd = self.rows.hessian_product(point.state, v, out)
            return Xd, np.zeros(self.rows.n_classes), self.penalty.add_smooth_gradient(v, out)
        Xd, shift = self._moved(point, v)
        self.rows.adjoint(self.rows.curved(point.state, Xd), out)
        return Xd, shift, self.penalty.add_smooth_gradient(v, out)

    def set_aside(self, point, Xd, most):
        """See LogisticObjective.set_aside; rows are left out in which Xd moves classes apart by more than `most`."""
        state, above, gradient, slope = self.rows.set_aside(point.state, Xd, most)
        left = replace(point, state=state, coupling=None, gradient=point.gradient - gradient)
        if not self.fit_intercept:
            return left, above, np.zeros_like(slope), 0.0
        shift = self._inverse_coupling(left) @ slope
        left.gradient += self.rows.adjoint(self.rows.curved(state, self.rows.Xd() + shift))
        return left, above, shift, 0.5 * float(slope @ shift)

    def without_intercepts(self, root, intercepts):
        """The root of a Hessian (m, p), orthogonal to that of the intercepts (m, K) where these are free."""
        if self.fit_intercept:
            basis = np.linalg.qr(intercepts[:, 1:])[0]  # a shift common to all classes has no curvature
            for _ in range(2):
                root = root - basis @ (basis.T @ root)
        return root

    def every_kth_row(self, every):
        return SoftmaxObjective(self.rows.every_kth_row(every), self.penalty, self.fit_intercept)

    def model_decrease(self, point, direction, slope):
        """Decrease of the quadratic model at the point by a full step: no pass."""
        curvature = float(np.sum(direction.Xd * self.rows.curved(point.state, direction.Xd)))
        return -slope - 0.5 * curvature - self.penalty.smooth(direction.coef)

    def direction(self, point, coef):
        Xd, shift = self._moved(point, coef)
        return Direction(coef, Xd, shift)

    def diagonal(self, point):
        """Diagonal of the Hessian, (p K, 1), approximated by s_j c_k / mean(c) + l2: one pass, two with intercepts.

        s_j = sum_i weight_i mean_k(v_ik) x_ij^2, centred if there are intercepts, and c_k = sum_i weight_i v_ik, with
        v = p (1 - p).
        """
        p, weight = point.state.curvature, self.rows.weight
        spread = p * (1.0 - p)
        by_row = weight * spread.mean(axis=1)
        by_class = weight @ spread
        self.rows.counter.entries_read += self.rows.matrix.nnz
        squares = self.rows.matrix.squares(by_row)
        if self.fit_intercept:
            self.rows.counter.entries_read += self.rows.matrix.nnz
            XtD1 = self.rows.matrix.adjoint(by_row)
            squares = np.maximum(squares - XtD1 * XtD1 / max(by_row.sum(), np.finfo(float).tiny), 1e-3 * squares)
        return np.outer(squares, by_class / max(by_class.mean(), np.finfo(float).tiny)).reshape(-1, 1) + self.penalty.l2

    def inverse_diagonal(self, point):
        return inverse(self.diagonal(point))

    def factored(self, point, every):
        """Cholesky factor of the Hessian of few coefficients; else a ClassFactor, approximate, of every k-th row."""
        rows, K = self.rows, self.rows.n_classes
        matrix = rows.matrix if every == 1 else rows.matrix.every_kth_row(every)
        rows.counter.note_temporary((every > 1) * matrix.copied_bytes + matrix.gram_copies)
        p, weight = point.state.curvature[::every], rows.weight[::every] * every
        l2 = self.penalty.l2.reshape(-1, K).mean(axis=1)
        if every == 1 and self.is_small:
            coupling = self._inverse_coupling(point) if self.fit_intercept else None
            rows.counter.entries_read += (K * (K + 1) // 2 + K) * matrix.nnz
            return CholeskyFactor(whole_hessian(matrix, p, weight, l2, coupling), self.n_threads)
        factor = ClassFactor(matrix, p, weight, l2, self.fit_intercept)
        rows.counter.entries_read += factor.n_grams * (2 if self.fit_intercept else 1) * matrix.nnz
        return factor


class PairObjective(SoftmaxObjective):
    """The same in some pairs of a column and a class, over PairRows: coefficients are (m, 1)."""

    def restrict(self, columns):
        """The objective in these of the coefficients, all others fixed at zero."""
        return PairObjective(self.rows.restrict(columns), self.penalty.restrict(columns), self.fit_intercept)

    def column_of(self, coefficients):
        """The pairs, each of which has a column of its own."""
        return coefficients

    def diagonal(self, point):
        """Diagonal of the Hessian where every class has an intercept of its own, (m, 1)."""
        return self._curvatures(point)[0]

    def _curvatures(self, point):
        """That diagonal, X_k' D_kk 1 for each pair, (m, 1), and 1' D_kk 1, (K,), zero without intercepts."""
        curvature = self.rows.own_curvature(point.state)
        diagonal = self.rows.squares(curvature)
        if not self.fit_intercept:
            return diagonal + self.penalty.l2, np.zeros_like(diagonal), np.zeros(self.rows.n_classes)
        XtD1, trace_D = self.rows.adjoint(curvature), curvature.sum(axis=0)
        taken = XtD1 * XtD1 / np.maximum(trace_D, _TINY)[self.rows.matrix.label, None]
        return np.maximum(diagonal - taken, _EPS * diagonal) + self.penalty.l2, XtD1, trace_D

    def sampled_hessian(self, point, every):
        """The Hessian, (m, m); of all rows, whatever `every`."""
        hessian, beside = self.rows.gram(point.state)
        taken = beside @ (self._inverse_coupling(point) @ beside.T) if self.fit_intercept else None
        hessian = penalised(hessian, 0.0, taken)
        diagonal = np.diag_indices_from(hessian)
        # columns whose rows are all certain of their class have no curvature left
        hessian[diagonal] = np.maximum(hessian[diagonal], _EPS * np.max(hessian[diagonal], initial=_TINY))
        hessian[diagonal] += self.penalty.l2[:, 0]
        return hessian

    def root(self, point):
        """A (n K + m, m) with A' A the Hessian: D_i = B_i' B_i, and the intercepts are projected out."""
        root, intercepts = self.rows.root(point.state)
        return np.vstack([self.without_intercepts(root, intercepts), np.diag(np.sqrt(self.penalty.l2[:, 0]))])

    def coordinate_direction(self, point, tolerance, max_epochs):
        """A step on the quadratic model, by epochs of coordinate descent."""
        penalty = self.penalty
        diagonal, XtD1, trace_D = self._curvatures(point)
        by_pair = point.gradient, diagonal, XtD1, penalty.l1, penalty.l2, point.coef
        flat = [values[:, 0] for values in by_pair]
        delta = self.rows.coordinate_epochs(point.state, trace_D, flat, tolerance, max_epochs)
        return self.direction(point, delta)
