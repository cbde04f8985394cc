"""The logistic loss over rows: value, residuals and curvatures, from vectors of length n alone.

For a row with linear predictor eta and target y in [0, 1] the loss is  log(1 + exp(eta)) - y eta,  its derivative the
residual  sigma(eta) - y,  its second derivative the curvature  sigma(eta) (1 - sigma(eta)).  A dual point is a vector u
in [0, 1]^n; the rows' share of the duality gap at eta is  sum_i weight_i KL(u_i || sigma(eta_i)),  with KL the
Kullback-Leibler divergence between Bernoulli distributions (Fenchel-Young form: no difference of large numbers).
"""

import numpy as np
from scipy.special import expit, rel_entr

from fastlr.kernels import loss_logistic

#: Constant weights come as one block of this length, which the kernels read again and again.
WEIGHT_BLOCK = 4096


class LogisticLoss:
    """Loss of the rows (y, weight), on arrays in memory.

    Parameters
    ----------
    y : ndarray of shape (n,), float64 in [0, 1]
    weight : ndarray of shape (n,) or (min(n, WEIGHT_BLOCK),), float64
        Non-negative, sum one over the rows.  The short form means the same weight in every row.
    n_threads : int
    """

    def __init__(self, y, weight, n_threads):
        self.y = y
        self.weight = weight
        self.n_threads = n_threads
        self._sums = np.empty((2, loss_logistic.n_blocks(len(y))))

    def weight_of_rows(self):
        """The weights, one for each row."""
        return self.weight if len(self.weight) == len(self.y) else np.full(len(self.y), self.weight[0])

    def every_kth_row(self, every):
        """Every k-th row alone, weights normalised again."""
        return self.take(slice(None, None, every))

    def take(self, rows):
        """The rows of a slice alone, weights normalised again."""
        y = np.ascontiguousarray(self.y[rows])
        if len(self.weight) == len(self.y):
            weight = self.weight[rows] / max(self.weight[rows].sum(), np.finfo(float).tiny)
        else:
            weight = np.full(min(len(y), WEIGHT_BLOCK), 1.0 / len(y))
        return LogisticLoss(y, weight, self.n_threads)

    def evaluate(self, eta, residual, curvature):
        """Fill `residual` and `curvature`, both times weight; return the weighted loss."""
        return loss_logistic.evaluate(eta, self.y, self.weight, residual, curvature, self._sums[0], self.n_threads)

    def above_least(self, eta, rows):
        """Weighted loss of some rows (a mask) at eta, above the least that any linear predictor gives them."""
        weight = self.weight_of_rows()
        rows = rows & (weight > 0.0)
        y, eta = self.y[rows], eta[rows]
        return float(np.sum(weight[rows] * (rel_entr(y, expit(eta)) + rel_entr(1.0 - y, expit(-eta)))))

    def along(self, eta, Xd, steps):
        """Weighted losses at eta + t * Xd for each t of `steps`; ndarray of shape (len(steps),)."""
        losses = np.empty(len(steps))
        loss_logistic.losses(eta, Xd, steps, self.y, self.weight, self._sums[0], losses, self.n_threads)
        return losses

    def slope(self, eta, shift):
        """First and second derivative of the weighted loss in a shift common to all rows, at eta + shift."""
        return loss_logistic.slope(eta, shift, self.y, self.weight, *self._sums, self.n_threads)

    def divergence(self, eta, Xd, t=0.0, shift=0.0, scale=1.0, back=0.0):
        """Rows' share of the gap at eta + t Xd + shift, and the number of rows cut to the domain.

        The dual point is u_i = y_i + scale (residual_i + back curvature_i Xd_i), residual and curvature (without
        weights) taken at eta, cut to [0, 1].
        """
        return loss_logistic.gap(eta, Xd, t, shift, scale, back, self.y, self.weight, *self._sums, self.n_threads)
