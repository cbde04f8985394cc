"""Predictions of a fitted model of K classes for new rows, in one pass over X: functions of X coef' + intercept.

Each function takes a matrix, coef (K, p) float32 or float64, intercept (K,) and a number of threads, and returns what
it computed together with whether all linear predictors are finite, as in predictions.py.  Linear predictors live a
block of rows at a time, ROWS x K numbers for each thread; nothing else of size n x K is made but an answer of that
size.

`link` is one of

    SOFTMAX       p_k = exp(eta_k) / sum_j exp(eta_j)
    ONE_VS_REST   p_k = sigma(eta_k) / sum_j sigma(eta_j)
    SIGMOID       p_k = sigma(eta_k): the classes do not exclude each other
"""

from dataclasses import dataclass, replace

import numpy as np

from fastlr.kernels import predict_classes

SOFTMAX, ONE_VS_REST, SIGMOID = predict_classes.SOFTMAX, predict_classes.ONE_VS_REST, predict_classes.SIGMOID

#: Rows of a block: dense X meets all coefficients once for each block, and with many classes they come from memory;
#: sparse X meets a few of them for each entry, and wants linear predictors to stay in the cache.
MOST_ROWS, FEWEST_ROWS = 64, 16
#: Linear predictors of a block of sparse rows, where that leaves enough rows.
ENTRIES = 1 << 16
#: Positive linear predictors of a row that `positives` has room for at first.
ROOM = 16


@dataclass(frozen=True)
class ClassOutput:
    """The function of K linear predictors a row to compute, and the arrays that take it; see predict_classes.pyx."""

    kind: int
    out: np.ndarray
    link: int = SOFTMAX
    index: np.ndarray | None = None
    k: int = 0
    label: np.ndarray | None = None
    start: np.ndarray | None = None
    weight: np.ndarray | None = None
    scale: float = 1.0

    def of_rows(self, begin, end):
        """The output of these rows alone; begin is a multiple of MOST_ROWS."""
        rows = slice(begin, end)
        sums = slice(begin // FEWEST_ROWS, -(-end // FEWEST_ROWS))
        in_lists = self.start is not None
        return replace(
            self,
            out=self.out[sums if self.kind == predict_classes.LOSS else rows],
            index=self.index if in_lists or self.index is None else self.index[begin * self.k : end * self.k],
            label=self.label if in_lists or self.label is None else self.label[rows],
            start=self.start[begin : end + 1] if in_lists else None,
            weight=None if self.weight is None else self.weight[rows],
        )

    def for_kernels(self):
        """The arguments kind, link, single, out, index, k, label, start, weight, scale of the kernels."""
        raw = self.out.reshape(-1).view(np.uint8)
        targets = self.label, self.start, self.weight, self.scale
        return self.kind, self.link, self.out.dtype == np.float32, raw, self.index, self.k, *targets


def sparse_rows(K):
    """Rows of sparse X whose linear predictors are in scratch at a time."""
    return max(FEWEST_ROWS, min(MOST_ROWS, ENTRIES // K // 8 * 8))


def scratch(rows, width, n_threads):
    """Two blocks of rows of `width` numbers for each thread."""
    return np.empty((n_threads, 2, rows * width))


def linear_predictors(matrix, coef, intercept, n_threads, dtype):
    """X coef' + intercept, shape (n, K), stored as `dtype` (float64 or float32)."""
    out = np.empty((matrix.shape[0], len(coef)), dtype)
    return out, matrix.predict_many(coef, intercept, ClassOutput(predict_classes.LINEAR, out), n_threads)


def probabilities(matrix, coef, intercept, n_threads, dtype, link):
    """Probabilities of the classes, shape (n, K)."""
    out = np.empty((matrix.shape[0], len(coef)), dtype)
    return out, matrix.predict_many(coef, intercept, ClassOutput(predict_classes.PROBABILITY, out, link), n_threads)


def log_probabilities(matrix, coef, intercept, n_threads, dtype, link):
    """Logarithms of the probabilities, shape (n, K), finite also where a probability underflows."""
    out = np.empty((matrix.shape[0], len(coef)), dtype)
    return out, matrix.predict_many(coef, intercept, ClassOutput(predict_classes.LOG_PROBABILITY, out, link), n_threads)


def labels(matrix, coef, intercept, n_threads):
    """The class of the largest linear predictor, ties to the first, shape (n,) int64."""
    out = np.empty(matrix.shape[0], np.int64)
    return out, matrix.predict_many(coef, intercept, ClassOutput(predict_classes.LABEL, out), n_threads)


def top(matrix, coef, intercept, n_threads, dtype, link, k):
    """The k most probable classes, most probable first, ties to the earlier: ((n, k) int64, (n, k) probabilities)."""
    n = matrix.shape[0]
    index, out = np.empty((n, k), np.int64), np.empty((n, k), dtype)
    output = ClassOutput(predict_classes.TOP, out, link, index.reshape(-1), k)
    return (index, out), matrix.predict_many(coef, intercept, output, n_threads)


def indicator(matrix, coef, intercept, n_threads):
    """1 where a linear predictor is positive, else 0, shape (n, K) int64."""
    out = np.empty((matrix.shape[0], len(coef)), np.int64)
    return out, matrix.predict_many(coef, intercept, ClassOutput(predict_classes.INDICATOR, out), n_threads)


def positives(matrix, coef, intercept, n_threads):
    """The classes of positive linear predictors, as indptr (n + 1,) and indices of a CSR matrix, both int64.

    Where a row has more than ROOM of them, X is read a second time, with room for all.
    """
    n = matrix.shape[0]
    count = np.empty(n, np.int64)
    start = np.arange(0, (n + 1) * ROOM, ROOM)
    index = np.empty(n * ROOM, np.int64)
    output = ClassOutput(predict_classes.POSITIVE, count, index=index, start=start)
    finite = matrix.predict_many(coef, intercept, output, n_threads)
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(count, out=indptr[1:])
    if count.max() <= ROOM:
        return (indptr, index.reshape(n, ROOM)[np.arange(ROOM) < count[:, None]]), finite
    index = np.empty(indptr[-1], np.int64)
    output = ClassOutput(predict_classes.POSITIVE, count, index=index, start=indptr)
    return (indptr, index), matrix.predict_many(coef, intercept, output, n_threads)


def mean_loss(matrix, coef, intercept, n_threads, link, label, start=None, weight=None):
    """Weighted mean of -log p of the labels; with SIGMOID of the log-losses of a row's K labels, added up.

    Parameters
    ----------
    label : ndarray of int64
        Shape (n,): the class of each row.  With SIGMOID the labels of all rows, one row after the other.
    start : ndarray of shape (n + 1,), int64
        With SIGMOID: where each row begins in `label`.
    weight : ndarray of shape (n,), float64, sum one; None for equal weights
    """
    n = matrix.shape[0]
    sums = np.zeros(-(-n // FEWEST_ROWS))
    scale = 1.0 / n if weight is None else 1.0
    output = ClassOutput(predict_classes.LOSS, sums, link, label=label, start=start, weight=weight, scale=scale)
    finite = matrix.predict_many(coef, intercept, output, n_threads)
    return float(sums.sum()), finite
