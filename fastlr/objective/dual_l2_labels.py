"""The duals of several labels over one X, and their certificates; see dual_l2.py for the dual of one.

Objectives here are those of the problems as fit_one_vs_rest states them: rows weigh s_i a_k(y_ik), sum s_i = 1.  With
t_i = -s_i a_k(y_ik) (u_i - y_i) a dual point implies  w(u) = L^-1 X' t;  value, gap and gradient there need products
with X in the columns of more than one entry only:

    w' L w = sum_i t_i x_i . w,    gradient = X' (s a (sigma(eta) - u)),    gap = sum_i s_i a KL(u_i || sigma(eta_i))
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fastlr.kernels import loss_labels
from fastlr.matrix.dual_label_rows import DualLabelRows, lane_shape
from fastlr.matrix.label_rows import optimise_intercept
from fastlr.objective.dual_l2 import HALVINGS, INTERCEPT_SHARE
from fastlr.objective.rounding import OF_DIVERGENCES

_EPS = np.finfo(float).eps


@dataclass
class LabelPoints:
    """Points of several fits: values, gaps and their rounding, (K,) each, and the weights that imply coefficients."""

    rows: DualLabelRows
    #: Weights over columns and changes of rows that imply the coefficients (DualLabelRows); None where these are zero.
    weights: np.ndarray | None
    change: np.ndarray | None
    intercept: np.ndarray
    value: np.ndarray
    gap: np.ndarray
    rounding: np.ndarray
    optimality: np.ndarray
    nonzeros: np.ndarray

    @cached_property
    def coefficients(self):
        """Coefficients (K, p), in an array that all results share."""
        if self.weights is None:
            return np.zeros((len(self.value), self.rows.shape[1]))
        return self.rows.coefficients(self.weights, self.change)


class LabelDuals:
    """Dual coordinate ascent on several labels at once, from their null models on.

    Parameters
    ----------
    rows : DualLabelRows
    label : ndarray of shape (n, K), uint8
    factor : ndarray of shape (2, K)
        Factors on the weights of rows without and with each label.
    fit_intercept : bool
    """

    def __init__(self, rows, label, factor, fit_intercept):
        self.rows = rows
        self.fit_intercept = fit_intercept
        self._free = INTERCEPT_SHARE * float(np.mean(rows.norms)) if fit_intercept else 0.0
        share = rows.weight @ label
        # weights of all rows without and with each label, (2, K)
        side_weight = factor * np.stack([1.0 - share, share])
        intercept = np.log(side_weight[1] / side_weight[0]) if fit_intercept else np.zeros(len(share))
        self._mean_weight = side_weight.sum(axis=0)
        loss = np.stack([np.logaddexp(0.0, intercept), np.logaddexp(0.0, -intercept)])
        #: Objectives of the null models, (K,).
        self.null_value = (side_weight * loss).sum(axis=0)
        # sigma(intercept) - y for both labels
        residual = np.stack([1.0 / (1.0 + np.exp(-intercept)), -1.0 / (1.0 + np.exp(intercept))])
        change = -rows.weight[:, None] * _by_label(factor * residual, label)
        weights = rows.implied(change)
        self.start = self._at_start(weights, change, intercept)
        scale, self.gain = _best_scale(side_weight, residual, intercept, self.start.gap)
        #: The gaps after the last epoch, extrapolated from the gains, (K,).
        self.foretold = np.full(len(share), np.inf)
        blocks, width = lane_shape(len(share), rows.n_threads)
        padded = np.zeros((2, blocks * width))
        padded[:, : len(share)] = scale, intercept
        weights *= padded[0].reshape(blocks, 1, width)
        weights[:, -1] = padded[1].reshape(blocks, width)
        residual = scale * residual
        y = np.array([[0.0], [1.0]])
        logit = np.log(y + residual) - np.log(1.0 - y - residual)
        self._state = rows.state(label, factor, *(_by_label(table, label) for table in (logit, residual)), weights)

    def _at_start(self, weights, change, intercept):
        """LabelPoints of the null models."""
        rows, K = self.rows, len(intercept)
        curvature = 0.5 * (rows.squared_norm(weights)[:K] + rows.own @ (change * change))
        nothing = np.zeros(K)
        peaks = rows.largest_of(weights, change)
        return LabelPoints(
            rows,
            None,
            None,
            intercept,
            self.null_value,
            curvature,
            4.0 * _EPS * self.null_value,
            peaks,
            nothing,
        )

    def epoch(self):
        """Maximise in each row once: about one pass; see Dual.epoch."""
        before = self.gain
        self.gain = self.rows.epoch(self._state, self._free)[: len(before)]
        shrinks = self.gain < before
        fall = np.where(shrinks, before - self.gain, 1.0)
        self.foretold = np.where(shrinks, 2.0 * self.gain * self.gain / fall, np.inf)

    def keep(self, which):
        """Drop all labels but these (indices among those that are left)."""
        if 0 < len(which) < len(self.gain):
            self._state = self.rows.take(self._state, which)
            self.gain, self.foretold = self.gain[which], self.foretold[which]
            self._mean_weight = self._mean_weight[which]

    def points(self, which):
        """LabelPoints at the weights that the dual points of these imply, with the gaps that those certify."""
        rows, threads = self.rows, self.rows.n_threads
        label, factor, logit, intercept = rows.rows_of(self._state, which)
        weighing = label, rows.weight, factor
        if self.fit_intercept:
            logit += optimise_intercept(logit, *weighing, threads)
        residual, curvature = np.empty_like(logit), np.empty_like(logit)
        loss_labels.evaluate(logit, *weighing, residual, curvature, threads)
        change = -residual
        weights = rows.implied(change)
        product = rows.predict(weights, change)
        eta = product + intercept
        if self.fit_intercept:
            shift = optimise_intercept(eta, *weighing, threads)
            eta += shift
            intercept = intercept + shift
        smooth = 0.5 * np.sum(change * product, axis=0)
        value = loss_labels.evaluate(eta, *weighing, residual, curvature, threads) + smooth
        one = np.ones(len(which))
        gap, _ = loss_labels.divergence(logit, eta - logit, one, one, 0.0, *weighing, threads)
        residual += change
        terms = np.abs(np.sum(product * residual, axis=0)) + 2.0 * np.abs(smooth)
        return LabelPoints(
            rows,
            weights,
            change,
            intercept,
            value,
            np.maximum(gap, 0.0) + OF_DIVERGENCES * self._mean_weight[which],
            4.0 * _EPS * (np.abs(value) + terms),
            rows.largest_adjoint(residual),
            rows.nonzeros(weights, change),
        )


def _by_label(table, label):
    """table[label_ik, k], (n, K), for a table (2, K)."""
    return np.where(label != 0, table[1], table[0])


def _best_scale(side_weight, residual, intercept, curvature):
    """The t in {1, 1/2, 1/4...} at which  y + t (sigma(intercept) - y)  is the best dual point, and its gap; (K,) each.

    As Dual._best_scale, from coef = 0.
    """

    def gap(t):
        u = np.array([[0.0], [1.0]]) + t * residual
        entropy = u * np.log(np.maximum(u, 1e-300)) + (1.0 - u) * np.log(np.maximum(1.0 - u, 1e-300))
        divergence = entropy + np.logaddexp(0.0, intercept) - u * intercept
        return (side_weight * divergence).sum(axis=0) + t * t * curvature

    t = np.ones(len(intercept))
    least = gap(t)
    for _ in range(HALVINGS):
        half = gap(0.5 * t)
        better = half < least
        if not better.any():
            break
        t, least = np.where(better, 0.5 * t, t), np.where(better, half, least)
    return t, least
