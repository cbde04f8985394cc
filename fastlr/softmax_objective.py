"""Layer 2: the objective of softmax regression and its certificate.

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

from dataclasses import dataclass

import numpy as np

from fastlr.class_factor import ClassFactor
from fastlr.objective import Direction, LogisticObjective, Point, inverse


@dataclass
class ClassPoint(Point):
    """A point of a softmax fit."""

    #: Pseudo-inverse of sum_i D_i, (K, K), once it has been asked for.
    coupling: np.ndarray | None = None


class SoftmaxObjective(LogisticObjective):
    """Softmax regression over ClassRows.

    Parameters
    ----------
    rows : fastlr.design.ClassRows
    penalty : fastlr.penalty.ElasticNet
        Of shape (p K, 1), smooth.
    fit_intercept : bool
    """

    def _complete(self, coef, intercept, state, loss, gradient, bound=np.inf, first=None):
        point = super()._complete(coef, intercept, state, loss, gradient, bound, first)
        return ClassPoint(**vars(point))

    def _shift(self, point, image):
        """What the intercepts must do for a step of the coefficients with this image, (K,)."""
        if not self.fit_intercept:
            return np.zeros(self.rows.n_classes)
        if point.coupling is None:
            point.coupling = np.linalg.pinv(self.rows.coupling(point.state), hermitian=True)
        return -point.coupling @ self.rows.curved(point.state, image).sum(axis=0)

    def _moved(self, point, v):
        """(image of v with the step of the intercepts in it, that step): one pass."""
        image = self.rows.forward(v)
        shift = self._shift(point, image)
        image += shift
        return image, shift

    def hessian_product(self, point, v, out):
        if not self.fit_intercept:
            image = self.rows.hessian_product(point.state, v, out)
            return image, np.zeros(self.rows.n_classes), self.penalty.add_smooth_gradient(v, out)
        image, shift = self._moved(point, v)
        self.rows.adjoint(self.rows.curved(point.state, image), out)
        return image, shift, self.penalty.add_smooth_gradient(v, out)

    def thin(self, every):
        return SoftmaxObjective(self.rows.thin(every), self.penalty, self.fit_intercept)

    def direction(self, point, coef):
        image, shift = self._moved(point, coef)
        return Direction(coef, image, shift)

    def diagonal(self, point):
        """About the diagonal of the Hessian, (p K, 1), as a product of what columns and what classes have: one pass."""
        p, weight = point.state.curvature, self.rows.weight
        spread = p * (1.0 - p)
        by_row = weight * spread.mean(axis=1)
        by_class = weight @ spread
        self.rows.work.entries_read += self.rows.design.nnz
        squares = self.rows.design.squares(by_row)
        if self.fit_intercept:
            self.rows.work.entries_read += self.rows.design.nnz
            first = self.rows.design.adjoint(by_row)
            squares = np.maximum(squares - first * first / max(by_row.sum(), np.finfo(float).tiny), 1e-3 * squares)
        return np.outer(squares, by_class / max(by_class.mean(), np.finfo(float).tiny)).reshape(-1, 1) + self.penalty.l2

    def inverse_diagonal(self, point):
        return inverse(self.diagonal(point))

    def factored(self, point, every):
        """Stands in for the Hessian of every k-th row, with the coupling between classes; see ClassFactor."""
        rows = self.rows
        design = rows.design if every == 1 else rows.design.thin(every)
        rows.work.hold(rows.design.copied_bytes + design.copied_bytes)
        rows.work.entries_read += rows.n_classes * design.nnz
        weight = rows.weight[::every] * every
        l2 = self.penalty.l2.reshape(-1, rows.n_classes).mean(axis=1)
        return ClassFactor(design, point.state.curvature[::every], weight, l2, self.fit_intercept)
