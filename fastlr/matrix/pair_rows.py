"""Row state of a softmax fit over pairs of a column and a class."""

from fastlr.linalg.class_blocks import curvature_roots
from fastlr.matrix.softmax_rows import ClassRows


class PairRows(ClassRows):
    """The same rows over a PairMatrix, coefficients (m, 1), one for each pair; states and pass counter are shared."""

    def restrict(self, pairs):
        """The same rows over these pairs alone."""
        return self.over(PairRows, self.matrix.restrict(pairs))

    def forward(self, coef):
        """X coef, (n, K)."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.forward(coef[:, 0])

    def adjoint(self, u, out=None):
        """x_j . u_k for each pair, (m, 1); into `out` if it is given."""
        self.counter.entries_read += self.matrix.nnz
        found = self.matrix.adjoint(u)[:, None]
        if out is None:
            return found
        out[:] = found
        return out

    def hessian_product(self, state, v, out):
        """out = X' D X v, (m, 1); returns X v, (n, K)."""
        Xd = self.forward(v)
        self.adjoint(self.curved(state, Xd), out)
        return Xd

    def root(self, state):
        """[B_i x_i] over pairs, (n K, m), and [B_i] over intercepts, (n K, K), with B_i' B_i = D_i."""
        roots = curvature_roots(self.weight, state.curvature)
        n, K = state.curvature.shape
        self.counter.entries_read += self.matrix.nnz
        out = roots[:, :, self.matrix.label] * self.matrix.entries()[:, None, :]
        self.counter.note_temporary(out.nbytes)
        return out.reshape(n * K, -1), roots.reshape(n * K, K)

    def own_curvature(self, state):
        """The diagonals of D_i, (n, K)."""
        p = state.curvature
        return self.weight[:, None] * (p * (1.0 - p))

    def squares(self, curvature):
        """sum_i curvature_ik x_ij^2 for each pair, (m, 1)."""
        self.counter.entries_read += self.matrix.nnz
        return self.matrix.squares(curvature)[:, None]

    def gram(self, state):
        """X' [D_i]_i X over pairs, (m, m), and X' [D_i]_i, (m, K)."""
        self.counter.entries_read += 2 * self.matrix.nnz
        hessian, beside, copied_bytes = self.matrix.gram(self.weight, state.curvature)
        self.counter.note_temporary(copied_bytes)
        return hessian, beside

    def coordinate_epochs(self, state, trace_D, by_pair, tolerance, max_epochs):
        """delta (m, 1) after coordinate descent on a quadratic model."""
        p = state.curvature
        delta, made = self.matrix.coordinate_epochs(self.weight, p, trace_D, by_pair, tolerance, max_epochs)
        self.counter.entries_read += made * self.matrix.nnz
        return delta[:, None]

    def check_finite(self, gradient):
        """Nothing: the columns come from rows that have been checked."""
