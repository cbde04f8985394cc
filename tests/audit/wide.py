"""Linear algebra of small matrices in 80-bit floats, which NumPy has no LAPACK for."""

from fractions import Fraction

import numpy as np
from scipy.linalg import solve_triangular

WIDE = np.longdouble
EPS = np.finfo(WIDE).eps
#: Whether longdouble is wider than double here; without it there is no reference.
HAS_WIDE = EPS < 2e-19
#: Least ratio of a column to what is left of it beside those before it, down to which doubles factor well enough.
EASY = 1e-6


class Factor:
    """The factor R of R'R = A'A for a matrix of full rank: in doubles where columns are clearly independent.

    A Newton step from a double factor is off by a relative 1e-10 at most, which the next gradient, always in 80 bits,
    makes good.
    """

    def __init__(self, A):
        self._scale = np.sqrt(np.sum(A * A, axis=0))
        B = A / self._scale
        self._R = np.linalg.qr(B.astype(float), mode="r")
        self._is_wide = bool(np.abs(np.diag(self._R)).min(initial=1.0) < EASY)
        if self._is_wide:
            self._R = householder(B)

    def solve(self, v):
        """(A'A)^-1 v."""
        v = v / self._scale
        size = np.abs(v).max(initial=0.0)
        if size == 0.0:
            return v
        v = v / size
        if self._is_wide:
            out = _back(self._R, _forward(self._R, v))
        else:
            R = self._R
            out = solve_triangular(R, solve_triangular(R, v.astype(float), trans="T")).astype(WIDE)
        return out * size / self._scale

    def product(self, d):
        """A'A d."""
        R, scale = self._R, self._scale
        return scale * (R.T @ (R @ (scale * d)))

    def restricted(self, columns):
        """The factor for some of the columns."""
        return Factor(self._R[:, columns].astype(WIDE) * self._scale[columns])


def householder(A):
    """The triangular factor R of A = Q R, by Householder reflections."""
    A = A.copy()
    for j in range(A.shape[1]):
        part = A[j:, j:]
        v = part[:, 0].copy()
        norm = np.sqrt(v @ v)
        v[0] += norm if v[0] >= 0 else -norm
        square = v @ v
        if square > 0:
            part -= np.multiply.outer(v * (2 / square), v @ part)
        part[1:, 0] = 0
    return A[: A.shape[1]]


def _forward(R, v):
    """R'^-1 v."""
    out = v.copy()
    for i in range(len(out)):
        out[i] /= R[i, i]
        out[i + 1 :] -= R[i, i + 1 :] * out[i]
    return out


def _back(R, v):
    """R^-1 v."""
    out = v.copy()
    for i in range(len(out) - 1, -1, -1):
        out[i] /= R[i, i]
        out[:i] -= R[:i, i] * out[i]
    return out


def exact_sum_of_products(a, b, more):
    """more + sum_j a_j b_j of doubles, correctly rounded to 80 bits but for its last digits."""
    total = Fraction(float(more)) + sum(Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a, b, strict=True))
    head = float(total)
    return WIDE(head) + WIDE(float(total - Fraction(head)))
