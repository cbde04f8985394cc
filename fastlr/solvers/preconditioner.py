"""Preconditioners of conjugate gradients: what stands in for the inverse of the Hessian.

A preconditioner M answers two calls, each one sweep over vectors of length p:

    advance(alpha, v, product, step, rho)   step += alpha v, rho += alpha product; returns (rho' M rho, rho' rho)
    turn(beta, rho, v)                      v = beta v - M rho

with one alpha and one beta per right-hand side.
"""

import numpy as np
from scipy.linalg import solve_triangular

from fastlr.kernels import vector

#: Rows per column in the sample behind a dense preconditioner (the Hessian of 20 p rows is good to a fifth or so).
ROWS_PER_COLUMN = 20
#: A dense preconditioner pays while p^2 is at most this share of n: building it then costs about one pass.
DENSE_SHARE = 1 / 8


class Diagonal:
    """M = diag(scale); scale (p, K)."""

    def __init__(self, scale, n_threads):
        self.scale = scale
        self.n_threads = n_threads

    def advance(self, alpha, v, product, step, rho):
        return vector.cg_step(alpha, v, product, self.scale, step, rho, self.n_threads)

    def turn(self, beta, rho, v):
        vector.cg_direction(beta, rho, self.scale, v, self.n_threads)


class Cholesky:
    """M = inverse of a dense symmetric positive definite matrix (p, p), for few columns."""

    def __init__(self, hessian):
        # small beside a pass (see DENSE_SHARE), also where BLAS should take threads of its own for it
        self._factor = np.linalg.cholesky(hessian)

    def _solve(self, rho):
        half = solve_triangular(self._factor, rho, lower=True, check_finite=False)
        return solve_triangular(self._factor, half, lower=True, trans="T", check_finite=False)

    def advance(self, alpha, v, product, step, rho):
        step += alpha * v
        rho += alpha * product
        return np.sum(rho * self._solve(rho), axis=0), np.sum(rho * rho, axis=0)

    def turn(self, beta, rho, v):
        v *= beta
        v -= self._solve(rho)


def sample_spacing(objective):
    """Every how many rows a dense preconditioner takes one; 0 where a diagonal serves better."""
    n, p = objective.rows.design.shape
    if not objective.rows.design.can_thin or p * p > DENSE_SHARE * n:
        return 0
    return max(1, n // max(2048, ROWS_PER_COLUMN * p))


def choose(objective, point):
    """The Hessian of a sample of the rows where X is dense and much taller than wide, else the diagonal of all rows."""
    every = sample_spacing(objective)
    if every:
        try:
            return Cholesky(objective.sampled_hessian(point, every))
        except np.linalg.LinAlgError:  # constant columns, say: the diagonal copes with them
            pass
    return Diagonal(objective.inverse_diagonal(point), objective.n_threads)
