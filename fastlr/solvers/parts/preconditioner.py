"""Preconditioners of conjugate gradients: approximate inverses of the Hessian, and which is worth its price.

A preconditioner M answers two calls, each one sweep over vectors of length p (or p x p for the dense one):

    advance(alpha, v, product, step, rho)   step += alpha v, rho += alpha product; returns (rho' M rho, rho' rho)
    turn(beta, rho, v)                      v = beta v - M rho, with the rho of the last `advance`

with one alpha and one beta per right-hand side.
"""

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.matrix.costs import factor_price, product_price

#: Rows per column in a sampled Hessian, at least and at most.  Measured on five dense and sparse sets: 5, 10, 20 rows
#: per column take 28 to 105, 24 to 61, 19 to 46 products in all (no sampling: 54 to 211).
ROWS_PER_COLUMN = (10, 40)
#: Rows below which a sample is not worth taking.
FEWEST_ROWS = 2048
#: Passes that a sampled Hessian may always cost, however many rows per column that makes.
ALWAYS = 0.25
#: A factor this cheap (in passes) is built before the first step; a dearer one once steps have cost as much without it.
#: Passes to 1e-6 with 3 and 6: w8a 47 and 32, mnist-zero 53 and 40, dense 60,000 x 800 28 and 19.
CHEAP = 6.0


class Diagonal:
    """M = diag(scale); scale (p, K)."""

    def __init__(self, scale, n_threads):
        self.scale = scale
        self.n_threads = n_threads

    def advance(self, alpha, v, product, step, rho):
        return linalg_vector.cg_step(alpha, v, product, self.scale, step, rho, self.n_threads)

    def turn(self, beta, rho, v):
        linalg_vector.cg_direction(beta, rho, self.scale, v, self.n_threads)


class Cholesky:
    """M = inverse of a symmetric positive definite matrix of which a factor is at hand, for few columns.

    Columns that depend on others to rounding are told apart by their diagonal; see CholeskyFactor.
    """

    def __init__(self, factor):
        self._factor = factor

    def advance(self, alpha, v, product, step, rho):
        step += alpha * v
        rho += alpha * product
        self._solution = self._factor.solve(rho)
        return np.sum(rho * self._solution, axis=0), np.sum(rho * rho, axis=0)

    def turn(self, beta, rho, v):
        v *= beta
        v -= self._solution


class PreconditionerSchedule:
    """Which preconditioner to use at which point of a fit.

    The diagonal costs a pass.  The Cholesky factor of a Hessian, of a sample of the rows or of all of them, costs more
    and saves more, by an amount unknown beforehand.  It is therefore built at once where it is cheap, and elsewhere
    when the products since the last change have cost as much as it does: the price is never more than twice that of
    the better choice (ski rental).  A small Hessian of all rows is made anew at each step.
    """

    def __init__(self, objective):
        self.objective = objective
        self.every, self.price = sample(objective.rows.matrix, objective.rows.n_predictors)
        self._renewed = objective.is_small and self.every == 1 and np.isfinite(self.price)
        self._spent = np.inf if self.price <= CHEAP or self._renewed else 0.0
        self._current = None

    def at(self, point):
        """The preconditioner for a step from this point."""
        if self._spent >= self.price:
            self._current = Cholesky(self.objective.factored(point, self.every))
            self._spent = np.inf if self._renewed else 0.0
        elif self._current is None:
            self._current = Diagonal(self.objective.inverse_diagonal(point), self.objective.n_threads)
        return self._current

    def charge(self, products):
        """Add the products of a step to those since the last change."""
        self._spent += products

    @property
    def products_left(self):
        """Products that a step may take before a change of preconditioner would have been the better choice."""
        if not np.isfinite(self.price) or isinstance(self._current, Cholesky):
            return 200
        return max(10, int(self.price - self._spent))


def sample(matrix, K=1):
    """(k, price): take every k-th row for a Hessian; the price in passes, inf where there are too many columns.

    With K linear predictors in a row there are K factors, and a pass is worth more too.
    """
    n, p = matrix.shape
    if n < p or p * p > matrix.nnz:
        return 1, np.inf
    dearer = K / product_price(K)
    whole = dearer * matrix.gram_price()
    fewest, most = (rows * p for rows in ROWS_PER_COLUMN)
    rows = max(FEWEST_ROWS, min(most, max(fewest, n / whole)), ALWAYS * n / whole)
    every = int(n / rows)
    every = every if every > 2 else 1  # a sample is a copy in most layouts: a third of X at the most
    return every, whole / every + dearer * factor_price(p, matrix.nnz)
