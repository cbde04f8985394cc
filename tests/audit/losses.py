"""Losses in 80-bit floats: of two classes and of a softmax.

Linear predictors are (..., n, q), q = 1 for two classes.  All formulas keep the digits of small losses: sums of
non-negative terms, nothing subtracted from one.
"""

import numpy as np

from audit.wide import WIDE


class TwoClasses:
    """log(1 + exp(eta)) - y eta for shares y (n,) in [0, 1]."""

    q = 1

    def __init__(self, y):
        self.y = y.astype(WIDE)

    def losses(self, eta):
        eta = eta[..., 0]
        rest = np.log1p(np.exp(-np.abs(eta)))
        return (1 - self.y) * (np.maximum(eta, 0) + rest) + self.y * (np.maximum(-eta, 0) + rest)

    def _probabilities(self, eta):
        e = np.exp(-np.abs(eta[:, 0]))
        likely, unlikely = 1 / (1 + e), e / (1 + e)
        return np.where(eta[:, 0] >= 0, likely, unlikely), np.where(eta[:, 0] >= 0, unlikely, likely)

    def residuals(self, eta):
        one, zero = self._probabilities(eta)
        return ((1 - self.y) * one - self.y * zero)[:, None]

    def roots(self, eta):
        """M (n, q, q) with M'M the second derivatives of each row's loss."""
        one, zero = self._probabilities(eta)
        return np.sqrt(one * zero)[:, None, None]

    def bounding_roots(self, eta):
        """The same for the quadratic that touches the loss at eta and is nowhere below it (Jaakkola and Jordan)."""
        size = np.maximum(np.abs(eta[:, 0]), WIDE(1e-6))
        return np.sqrt(np.tanh(size / 2) / (2 * size))[:, None, None]


class Softmax:
    """log sum_k exp(eta_k) - eta_y for class numbers y (n,)."""

    def __init__(self, y, n_classes):
        self.q = n_classes
        self.own = y[:, None] == np.arange(n_classes)

    def _relative(self, eta):
        """exp(eta_k - eta_y - top) of the other classes, 0 for the own one, with top = max(0, eta_k - eta_y); top."""
        own = np.sum(np.where(self.own, eta, 0), axis=-1, keepdims=True)
        above = np.where(self.own, 0, eta - own)
        top = above.max(axis=-1, keepdims=True)
        return np.where(self.own, 0, np.exp(above - top)), top

    def losses(self, eta):
        others, top = self._relative(eta)
        others, top = others.sum(axis=-1), top[..., 0]
        return np.where(top == 0, np.log1p(others), top + np.log(np.exp(-top) + others))

    def residuals(self, eta):
        others, top = self._relative(eta)
        total = others.sum(axis=-1, keepdims=True)
        whole = np.exp(-top) + total
        return np.where(self.own, -total / whole, others / whole)

    def roots(self, eta):
        others, top = self._relative(eta)
        shares = np.where(self.own, np.exp(-top), others)
        shares = shares / shares.sum(axis=-1, keepdims=True)
        unit = np.eye(self.q, dtype=WIDE)
        return np.sqrt(shares)[:, :, None] * (unit - shares[:, None, :])

    def bounding_roots(self, eta):
        """The same for a quadratic that is nowhere below the loss (Boehning)."""
        root = (np.eye(self.q, dtype=WIDE) - WIDE(1) / self.q) / np.sqrt(WIDE(2))
        return np.broadcast_to(root, (len(eta), self.q, self.q))
