"""Whether a Gram matrix shows that no columns depend on each other."""

import numpy as np

from fastlr.inference.identifiability.free_columns import noise
from fastlr.linalg.cholesky import CholeskyFactor

#: Share of a column's sum of squares that must be left after centring for its Gram matrix to say anything.
CENTRED = 1e-2
#: Share of it that the columns before must leave, for a Gram matrix to tell columns apart with digits to spare.
INDEPENDENT = 1e-10
#: Distance of a float32 column from zero, in ranges of its own, from which rounding of entries may hide dependence.
ROUNDED = 3.0


def is_regular(matrix, weights, fit_intercept, n_threads, independent=INDEPENDENT):
    """Whether  X' diag(weights) X,  centred if there is an intercept, is positive definite beyond doubt."""
    with np.errstate(over="ignore", invalid="ignore"):
        gram, before, mean = _centred_gram(matrix, weights, fit_intercept)
        far = np.diag(gram) < CENTRED * before
        if far.any():  # the digits that the difference has lost would count as independence
            gram, before, _ = _centred_gram(matrix.centred(np.where(far, mean, 0.0)), weights, fit_intercept)
    if not np.isfinite(gram).all() or not (np.diag(gram) > CENTRED * before).all():
        return False
    factor = CholeskyFactor(np.ascontiguousarray(gram), n_threads)
    left = np.diag(factor.lower) ** 2 / np.diag(gram)
    return factor.replaced == 0 and bool(
        left.min() > _least_independence(matrix, mean, gram, weights.sum(), independent)
    )


def _least_independence(matrix, mean, gram, total, least):
    """Share of a column's variance that others must leave, for X' D X and for entries as they are rounded."""
    squares = total * mean * mean / np.diag(gram)
    least *= max(1.0, squares.max())
    if matrix.precision == np.float64 and not isinstance(matrix.taken, np.ndarray):
        return least  # columns are not so far from zero that it matters how their entries are rounded
    rounded = noise(matrix.precision, mean + matrix.taken, np.sqrt(np.diag(gram) / total)).sum()
    return max(least, (4.0 * rounded) ** 2)


def may_be_rounded(matrix):
    """Whether entries, rounded to the type of X, may hide from a Hessian that columns depend on each other."""
    return isinstance(matrix.taken, np.ndarray) or (matrix.precision == np.float32 and matrix.lies_beyond(ROUNDED))


def _centred_gram(matrix, weights, fit_intercept):
    """(X' diag(weights) X centred if there is an intercept, its diagonal before, the means)."""
    gram = matrix.gram(weights)
    before = np.diag(gram).copy()
    if not fit_intercept:
        return gram, before, np.zeros(len(before))
    mean = matrix.adjoint(weights) / weights.sum()
    return gram - weights.sum() * np.outer(mean, mean), before, mean
