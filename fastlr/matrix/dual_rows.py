"""X as dual coordinate ascent reads it, row by row, and where such an ascent stands in row space."""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import dual_ascent, structure_renumber
from fastlr.linalg.broadcast import is_one_number

#: Blocks of rows that run at the same time.  It decides about bits, so it does not depend on the number of threads.
BLOCKS = 2
#: Consecutive rows that are visited one after the other.  (Measured on 20,242 x 47,236 text, C = 100, one thread,
#: seconds an epoch: 1 row 0.0066, 16 rows 0.0036, 64 rows 0.0030; with 64 rows and two blocks convergence suffers.)
GROUP = 16
#: Renumbering pays where weights in their own order do not fit the second-level cache.
FEW_COLUMNS = 1 << 17


@dataclass
class DualState:
    """A dual point u = sigma(logit) of the rows, and copies of the weights it implies; see kernels/dual_ascent.pyx."""

    logit: np.ndarray
    #: u - y
    residual: np.ndarray
    weights: np.ndarray


class DualRows:
    """The rows of X with the squares of their norms in the metric of the inverse penalty."""

    #: readings of X it took to get here
    reads = 1
    copied_bytes = 0
    #: the new number of each column, (p,), and how many of them have one of their own; None where all kept theirs
    number = n_numbered = None

    def __init__(self, arrays, epoch, norms, inverse, n_threads):
        self.arrays = arrays
        self._epoch = epoch
        self.inverse = inverse
        self._n_threads = n_threads
        self.norms = norms
        #: the part of the norms that columns of one entry have
        self.own = np.zeros(len(norms))
        self.group = min(GROUP, -(-len(norms) // 64))
        self._random = np.random.default_rng(0)

    def weights(self, coef, intercept):
        """Copies of the weights of each block, at coef (p,)."""
        weights = np.zeros((BLOCKS, len(coef) + 2))
        weights[:, :-2] = coef
        weights[:, -1] = intercept
        return weights

    def order(self):
        """The groups of rows in the random order of the next epoch."""
        return self._random.permutation(-(-len(self.norms) // self.group)).astype(np.intp, copy=False)

    def epoch(self, loss, offset, free, state):
        """Visit all rows once, in random order; returns the gain of the dual, an estimate."""
        return self._epoch(
            *self.arrays,
            self.order(),
            self.group,
            loss.y,
            loss.weight,
            offset,
            self.norms + free,
            self.own,
            self.inverse,
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
        structure_renumber.count(indices, counts)
        self.number = np.empty(p, dtype=indices.dtype)
        self.n_numbered = structure_renumber.rank(counts, self.number)
        renumbered = np.empty_like(indices)
        norms, own = np.empty((2, len(indptr) - 1))
        structure_renumber.relabel(*arrays, self.number, self.n_numbered, inverse, renumbered, norms, own, n_threads)
        if not is_one_number(inverse):
            of_numbered = np.zeros(self.n_numbered + 1)
            of_numbered[self.number] = inverse
            inverse = of_numbered
        super().__init__((indptr, renumbered, data), dual_ascent.sparse_epoch, norms, inverse, n_threads)
        self.own = own
        self.copied_bytes = renumbered.nbytes

    def weights(self, coef, intercept):
        weights = np.zeros((BLOCKS, self.n_numbered + 2))
        weights[0, self.number] = coef
        weights[0, self.n_numbered] = 0.0
        weights[0, -1] = intercept
        weights[1:] = weights[0]
        return weights
