"""The arguments of fit_one_vs_rest that tell of K problems: labels, their weights, where to start."""

import numpy as np
import scipy.sparse as sp

from fastlr.fit import arguments
from fastlr.validation.containers import as_array
from fastlr.validation.numbers import amounts, from_objects

#: Entries of a dense indicator that are checked at a time.
CHECKED = 1 << 22


class ClassNumbers:
    """Labels given as one class number for each row: label k is 1 in the rows of class k."""

    def __init__(self, numbers_of_rows, n_labels):
        self._numbers = numbers_of_rows
        self.n_labels = n_labels

    def column(self, k):
        """Label k as (n,) float64 of zeros and ones."""
        return (self._numbers == k).astype(np.float64)

    def block(self, which):
        """Labels of these numbers as (n, len(which)) uint8, C order."""
        return (self._numbers[:, None] == which).astype(np.uint8)

    def sums(self, values):
        """Sum of values (n,) over the rows of each label, (K,)."""
        return np.bincount(self._numbers, values, minlength=self.n_labels)


class Indicator:
    """Labels given as a matrix (n, K) of zeros and ones."""

    def __init__(self, matrix):
        self._matrix = matrix
        self.n_labels = matrix.shape[1]

    def column(self, k):
        """Label k as (n,) float64 of zeros and ones."""
        return np.ascontiguousarray(self._matrix[:, k], dtype=np.float64)

    def block(self, which):
        """Labels of these numbers as (n, len(which)) uint8, C order."""
        return np.ascontiguousarray(self._matrix[:, which], dtype=np.uint8)

    def sums(self, values):
        """Sum of values (n,) over the rows of each label, (K,)."""
        columns = max(1, CHECKED // len(values))
        begins = range(0, self.n_labels, columns)
        return np.concatenate([values @ self._matrix[:, k : k + columns].astype(np.float64) for k in begins])


class SparseIndicator(Indicator):
    """The same as a CSC matrix without stored zeros."""

    def column(self, k):
        return self.block(np.array([k]))[:, 0].astype(np.float64)

    def block(self, which):
        return np.ascontiguousarray(self._matrix[:, which].toarray(), dtype=np.uint8)

    def sums(self, values):
        return self._matrix.T @ values


def labels(Y, n, n_classes, counts):
    """What Y says, as ClassNumbers or Indicator.

    `counts` (n,) tells the rows of positive weight, among which each label must be there and not be there.
    """
    if sp.issparse(Y) and Y.ndim == 2:
        out = _sparse_indicator(Y, n)
    elif (array := as_array("Y", Y)).ndim == 2:
        out = _dense_indicator(array, n)
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


def _check_shape(shape, n):
    if shape[0] != n or shape[1] == 0:
        raise ValueError(f"Y has shape {shape}, expected ({n}, K) with K >= 1, one row for each row of X")


def _dense_indicator(Y, n):
    _check_shape(Y.shape, n)
    if Y.dtype.kind == "O":
        try:
            Y = from_objects(Y)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"Y holds something else than numbers: {error}") from error
    if Y.dtype.kind not in "biuf":
        raise TypeError(f"Y has dtype {Y.dtype}, expected zeros and ones")
    if Y.dtype.kind != "b":
        rows = max(1, CHECKED // Y.shape[1])
        for begin in range(0, n, rows):
            part = Y[begin : begin + rows]
            wrong = np.argwhere((part != 0) & (part != 1))
            if len(wrong):
                i, k = wrong[0]
                raise ValueError(f"Y holds {part[i, k]} at row {begin + i}, label {k}: expected zeros and ones")
    return Indicator(Y)


def _sparse_indicator(Y, n):
    _check_shape(Y.shape, n)
    if Y.dtype.kind not in "biuf":
        raise TypeError(f"Y has dtype {Y.dtype}, expected zeros and ones")
    matrix = sp.csc_array(Y, copy=True)
    if Y.dtype.kind != "b":
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    wrong = np.flatnonzero(matrix.data != 1)
    if len(wrong):
        i, k = matrix.indices[wrong[0]], int(np.searchsorted(matrix.indptr, wrong[0], side="right") - 1)
        raise ValueError(f"Y holds {matrix.data[wrong[0]]} at row {i}, label {k}: expected zeros and ones")
    matrix.data = np.ones(matrix.nnz, dtype=np.uint8)
    return SparseIndicator(matrix)


def _check_two_sides(present, total, n):
    one_sided = np.flatnonzero((present == 0) | (present == total))
    if len(one_sided):
        k = int(one_sided[0])
        rows = "row" if total == n else "row of positive sample_weight"
        found = "no" if present[k] == 0 else "every"
        raise ValueError(
            f"Y: label {k} occurs in {found} {rows} ({len(one_sided)} of {len(present)} labels are one-sided): "
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
