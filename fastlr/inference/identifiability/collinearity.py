"""Collinear and constant columns: which they are, and the coefficients of least norm among all that fit equally well.

The loss sees coefficients through linear predictors only.  If d is a direction of the free coefficients, with the
intercept's part d_0, for which x_i . d + d_0 = 0 in every row, coef + t d fits as well as coef for any t.  Of all
optima the one of least Euclidean norm is coef less its projection on those directions;
the intercept has no part in the norm.  (Centred) X pseudo-inverse times X coef is the same.
"""

import numpy as np

from fastlr.inference.identifiability.findings import Collinear, Constant

#: Share of a direction, in scaled coordinates, below which a column has no part in it.
SMALL = 1e-7


def dependencies(frame, basis, minimum_norm):
    """The findings for a null space (size, k) of all rows."""
    part = basis[: len(frame.columns)]
    share = np.linalg.norm(part, axis=1)
    constant = share > 1.0 - SMALL
    involved = (share > SMALL + frame.rounding(basis).max(initial=0.0)) & ~constant
    found = []
    if constant.any():
        found.append(Constant(numbers(frame.columns[constant]), minimum_norm))
    if involved.any():
        excess = part.shape[1] - int(constant.sum())
        found.append(Collinear(numbers(frame.columns[involved]), excess, minimum_norm))
    return found


def least_norm(frame, basis, coef):
    """(p,) coefficients without their projection on a null space (size, k); constant columns get zero exactly."""
    part = basis[: len(frame.columns)] / frame.scale[:, None]
    out = coef.copy()
    free = coef[frame.columns]
    directions, _ = np.linalg.qr(part)
    for _ in range(2):  # the second time takes what rounding has left
        free = free - directions @ (directions.T @ free)
    free[np.linalg.norm(directions, axis=1) > 1.0 - SMALL * SMALL] = 0.0
    out[frame.columns] = free
    return out


def least_norm_by_lsmr(objective, free, coef):
    """The same by LSMR (Fong, Saunders 2011) for more columns than can be factored: argmin |X z - X coef|, z from zero.

    Its iterates stay in the row space of X, whose columns are centred if there is an intercept.

    Parameters
    ----------
    free : ndarray of int
        The free columns.
    coef : ndarray of shape (p,)
    """
    from scipy.sparse.linalg import LinearOperator, lsmr  # takes long to import, and most fits never need it

    rows = objective.rows
    counts = (rows.loss.weight_of_rows() > 0.0).astype(np.float64)
    mean = rows.matrix.adjoint(counts / counts.sum()) if objective.fit_intercept else np.zeros(len(coef))

    def forward(z):
        full = np.zeros((len(coef), 1))
        full[free, 0] = np.ravel(z)
        return counts * rows.apply(full, -float(mean @ full[:, 0]))

    def adjoint(u):
        u = counts * np.ravel(u)
        rows.counter.entries_read += rows.matrix.nnz
        return (rows.matrix.adjoint(u) - mean * u.sum())[free]

    operator = LinearOperator((len(counts), len(free)), matvec=forward, rmatvec=adjoint, dtype=np.float64)
    target = forward(coef[free])
    z = lsmr(operator, target, atol=1e-14, btol=1e-14, conlim=0.0, maxiter=4 * min(operator.shape) + 50)[0]
    out = coef.copy()
    out[free] = z
    return out


def numbers(columns):
    """Numbers of columns as a tuple of plain integers."""
    return tuple(int(j) for j in columns)
