"""Predictions from X less a centre, subtracted from a block of rows at a time: no copy of X is made."""

import numpy as np

from fastlr.kernels import predict
from fastlr.matrix.convert import as_matrix
from fastlr.matrix.predictions import Output

#: Entries of a block, implicit zeros included; its rows are a multiple of ROWS, as those of all kernels of outputs.
ENTRIES, ROWS = 1 << 18, 64


class CentredRows:
    """The products that predictions need (predictions.py, class_predictions.py), of X - centre in float64.

    Parameters
    ----------
    matrix : InMemoryMatrix
    centre : ndarray of shape (p,)
    """

    def __init__(self, matrix, centre):
        self.shape = matrix.shape
        self._centre = centre
        self._n_threads = matrix.n_threads
        self._by_rows = matrix if matrix.can_split_rows else as_matrix(matrix.X.tocsr(), matrix.n_threads)

    def predict(self, v, shift, output):
        """Hand (X - centre) v + shift to an Output; whether all of it is finite."""
        eta = np.empty(self.shape[0])
        for begin, end, block in self._blocks():
            block.predict(v, shift, Output(predict.LINEAR, eta[begin:end]))
        return predict.predict(eta, *output.for_kernels(), self._n_threads)

    def predict_many(self, coef, intercept, output, n_threads):
        """Hand (X - centre) coef' + intercept to a ClassOutput; whether all of it is finite."""
        parts = [
            block.predict_many(coef, intercept, output.of_rows(begin, end), n_threads)
            for begin, end, block in self._blocks()
        ]
        return all(parts)

    def _blocks(self):
        """(begin, end, matrix over these rows less the centre), one after the other."""
        n, p = self.shape
        rows = max(1, ENTRIES // p // ROWS) * ROWS
        for begin in range(0, n, rows):
            end = min(n, begin + rows)
            entries = self._by_rows.between(begin, end).X.astype(np.float64)
            yield begin, end, as_matrix(entries, self._n_threads).centred(self._centre)
