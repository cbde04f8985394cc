"""Contiguous blocks of the rows of a fit, over views of X, which stochastic methods visit in turn."""

from itertools import pairwise

import numpy as np

from fastlr.kernels import special_elementwise
from fastlr.losses.logistic import LogisticLoss


class RowBlocks:
    """The rows of a fit in blocks of (nearly) equal length; readings count towards the same PassCounter.

    Parameters
    ----------
    rows : Rows
        Over a matrix with `can_split_rows`.
    count : int
        Number of blocks, at most as many as there are rows.
    """

    def __init__(self, rows, count):
        bounds = np.linspace(0, rows.matrix.shape[0], count + 1).astype(int)
        self._slices = [slice(begin, end) for begin, end in pairwise(bounds)]
        #: Rows of each block alone, with weights of sum one.
        self.rows = [rows.between(part.start, part.stop) for part in self._slices]
        #: Share of the weights in each block: the loss is the sum of share times mean loss of the block.
        weight = rows.loss.weight_of_rows()
        self.shares = np.array([weight[part].sum() for part in self._slices])
        self._anchored = self.rows
        for block in self.rows:
            rows.counter.note_copy(block.matrix.X, block.matrix.copied_bytes)

    def __len__(self):
        return len(self.rows)

    def anchor(self, state):
        """Take the RowState of all rows for the anchor of `change`: no pass."""
        probabilities = np.empty_like(state.eta)
        special_elementwise.expit(state.eta, probabilities, 1)
        blocks = zip(self.rows, self._slices, strict=True)
        self._anchored = [
            block.with_loss(LogisticLoss(probabilities[part], block.loss.weight, block.n_threads))
            for block, part in blocks
        ]

    def change(self, k, coef, intercept):
        """Gradient of the mean loss of block k less that at the anchor: one reading of the block.

        The difference of the gradients is the gradient of a loss whose targets are the probabilities at the anchor.

        Returns
        -------
        gradient : ndarray of shape (p, 1)
            In the coefficients.
        total : float
            In the intercept.
        """
        rows = self._anchored[k]
        state, _, gradient = rows.loss_gradient(coef, intercept)
        return gradient, float(rows.loss.slope(state.eta, 0.0)[0])
