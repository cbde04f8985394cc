"""Several labels' dual points over CSR X, side by side in SIMD lanes, and the passes that move and certify them."""

from dataclasses import dataclass

import numpy as np

from fastlr.kernels import dual_ascent_labels
from fastlr.linalg.broadcast import is_one_number

#: Labels whose weights lie side by side: as many as registers hold, in whole vectors.
MOST_LANES, VECTOR = 16, 4
#: Bytes of a cache line.
LINE = 64


def lane_shape(n_labels, n_threads):
    """(blocks, labels in each): as few blocks as keep the threads busy; the labels of a block fill vector registers."""
    blocks = max(-(-n_labels // MOST_LANES), min(n_threads, -(-n_labels // VECTOR)))
    width = -(-n_labels // (blocks * VECTOR)) * VECTOR
    return -(-n_labels // width), width


def in_lanes(array, shape):
    """(m, K) as (blocks, m, width), C order, with zeros past the last label."""
    blocks, width = shape
    out = np.zeros((blocks, len(array), width), dtype=array.dtype)
    for b in range(blocks):
        part = array[:, b * width : (b + 1) * width]
        out[b, :, : part.shape[1]] = part
    return out


def from_lanes(array, n_labels):
    """(m, K) from (blocks, m, width), C order."""
    blocks, m, width = array.shape
    return np.ascontiguousarray(array.transpose(1, 0, 2).reshape(m, blocks * width)[:, :n_labels])


def aligned_zeros(shape):
    """Zeros that begin on a cache line."""
    size = int(np.prod(shape))
    raw = np.zeros(size + LINE // 8)
    begin = -(raw.ctypes.data // 8) % (LINE // 8)
    return raw[begin : begin + size].reshape(shape)


@dataclass
class DualLabelState:
    """Dual points u = sigma(logit) of several labels, and the weights they imply; see the kernel dual_ascent_labels."""

    label: np.ndarray
    factor: np.ndarray
    logit: np.ndarray
    #: u - y
    residual: np.ndarray
    weights: np.ndarray


class DualLabelRows:
    """CSR X as ascent on several duals reads it.

    Weights of labels are (blocks, m + 2, width) over the m columns of more than one entry; an entry that is alone in
    its column acts on its own row only.  (Where columns are few, all p of them count as such.)

    Parameters
    ----------
    matrix : fastlr.matrix.csr.CSRMatrix
    weight : ndarray of shape (n,)
        Of the rows; sum one.
    l2 : ndarray of shape (p,), positive, may be a broadcast scalar
    counter : fastlr.matrix.pass_counter.PassCounter

    Raises ValueError if X holds NaN or infinity.
    """

    def __init__(self, matrix, weight, l2, counter):
        inverse = np.broadcast_to(1.0 / l2[0], l2.shape) if is_one_number(l2) else 1.0 / l2
        self.shape = matrix.shape
        self.n_threads = matrix.n_threads
        self.weight = weight
        self.counter = counter
        self._matrix = matrix
        self._of_columns = inverse
        self._rows = rows = matrix.dual_rows(inverse)
        self.norms, self.own = rows.norms, rows.own
        if not np.isfinite(self.norms).all():
            matrix.name_nonfinite()
        self._n_numbered = matrix.shape[1] if rows.n_numbered is None else rows.n_numbered
        self._find_single_entries()
        self._count(rows.reads)
        counter.note_copy(rows, rows.copied_bytes)

    def _find_single_entries(self):
        """Row and value of the entries that are alone in their columns."""
        p, rows = self.shape[1], self._rows
        indices = self._matrix.X.indices
        self._home, self._value = np.full(p, -1, dtype=indices.dtype), np.zeros(p)
        self._number = np.arange(p, dtype=indices.dtype) if rows.number is None else rows.number
        if rows.number is not None:
            indptr, renumbered, data = rows.arrays
            dual_ascent_labels.lonely(indptr, indices, renumbered, data, rows.n_numbered, self._home, self._value)

    def _count(self, reads):
        self.counter.entries_read += reads * self._matrix.nnz

    def state(self, label, factor, logit, residual, weights):
        """DualLabelState from label, logit, residual (n, K), factor (2, K) and weights (blocks, m + 2, width)."""
        shape = weights.shape[0], weights.shape[2]
        return DualLabelState(*(in_lanes(array, shape) for array in (label, factor, logit, residual)), weights)

    def take(self, state, which):
        """The state of these labels alone."""
        n_lanes = state.weights.shape[0] * state.weights.shape[2]
        shape = lane_shape(len(which), self.n_threads)
        parts = (from_lanes(array, n_lanes)[:, which] for array in (state.label, state.factor, state.logit))
        label, factor, logit = (in_lanes(part, shape) for part in parts)
        residual = in_lanes(from_lanes(state.residual, n_lanes)[:, which], shape)
        weights = aligned_zeros((shape[0], state.weights.shape[1], shape[1]))
        old, new = state.weights.shape[2], shape[1]
        for position, index in enumerate(which):
            weights[position // new, :, position % new] = state.weights[index // old, :, index % old]
        return DualLabelState(label, factor, logit, residual, weights)

    def rows_of(self, state, which):
        """label, factor, logit and intercepts of these labels: (n, K), (2, K), (n, K), (K,)."""
        n_lanes = state.weights.shape[0] * state.weights.shape[2]
        parts = (from_lanes(array, n_lanes)[:, which] for array in (state.label, state.factor, state.logit))
        label, factor, logit = (np.ascontiguousarray(part) for part in parts)
        return label, factor, logit, state.weights[:, -1].reshape(-1)[which]

    def squared_norm(self, weights):
        """w' L w over the columns of more than one entry, (blocks * width,)."""
        numbered, inverse = weights[:, : self._n_numbered], self._rows.inverse[: self._n_numbered]
        if is_one_number(inverse):
            return np.einsum("bjk,bjk->bk", numbered, numbered).ravel() / self._rows.inverse[0]
        return np.einsum("bjk,bjk,j->bk", numbered, numbered, 1.0 / inverse).ravel()

    def epoch(self, state, free):
        """Visit all rows once, in random order; returns the gain of each dual, an estimate, (blocks * width,)."""
        self._count(1)
        rows = self._rows
        gains = dual_ascent_labels.epoch(
            *rows.arrays,
            rows.order(),
            rows.group,
            state.label,
            self.weight,
            state.factor,
            rows.norms + free,
            rows.own,
            rows.inverse,
            free,
            state.logit,
            state.residual,
            state.weights,
            self.n_threads,
        )
        return gains.ravel()

    def implied(self, change):
        """Weights  L^-1 X' change, (blocks, m + 2, width), for change (n, K): a pass."""
        return self._adjoint(change, self._rows.inverse)

    def _adjoint(self, u, inverse):
        self._count(1)
        blocks, width = shape = lane_shape(u.shape[1], self.n_threads)
        out = aligned_zeros((blocks, self._n_numbered + 2, width))
        dual_ascent_labels.adjoint(*self._rows.arrays, in_lanes(u, shape), inverse, out, self.n_threads)
        return out

    def predict(self, weights, change):
        """X w, (n, K), for the weights that `change` implies: a pass."""
        self._count(1)
        blocks, _, width = weights.shape
        out = np.empty((blocks, self.shape[0], width))
        dual_ascent_labels.forward(*self._rows.arrays, weights, out, self.n_threads)
        eta = from_lanes(out, change.shape[1])
        if self.own.any():
            eta += self.own[:, None] * change
        return eta

    def largest_adjoint(self, u):
        """max_j |X' u|_j for each label, (K,): a pass."""
        return self._largest(self._adjoint(u, np.broadcast_to(1.0, (self._n_numbered + 1,))), u)

    def largest_of(self, weights, change):
        """max_j |X' change|_j, (K,), from the weights that `change` implies."""
        inverse = self._rows.inverse[: self._n_numbered]
        if is_one_number(inverse):
            return self._largest(weights, change, float(self._rows.inverse[0]))
        return self._largest(weights[:, : self._n_numbered] / inverse[:, None], change)

    def _largest(self, product, u, scale=1.0):
        """max_j |X' u|_j, (K,), given scale times that product in the columns of more than one entry."""
        numbered = product[:, : self._n_numbered]
        peaks = np.maximum(numbered.max(axis=1, initial=0.0), -numbered.min(axis=1, initial=0.0))
        peaks = peaks.ravel()[: u.shape[1]] / scale
        dual_ascent_labels.lonely_peaks(self._home, self._value, u, peaks)
        return peaks

    def nonzeros(self, weights, change):
        """Coefficients that are not zero, (K,)."""
        numbered = np.count_nonzero(weights[:, : self._n_numbered], axis=1).ravel()[: change.shape[1]]
        if not self.own.any():
            return numbered
        alone = np.bincount(self._home[self._home >= 0], minlength=self.shape[0])
        return numbered + alone @ (change != 0.0)

    def coefficients(self, weights, change):
        """(K, p) coefficients of all labels."""
        n_labels = change.shape[1]
        out = np.empty((n_labels, self.shape[1]))
        width = weights.shape[2]
        for b, block in enumerate(weights):
            mine = slice(b * width, min((b + 1) * width, n_labels))
            u, positions = np.ascontiguousarray(change[:, mine]), np.arange(mine.stop - mine.start)
            where = self._number, self._home, self._value, self._of_columns
            dual_ascent_labels.coefficients(*where, block, u, positions, out[mine], self.n_threads)
        return out
