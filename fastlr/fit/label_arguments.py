"""The arguments of fit_one_vs_rest that tell of K problems: labels, their weights, where to start."""

from abc import ABC, abstractmethod

import numpy as np
import scipy.sparse as sp

from fastlr.fit import arguments
from fastlr.validation.containers import as_array
from fastlr.validation.numbers import amounts, from_objects

#: Entries of a dense indicator that are checked at a time.
CHECKED = 1 << 22


class Labels(ABC):
    """What K labels are in each of n rows, zeros and ones; the classes below say how they are stored.

    Attributes
    ----------
    n_rows, n_labels : int
        n and K.
    is_sparse : bool
        Whether they came as a sparse matrix.
    """

    n_rows: int
    n_labels: int
    is_sparse = False

    @abstractmethod
    def column(self, k):
        """Label k as (n,) float64 of zeros and ones."""

    @abstractmethod
    def block(self, which):
        """Labels of these numbers as (n, len(which)) uint8, C order."""

    @abstractmethod
    def sums(self, values):
        """Sum of values (n,) over the rows of each label, (K,)."""


class ClassNumbers(Labels):
    """Labels given as one class number for each row, (n,) int64: label k is 1 in the rows of class k."""

    def __init__(self, numbers_of_rows, n_labels):
        self.numbers_of_rows = numbers_of_rows
        self.n_rows, self.n_labels = len(numbers_of_rows), n_labels

    def column(self, k):
        return (self.numbers_of_rows == k).astype(np.float64)

    def block(self, which):
        return (self.numbers_of_rows[:, None] == which).astype(np.uint8)

    def sums(self, values):
        return np.bincount(self.numbers_of_rows, values, minlength=self.n_labels)


