"""Row state of a softmax fit over gathered columns, all K coefficients of which take part."""

import numpy as np

from fastlr.kernels import coordinate_descent_groups
from fastlr.linalg.class_blocks import curvature_roots
from fastlr.matrix.softmax_rows import ClassRows


class GroupRows(ClassRows):
    """The same rows over what `gather` returns; states and the pass counter are shared."""

    def squares(self, d):
        """sum_i d_ik x_ij^2, (p K, 1), for d (n, K)."""
        self.counter.entries_read += self.matrix.nnz
        return np.column_stack([self.matrix.squares(np.ascontiguousarray(own)) for own in d.T]).reshape(-1, 1)

    def root(self, state):
        """[B_i x_i] over all coefficients, (n K, p K), and [B_i] over intercepts, (n K, K), with B_i' B_i = D_i."""
        roots = curvature_roots(self.weight, state.curvature)
        (n, K), p = state.eta.shape, self.matrix.shape[1]
        self.counter.entries_read += self.matrix.nnz
        X = self.matrix.take(np.arange(n), np.arange(p))
        out = np.einsum("ij,ilk->iljk", X, roots).reshape(n * K, p * K)
        self.counter.note_temporary(out.nbytes)
        return out, roots.reshape(n * K, K)

    def coordinate_epochs(self, state, model, tolerance, max_epochs):
        """delta (p K, 1) after block coordinate descent on a quadratic model; see the kernel coordinate_descent_groups.

        `model` holds gradient, curvature, inverse_coupling, l1, l2 and coef.
        """
        (n, K), p = state.eta.shape, self.matrix.shape[1]
        gradient, curvature, inverse_coupling, l1, l2, coef = model
        delta = np.zeros((p, K))
        made = coordinate_descent_groups.epochs(
            *self.matrix.by_column(),
            self.weight,
            state.curvature,
            gradient,
            curvature,
            inverse_coupling,
            l1,
            l2,
            coef,
            delta,
            np.zeros((n, K)),
            np.empty((3, K)),
            tolerance,
            max_epochs,
        )
        self.counter.entries_read += made * self.matrix.nnz
        return delta.reshape(-1, 1)

    def check_finite(self, gradient):
        """Nothing: the columns come from rows that have been checked."""
