"""Where X lies, and the passes it answers."""

from abc import ABC, abstractmethod
from functools import lru_cache

import numpy as np

from fastlr.kernels import loss_softmax
from fastlr.losses.logistic import LogisticLoss
from fastlr.matrix.pass_counter import PassCounter
from fastlr.matrix.rows import Rows
from fastlr.matrix.shallow_copy import shallow_copy
from fastlr.validation.cells import not_finite

#: Below this many entries a second thread costs more than it brings (measured: bench/README.md).
ENTRIES_PER_THREAD = 30_000
#: Columns up to which each chunk of rows has its own sums for X' D X (measured: threads gain nothing there otherwise).
FEW_FOR_GRAM = 128
#: Rows that tell whether columns are far from zero; how far, beside their range in these rows, is far; and beyond
#: what size columns are that do not vary there.  (Mean over standard deviation: about 1e3.)
LOOKED_AT, FAR, CONSTANT = 8, 2000.0, 1e6
#: Rows that tell the mean squares of columns.
SAMPLED_ROWS = 512


@lru_cache
def _spread(n):
    """Evenly spaced numbers below n, LOOKED_AT at the most."""
    count = min(n, LOOKED_AT)
    return np.arange(count) * (n - 1) // max(1, count - 1)


def worthwhile_threads(entries, n_threads):
    """Number of threads for so many entries, 1 to n_threads."""
    return max(1, min(n_threads, entries // ENTRIES_PER_THREAD))


def is_difference(less, entries, centre):
    """Whether `less` holds entries - centre as exactly as float64 does."""
    return bool(np.all(less == entries - np.asarray(centre, dtype=np.float64)))


def gram_chunk(n):
    """Rows of a chunk, a multiple of 64: at most 16 chunks, none of them too small for its sums."""
    return max(1024, -(-n // 1024) * 64)


class InMemoryMatrix(ABC):
    """X in the memory of this process.  Subclasses know one storage layout each.

    Attributes
    ----------
    shape : (n, p)
    nnz : int
        Stored entries.
    dtype : float32 or float64
    n_threads : int
        At the most: few entries get fewer.
    copied_bytes : int
        Bytes of X that were copied to make this matrix; 0 if X is used as it came.
    names : list or None
        Of the columns, if X came with names.
    taken : ndarray of shape (p,), or 0
        The number that was subtracted from the entries of each column; see `centred`.
    precision : float32 or float64
        To what type entries have been rounded: the dtype, but for copies of float32 that are exact in float64.
    """

    names = None
    taken = 0.0

    def __init__(self, X, nnz, n_threads, copied_bytes=0):
        self.X = X
        self.shape = X.shape
        self.dtype = self.precision = X.dtype
        self.nnz = nnz
        self.n_threads = worthwhile_threads(nnz, n_threads)
        self.copied_bytes = copied_bytes

    def bind(self, y, weight, offset=None):
        """Row state for targets y in [0, 1] and normalised weights: the handle through which passes are made.

        Fits that share a matrix, also at the same time in several threads, share X and have scratch of their own.
        """
        own = shallow_copy(self)
        own.renew_scratch()
        counter = PassCounter(self.nnz, self.copied_bytes)
        return Rows(own, LogisticLoss(y, weight, self.n_threads), offset, counter)

    @abstractmethod
    def renew_scratch(self):
        """Drop scratch arrays that a shallow copy of this object shares with it."""

    # Products that every layout has, for vectors v (p,) and u, d, eta, Xd (n,); `reads` counts readings of X.

    @abstractmethod
    def forward(self, v, shift, eta):
        """eta += X v + shift, in place."""

    @abstractmethod
    def adjoint(self, u):
        """X' u, shape (p,)."""

    def adjoint_pair(self, u, d):
        """X' u and X' d, two arrays of shape (p,)."""
        return self.adjoint(u), self.adjoint(d)

    @abstractmethod
    def forward_many(self, V):
        """X V, shape (n, K), for V (p, K), C order."""

    @abstractmethod
    def adjoint_many(self, U, out=None):
        """X' U, shape (p, K), for U (n, K), C order; into `out` if it is given."""

    def class_hessian_product(self, p, weight, V, Xd, out):
        """Xd = X V, (n, K);  out = X' [weight_i (diag(p_i) - p_i p_i') Xd_i]_i, (p, K)."""
        Xd[:] = self.forward_many(V)
        curved = np.empty_like(Xd)
        loss_softmax.curve(p, weight, Xd, curved, self.n_threads)
        self.adjoint_many(curved, out)

    def class_loss_gradient(self, V, labels, weight, eta, p, out):
        """eta = X V and p = softmax(eta), (n, K);  out = X' [weight_i (p_i - y_i)]_i, (p, K); returns the loss."""
        eta[:] = self.forward_many(V)
        residual = np.empty_like(eta)
        loss = loss_softmax.evaluate(eta, labels, weight, p, residual, self.n_threads)
        self.adjoint_many(residual, out)
        return loss

    def class_product_reads(self, K):
        """Readings of X per call of class_hessian_product and class_loss_gradient."""
        return 2

    @abstractmethod
    def squares(self, d):
        """sum_i d_i x_ij^2 for each column, shape (p,)."""

    @abstractmethod
    def hessian_product(self, curvature, v, shift, Xd, out):
        """Xd = X v + shift, (n,);  out = X' (curvature * Xd), (p,)."""

    def column_shares(self, every):
        """Share of the rows in which columns 0, every, 2 every... have an entry; NaN where it is not known."""
        return np.ones(-(-self.shape[1] // every))

    def absolute_sums(self, d):
        """sum_i d_i |x_ij| for each column, shape (p,); None for dense X, where it tells columns hardly apart."""
        return None

    def share(self, columns):
        """Share of the entries of X that lie in these columns: an estimate."""
        return len(columns) / self.shape[1]

    @abstractmethod
    def gram(self, weights):
        """X' diag(weights) X, shape (p, p); weights (n,) of any sign."""

    @abstractmethod
    def every_kth_row(self, every):
        """The matrix over every k-th row: in place, or a copy of these rows."""

    def far_centres(self, weight=None):
        """Centres (p,): an entry of each column that a few rows of positive weight show far from zero, in units of its
        range there, else 0; None where no column is."""
        n, centre = self.shape[0], np.zeros(self.shape[1])
        if weight is None or weight.all():
            return centre if self._fill_centres(_spread(n), n, FAR, centre) else None
        counted = np.flatnonzero(weight)
        return centre if self._fill_centres(counted[_spread(len(counted))], len(counted), FAR, centre) else None

    def lies_beyond(self, ranges):
        """Whether, in a few rows, a column is farther from zero than `ranges` times its range there."""
        n = self.shape[0]
        return self._fill_centres(_spread(n), n, ranges, np.zeros(self.shape[1])) > 0

    @abstractmethod
    def _fill_centres(self, rows, n_counted, far, centre):
        """Fill `centre` (p,), zeros, for far_centres from these rows; the number of columns filled.

        `n_counted` rows have positive weight; `far` is a number of ranges.
        """

    def centred(self, centre):
        """A copy in which centre[j] is subtracted from every entry of column j, implicit zeros included.

        Where centre[j] is an entry of a column far from zero the differences are exact; a copy of float32 in which they
        would not be is one of float64.
        """
        copy = self._centred(centre)
        copy.taken, copy.precision = self.taken + centre, self.precision
        return copy

    @abstractmethod
    def _centred(self, centre):
        """The copy for `centred`."""

    def mean_squares(self, weight):
        """Weighted mean squares of the columns, (p,), estimated from a sample of rows; entries read; bytes copied."""
        every = max(1, self.shape[0] // SAMPLED_ROWS)
        sample, weight = self if every == 1 else self.every_kth_row(every), np.ascontiguousarray(weight[::every])
        total = weight.sum()
        squares = sample.squares(weight / total if total > 0.0 else weight)
        return squares, sample.nnz, 0 if every == 1 else sample.copied_bytes

    def between(self, begin, end):
        """The matrix over rows begin, ..., end - 1, in place; asks for `can_split_rows`."""
        raise NotImplementedError(f"{type(self).__name__} does not hold its rows one after the other")

    @abstractmethod
    def transposed(self):
        """The matrix over X', which shares the memory of X."""

    @property
    def gram_copies(self):
        """Bytes of X that `gram` copies."""
        return 0

    @abstractmethod
    def gram_price(self):
        """Price of `gram`, in passes: an estimate."""

    def loss_gradient(self, v, shift, loss, eta, residual, curvature):
        """eta += X v + shift; the loss there, and X' residual.  Fills curvature; residual is scratch."""
        self.forward(v, shift, eta)
        return loss.evaluate(eta, residual, curvature), self.adjoint(residual)

    @abstractmethod
    def predict(self, v, shift, output):
        """Hand X v + shift, rows in any order, to an Output (predictions.py); whether all of it is finite.

        Entries that meet a zero of v count too: NaN and infinity in X always show.
        """

    @abstractmethod
    def predict_many(self, coef, intercept, output, n_threads):
        """Hand X coef' + intercept, coef (K, p), to a ClassOutput (class_predictions.py); whether all of it is finite.

        NaN and infinity in X always show, as in `predict`.  n_threads is the number of threads, whatever that of the
        matrix is: K columns are worth more of them than one.
        """

    @abstractmethod
    def moments_about(self, centre, weight):
        """sum_i weight_i (x_ij - centre_j) and sum_i weight_i (x_ij - centre_j)^2, two arrays of shape (p,)."""

    @abstractmethod
    def row(self, i):
        """Row i as a float64 array of shape (p,)."""

    @abstractmethod
    def take(self, index, columns):
        """Rows of these numbers, in these columns: a fresh float64 array of shape (len(index), len(columns))."""

    def column_moments(self, weight):
        """Weighted mean and variance of each column, for weights (n,) with sum one; two readings of X.

        The first reading takes a row for the centre, so that a constant column has variance 0 exactly; the second
        takes the mean, so that a variance far below the square of the mean keeps its digits (Chan, Golub, LeVeque
        1983, the corrected two-pass algorithm).
        """
        some_row = self.row(int(np.argmax(weight > 0.0)))
        first, second = self.moments_about(some_row, weight)
        varies = second != 0.0
        mean = some_row + first
        first, second = self.moments_about(mean, weight)
        return mean + first, np.where(varies, np.maximum(second - first * first, 0.0), 0.0)

    @abstractmethod
    def gather(self, columns):
        """A matrix in memory with a copy of these columns, laid out for access by column."""

    def by_column(self):
        """(indptr, indices, data) of what `gather` returns; of a dense X the columns end to end, and no pointers."""
        raise NotImplementedError(f"{type(self).__name__} does not hold its columns one after the other")

    def column_counts(self):
        """Stored entries of each column of what `gather` returns, shape (p,)."""
        return np.full(self.shape[1], self.shape[0])

    def equal(self, other):
        """Whether each column of what `gather` returns is equal to the one of this number; other (p,)."""
        raise NotImplementedError(f"{type(self).__name__} does not hold its columns one after the other")

    def repeated_gram_price(self, columns):
        """Readings of an entry that X' D X takes of these columns of what `gather` returns, repeated as they are."""
        raise NotImplementedError(f"{type(self).__name__} does not hold its columns one after the other")

    def multiplied(self, columns, factors):
        """A matrix over a copy of these columns of what `gather` returns, each times one of `factors`, (n, m); laid out
        for X' D X."""
        raise NotImplementedError(f"{type(self).__name__} does not hold its columns one after the other")

    def select(self, columns):
        """A matrix in memory with a copy of these columns, laid out for passes."""
        return self.gather(columns)

    @abstractmethod
    def locate_nonfinite(self):
        """(row, column) of an entry that is NaN or infinite, or None."""

    def check_finite(self, gradient, weight):
        """Raise ValueError if X holds NaN or infinity, given X' residual, which shows them; entries read for it.

        Rows of weight zero leave no trace in a gradient: where there are any, one more pass looks at all rows.
        """
        finite, entries = np.isfinite(gradient).all(), 0
        if finite and not weight.all():
            finite, entries = np.isfinite(self.adjoint(np.ones(self.shape[0]))).all(), self.nnz
        if not finite:
            self.name_nonfinite()
        return entries

    def entry(self, row, column):
        """One entry of X."""
        return self.X[row, column]

    def name_nonfinite(self):
        """Raise ValueError with the place of an entry that is NaN or infinite, if X holds one."""
        where = self.locate_nonfinite()
        if where is not None:
            raise ValueError(not_finite(self.entry(*where), *where, self.names))

    #: columns up to which their Hessian is worth having
    few_for_hessian = 512
    #: factor on the number of passes that a Hessian may cost; more than 1 where steps by other means take more passes
    worth_of_hessian = 1.0

    #: whether the layout has `newton_iterations`, exact Newton compiled as a whole; see kernels/newton_small.pyx
    can_iterate = False

    #: whether the layout has `dual_rows(inverse)`, the fastlr.matrix.dual_rows.DualRows over X
    can_visit_rows = False

    #: whether a range of rows can be read in place
    can_split_rows = True

    #: readings of X per call of hessian_product and loss_gradient (2 where the two uses of an entry are far apart)
    product_reads = 1
    #: readings of X per call of adjoint_pair
    pair_reads = 2
