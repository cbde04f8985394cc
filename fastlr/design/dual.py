"""X as dual coordinate ascent reads it, row by row, and where such an ascent stands in row space."""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import dual, renumber

#: Blocks of rows that run at the same time.  It decides about bits, so it does not depend on the number of threads.
BLOCKS = 2
#: Consecutive rows that are visited one after the other.  (Measured on 20,242 x 47,236 text, C = 100, one thread,
#: seconds an epoch: 1 row 0.0066, 16 rows 0.0036, 64 rows 0.0030; with 64 rows and two blocks convergence suffers.)
GROUP = 16
#: Renumbering pays where weights in their own order do not fit the second-level cache.
FEW_COLUMNS = 1 << 17


@dataclass
class DualState:
    """A dual point u = sigma(logit) of the rows, and copies of the weights it implies; see kernels/dual.pyx."""

    logit: np.ndarray
    #: u - y
    residual: np.ndarray
    weights: np.ndarray


class DualRows:
    """The rows of X with the squares of their norms in the metric of the inverse penalty."""

    #: readings of X it took to get here
    reads = 1
    copied_bytes = 0

    def __init__(self, arrays, epoch, norms, inverse, n_threads):
        self._arrays = arrays
        self._epoch = epoch
        self._inverse = inverse
        self._n_threads = n_threads
        self.norms = norms
        self._own = np.zeros(len(norms))
        self._group = min(GROUP, -(-len(norms) // 64))
        self._random = np.random.default_rng(0)

    def weights(self, coef, intercept):
        """Copies of the weights of each block, at coef (p,)."""
        weights = np.zeros((BLOCKS, len(coef) + 2))
        weights[:, :-2] = coef
        weights[:, -1] = intercept
        return weights

    def epoch(self, loss, offset, free, state):
        """Visit all rows once, in random order; returns about what the dual gained."""
        order = self._random.permutation(-(-len(self.norms) // self._group)).astype(np.intp, copy=False)
        return self._epoch(
            *self._arrays,
            order,
            self._group,
            loss.y,
            loss.weight,
            offset,
            self.norms + free,
            self._own,
            self._inverse,
            free,
            state.logit,
            state.residual,
            state.weights,
            self._n_threads,
        )


class RenumberedRows(DualRows):
    """CSR rows over columns renumbered by frequency: a copy of the indices, not of the values.

    Columns of one entry (two thirds of the columns of words and bigrams in 20newsgroups and reuters21578) are left out
    of the weights: under L2 such an entry acts on its own row alone.
    """

    reads = 2

    def __init__(self, arrays, p, inverse, n_threads):
        indptr, indices, data = arrays
        counts = np.zeros((n_threads, p), dtype=np.uint8)
        renumber.count(indices, counts)
        self._number = np.empty(p, dtype=indices.dtype)
        self._n_kept = renumber.rank(counts, self._number)
        renumbered = np.empty_like(indices)
        norms, own = np.empty((2, len(indptr) - 1))
        renumber.relabel(*arrays, self._number, self._n_kept, inverse, renumbered, norms, own, n_threads)
        if inverse.strides[0]:
            of_kept = np.zeros(self._n_kept + 1)
            of_kept[self._number] = inverse
            inverse = of_kept
        super().__init__((indptr, renumbered, data), dual.sparse_epoch, norms, inverse, n_threads)
        self._own = own
        self.copied_bytes = renumbered.nbytes

    def weights(self, coef, intercept):
        weights = np.zeros((BLOCKS, self._n_kept + 2))
        weights[0, self._number] = coef
        weights[0, self._n_kept] = 0.0
        weights[0, -1] = intercept
        weights[1:] = weights[0]
        return weights
