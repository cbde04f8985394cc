"""Columns of X in which only some of the K coefficients of each take part."""

import numpy as np

from fastlr.kernels import coordinate_descent_classes

#: Price of the work for each row and class beside a pass (exponentials, transposition), in readings of entries.
ROW = 10


class PairMatrix:
    """A copy of columns, laid out by column, and the pairs of a column and a class that take part.

    Vectors over pairs are (m,), in the order in which the pairs were given; matrices over rows are (n, K).

    Parameters
    ----------
    columns : fastlr.matrix.base.InMemoryMatrix
        What `gather` returns.
    column, label : ndarray of shape (m,), int64
        Number of the column, and class, of each pair.
    n_classes : int
    """

    # A Hessian is made only where epochs over the columns have stalled: it replaces some hundred passes.  (Measured on
    # 20newsgroups at lambda_max / 100, 2,900 coefficients: 20 s with it, 33 s with Newton steps on the support.)
    few_for_hessian = 3500
    worth_of_hessian = 8.0

    def __init__(self, columns, column, label, n_classes):
        self._columns = columns
        self._arrays = columns.by_column()
        self._column, self.label = column, label
        self._order = np.argsort(label, kind="stable")
        self._sorted = column[self._order], label[self._order]
        self._begin = np.searchsorted(self._sorted[1], np.arange(n_classes + 1)).astype(np.int64)
        self.n_classes = n_classes
        self.shape = columns.shape[0], len(column)
        self.n_threads = columns.n_threads
        self.copied_bytes = columns.copied_bytes
        self._entries = int(columns.column_counts()[column].sum())
        #: Entries of one pass: reading an entry for one of K classes counts as a K-th of a reading.
        self.nnz = self._entries // n_classes

    def gram_price(self):
        """Price of `gram`, in passes: an estimate."""
        pass_of_all = self._entries + ROW * self.shape[0] * self.n_classes
        return self._columns.repeated_gram_price(self._column) / max(1, pass_of_all)

    def gram(self, weight, p):
        """X' [D_i]_i X between pairs, (m, m), and X' [D_i]_i between pairs and intercepts, (m, K), with
        D_i = weight_i (diag(p_i) - p_i p_i'); bytes of the copies that this took."""
        shares = weight[:, None] * p
        products = self._columns.multiplied(self._column, p[:, self.label])
        out, beside, copied_bytes = products.gram(weight), products.adjoint_many(shares), products.copied_bytes
        del products
        np.negative(out, out=out)
        np.negative(beside, out=beside)
        # p - p^2 would lose the digits of a probability near 1 as a difference of sums
        own_curvature = shares * (1.0 - p)
        for k in range(self.n_classes):
            own = np.flatnonzero(self.label == k)
            if len(own):
                block = self._columns.gather(self._column[own]).gram(np.ascontiguousarray(own_curvature[:, k]))
                out[np.ix_(own, own)] = block
        beside[np.arange(len(beside)), self.label] = self.adjoint(own_curvature)
        return out, beside, copied_bytes

    def mean_squares(self, weight):
        """Weighted mean squares of the column of each pair, (m,), estimated; entries read; bytes copied."""
        squares, *price = self._columns.mean_squares(weight)
        return squares[self._column], *price

    def entries(self):
        """The column of each pair, (n, m)."""
        n, p = self._columns.shape
        return self._columns.take(np.arange(n), np.arange(p))[:, self._column]

    def restrict(self, pairs):
        """These pairs alone, over the same copy."""
        return PairMatrix(self._columns, self._column[pairs], self.label[pairs], self.n_classes)

    def forward(self, coef):
        """X coef, (n, K)."""
        out = np.zeros((self.n_classes, self.shape[0]))
        coordinate_descent_classes.forward(
            *self._arrays, self._begin, self._sorted[0], coef[self._order], out, self.n_threads
        )
        return np.ascontiguousarray(out.T)

    def adjoint(self, u):
        """x_j . u_k for each pair (j, k)."""
        return self._by_pair(coordinate_descent_classes.adjoint, u)

    def squares(self, d):
        """sum_i d_ik x_ij^2 for each pair (j, k)."""
        return self._by_pair(coordinate_descent_classes.squares, d)

    def _by_pair(self, kernel, u):
        sums = np.empty(self.shape[1])
        kernel(*self._arrays, *self._sorted, np.ascontiguousarray(u.T), sums, self.n_threads)
        return self._unsorted(sums)

    def _unsorted(self, values):
        out = np.empty_like(values)
        out[self._order] = values
        return out

    def coordinate_epochs(self, weight, p, trace_D, by_pair, tolerance, max_epochs):
        """Coordinate descent on a quadratic model; see kernels/coordinate_descent_classes.pyx.

        `by_pair` holds gradient, diagonal, XtD1, l1, l2 and coef.  Returns (delta (m,), epochs made).
        """
        gradient, diagonal, XtD1, l1, l2, coef = (np.ascontiguousarray(values[self._order]) for values in by_pair)
        n, K = p.shape
        delta, eta = np.zeros(self.shape[1]), np.zeros((K, n))
        made = coordinate_descent_classes.epochs(
            *self._arrays,
            self._begin,
            self._sorted[0],
            self._visits(),
            weight,
            np.ascontiguousarray(p.T),
            gradient,
            diagonal,
            XtD1,
            trace_D,
            l1,
            l2,
            coef,
            delta,
            eta,
            np.empty((7, n)),
            tolerance,
            max_epochs,
            self.n_threads,
        )
        return self._unsorted(delta), made

    def _visits(self):
        """Classes in the order of their visits, two slots in each row: one after the other."""
        order = np.full((self.n_classes, 2), -1, dtype=np.int64)
        order[:, 0] = np.arange(self.n_classes)
        return order
