"""The elastic-net penalty  l1' |coef| + coef' diag(l2) coef / 2,  with a strength for every coefficient."""

import numpy as np

from fastlr.kernels import vector


class ElasticNet:
    """Penalty values, subgradients and conjugate.

    Parameters
    ----------
    l1, l2 : array-like, non-negative, broadcast to (p, K)
        Scalars cost no memory: they stay broadcast views.
    shape : (p, K)
    n_threads : int
    """

    def __init__(self, l1, l2, shape, n_threads=1):
        self.shape = shape
        self.l1 = np.broadcast_to(np.asarray(l1, dtype=float), shape)
        self.l2 = np.broadcast_to(np.asarray(l2, dtype=float), shape)
        self.n_threads = n_threads
        self.has_l1 = bool(np.any(l1))
        self.has_l2 = bool(np.any(l2))
        #: Whether every coefficient is penalised, which is what a duality gap asks for.
        self.covers_all = bool(np.all((np.asarray(l1) > 0) | (np.asarray(l2) > 0)))

    def restrict(self, columns):
        """The penalty of these columns alone."""
        return ElasticNet(
            _take(self.l1, columns), _take(self.l2, columns), (len(columns), self.shape[1]), self.n_threads
        )

    def smooth(self, coef):
        """coef' diag(l2) coef / 2, summed over right-hand sides."""
        return 0.5 * float(self.smooth_product(coef, coef)) if self.has_l2 else 0.0

    def smooth_product(self, a, b):
        """a' diag(l2) b, summed over right-hand sides."""
        return vector.weighted_dot(self.l2, a, b, self.n_threads).sum() if self.has_l2 else 0.0

    def add_smooth_gradient(self, coef, out):
        """out += l2 * coef; returns coef . out per right-hand side."""
        return vector.add_diagonal(self.l2, coef, out, self.n_threads)

    def absolute(self, coef):
        """l1' |coef|, summed over right-hand sides."""
        return float(np.sum(self.l1 * np.abs(coef))) if self.has_l1 else 0.0

    def subgradient(self, coef, gradient):
        """The subgradient of least norm of the whole objective, from the gradient of its smooth part; (p, K)."""
        if not self.has_l1:
            return gradient
        at_zero = np.sign(gradient) * np.maximum(np.abs(gradient) - self.l1, 0.0)
        return np.where(coef == 0.0, at_zero, gradient + self.l1 * np.sign(coef))

    def dual_scale(self, adjoint):
        """The largest factor in (0, 1] that makes X' (factor r) feasible where only l1 acts."""
        if not self.has_l1:
            return 1.0
        bound = np.where(self.l2 > 0.0, np.inf, self.l1)
        excess = np.max(np.abs(adjoint) / bound)
        return 1.0 if excess <= 1.0 else 1.0 / excess

    def gap(self, coef, adjoint):
        """The columns' share of the duality gap at coef for the dual point whose product with X is `adjoint`.

        With z = -adjoint it is  sum_j l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) - z w  (Fenchel-Young), where
        l2 = 0 asks for |z| <= l1.  Without l1 it is  sum_j (adjoint + l2 w)^2 / (2 l2).
        """
        if not self.covers_all:
            return np.inf
        if not self.has_l1:
            residual = adjoint.copy()
            self.add_smooth_gradient(coef, residual)
            return self.smooth_gap(residual)
        excess = np.maximum(np.abs(adjoint) - self.l1, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            conjugate = np.where(self.l2 > 0.0, 0.5 * excess * excess / self.l2, 0.0)
        return float(np.sum(self.l1 * np.abs(coef) + 0.5 * self.l2 * coef * coef + conjugate + adjoint * coef))

    def smooth_gap(self, residual):
        """sum_j residual_j^2 / (2 l2_j): the gap without l1 whose dual point misses stationarity by `residual`."""
        if not self.covers_all:
            return np.inf
        if self.l2.strides == (0, 0):
            return 0.5 * float(vector.dot(residual, residual, self.n_threads).sum()) / float(self.l2.flat[0])
        return 0.5 * float(np.sum(residual * residual / self.l2))


def _take(strength, columns):
    return strength[0, 0] if strength.strides == (0, 0) else strength[columns]