class Indicator(Labels):
    """Labels given as a matrix (n, K) of zeros and ones, of any type."""

    def __init__(self, matrix):
        self._matrix = matrix
        self.n_rows, self.n_labels = matrix.shape

    def column(self, k):
        return np.ascontiguousarray(self._matrix[:, k], dtype=np.float64)

    def block(self, which):
        return np.ascontiguousarray(self._matrix[:, which], dtype=np.uint8)

    def sums(self, values):
        columns = max(1, CHECKED // len(values))
        begins = range(0, self.n_labels, columns)
        return np.concatenate([values @ self._matrix[:, k : k + columns].astype(np.float64) for k in begins])


class SparseIndicator(Indicator):
    """The same as a CSC matrix without stored zeros."""

    is_sparse = True

    def column(self, k):
        return self.block(np.array([k]))[:, 0].astype(np.float64)

    def block(self, which):
        return np.ascontiguousarray(self._matrix[:, which].toarray(), dtype=np.uint8)

    def sums(self, values):
        return self._matrix.T @ values


class NotBinary(ValueError):
    """A matrix of labels holds something else than zeros and ones: `value`, in row `row` of label `label`."""

    def __init__(self, value, row, label):
        super().__init__(f"{value} at row {row}, label {label}")
        self.value, self.row, self.label = value, int(row), int(label)


def indicator(Y):
    """Labels out of a matrix (n, K) of numbers or booleans, an array or sparse, each entry looked at once.

    Raises
    ------
    NotBinary
        For the first entry that is neither 0 nor 1; entries of sparse Y that are repeated count together.
    """
    return _sparse_indicator(Y) if sp.issparse(Y) else _dense_indicator(Y)


def _dense_indicator(Y):
    if Y.dtype.kind != "b":
        rows = max(1, CHECKED // Y.shape[1])
        for begin in range(0, len(Y), rows):
            part = Y[begin : begin + rows]
            wrong = np.argwhere((part != 0) & (part != 1))
            if len(wrong):
                i, k = wrong[0]
                raise NotBinary(part[i, k], begin + i, k)
    return Indicator(Y)


def _sparse_indicator(Y):
    matrix = sp.csc_array(Y, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    wrong = np.flatnonzero(matrix.data != 1)
    if len(wrong):
        k = np.searchsorted(matrix.indptr, wrong[0], side="right") - 1
        raise NotBinary(matrix.data[wrong[0]], matrix.indices[wrong[0]], k)
    matrix.data = np.ones(matrix.nnz, dtype=np.uint8)
    return SparseIndicator(matrix)


def one_sided(present, total):
    """Numbers of the labels that occur in none or in all of `total` rows; `present` (K,) are the rows of each."""
    return np.flatnonzero((present == 0) | (present == total))


def labels(Y, n, n_classes, counts):
    """What Y says, as Labels.

    `counts` (n,) tells the rows of positive weight, among which each label must be there and not be there.
    """
    if type(Y) is arguments.Checked:
        return Y.value
    if sp.issparse(Y) and Y.ndim == 2:
        out = _indicator_of_rows(Y, n)
    elif (array := as_array("Y", Y)).ndim == 2:
        out = _indicator_of_rows(array, n)
    else:
        out = ClassNumbers(*_class_numbers(Y, n, n_classes))
    if n_classes is not None and n_classes != out.n_labels:
        raise ValueError(f"Y has {out.n_labels} columns, expected n_classes={n_classes}")
    _check_two_sides(out.sums(counts.astype(np.float64)), int(np.count_nonzero(counts)), n)
    return out


def _class_numbers(Y, n, n_classes):
    try:
        numbers_of_rows, n_labels = arguments.class_numbers(Y, n, n_classes)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Y as class numbers: {error}") from None
    if n_labels > n:
        raise ValueError(f"Y tells of {n_labels} classes in {n} rows: expected each class in some row")
    return numbers_of_rows, n_labels


def _indicator_of_rows(Y, n):
    """The Labels of a matrix Y with a row for each of X."""
    if Y.shape[0] != n or Y.shape[1] == 0:
        raise ValueError(f"Y has shape {Y.shape}, expected ({n}, K) with K >= 1, one row for each row of X")
    if Y.dtype.kind == "O" and not sp.issparse(Y):
        try:
            Y = from_objects(Y)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"Y holds something else than numbers: {error}") from error
    if Y.dtype.kind not in "biuf":
        raise TypeError(f"Y has dtype {Y.dtype}, expected zeros and ones")
    try:
        return indicator(Y)
    except NotBinary as error:
        raise ValueError(f"Y holds {error}: expected zeros and ones") from None


def _check_two_sides(present, total, n):
    wrong = one_sided(present, total)
    if len(wrong):
        k = int(wrong[0])
        rows = "row" if total == n else "row of positive sample_weight"
        found = "no" if present[k] == 0 else "every"
        raise ValueError(
            f"Y: label {k} occurs in {found} {rows} ({len(wrong)} of {len(present)} labels are one-sided): "
            "expected each label to be 0 in some rows and 1 in others"
        )


def label_weights(given, n_labels):
    """(K, 2) weights of rows without and with each label; None where all are one."""
    if given is None:
        return None
    try:
        array = amounts("label_weight", given)
    except TypeError as error:
        raise TypeError(f"label_weight={given!r}: expected numbers") from error
    if array.shape not in ((2,), (n_labels, 2)):
        raise ValueError(f"label_weight has shape {array.shape}, expected (2,) or ({n_labels}, 2)")
    if not (np.isfinite(array).all() and (array > 0).all()):
        raise ValueError(f"label_weight={given!r}: expected finite positive numbers")
    return np.broadcast_to(array, (n_labels, 2))


def starts(given, n_labels, p, fit_intercept):
    """(coef (K, p), intercept (K,)) to start from, or None; intercepts that are not fitted are zero."""
    if given is None:
        return None
    if not isinstance(given, (tuple, list)):
        raise TypeError(f"start={given!r}: expected (coef, intercept), one result for each label, or None")
    if all(hasattr(one, "coef") for one in given):
        if len(given) != n_labels:
            raise ValueError(f"start has {len(given)} results, expected {n_labels}: one for each label")
        given = [one.coef for one in given], [one.intercept for one in given]
    if len(given) != 2:
        raise TypeError(f"start={given!r}: expected (coef, intercept), one result for each label, or None")
    shapes = np.shape(given[0]), np.shape(given[1])
    if shapes != ((n_labels, p), (n_labels,)):
        raise ValueError(f"start has shapes {shapes}, expected {((n_labels, p), (n_labels,))}: all labels")
    coef = arguments.vector("start", np.asarray(given[0]).ravel(), n_labels * p, "the coefficients")
    intercept = arguments.vector("start", given[1], n_labels, "the labels")
    return coef.reshape(n_labels, p), intercept if fit_intercept else np.zeros(n_labels)
