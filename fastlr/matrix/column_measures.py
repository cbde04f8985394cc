"""Measures of the columns of X under the weights of a fit's rows."""

from abc import ABC, abstractmethod


class ColumnMeasures(ABC):
    """Rows of a fit over a matrix, as far as they do not depend on the loss.

    Attributes
    ----------
    matrix : fastlr.matrix.base.InMemoryMatrix
    counter : fastlr.matrix.pass_counter.PassCounter
    weight : ndarray
        Weights of the rows, as the loss takes them.
    measured : (ndarray of shape (p,), int, int), or None
        matrix.mean_squares for these weights, where it is known; set by whoever binds the same rows many times.
    """

    measured = None

    @abstractmethod
    def weight_of_rows(self):
        """The weights, one for each row, (n,)."""

    def mean_squares(self):
        """Weighted mean squares of the columns, (p,): an estimate."""
        if self.measured is None:
            self.measured = self.matrix.mean_squares(self.weight_of_rows())
        squares, entries, copied_bytes = self.measured
        self.counter.entries_read += entries
        self.counter.note_temporary(copied_bytes)
        return squares

    def absolute_sums(self):
        """sum_i weight_i |x_ij| for each column, (p,): one pass; None where that is of no use."""
        sums = self.matrix.absolute_sums(self.weight_of_rows())
        if sums is not None:
            self.counter.entries_read += self.matrix.nnz
        return sums

    def share(self, columns):
        """Share of the entries of X that lie in these columns: an estimate."""
        return self.matrix.share(columns)

    def check_finite(self, gradient):
        """Raise ValueError if X holds NaN or infinity; see InMemoryMatrix.check_finite."""
        self.counter.entries_read += self.matrix.check_finite(gradient, self.weight)
