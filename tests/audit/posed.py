"""What is to be minimised, exactly, and its value at any point in 80-bit floats.

    sum_i s_i loss_i(x_i W + b + offset_i) + sum_j [l2_j |w_j|^2 / 2 + l1_j |w_j|_1],    lower <= w_j <= upper

with sum_i s_i = 1, W (p, q) and b (q,); q = 1 for two classes.  Grouped, l1_j weighs the Euclidean norm of w_j.

With a free intercept the unknowns are W and c = b + centre' W, the intercept over columns from which a number near
their middle has been taken: x_ij - centre_j is exact to 80 bits however far from zero the column lies, and c is made
from coefficients in doubles by exact arithmetic.  So nothing here loses digits to columns far from zero.  Without an
intercept nothing can be taken away, and `noise` tells what evaluation may hide.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit.losses import Softmax, TwoClasses
from audit.wide import EPS, WIDE, exact_sum_of_products


@dataclass(frozen=True, eq=False)
class Posed:
    """X (n, p) float64; loss; weight and offset (n,); l1, l2, lower, upper (p,)."""

    X: np.ndarray
    loss: TwoClasses | Softmax
    weight: np.ndarray
    offset: np.ndarray
    l1: np.ndarray
    l2: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    grouped: bool
    fit_intercept: bool

    @property
    def q(self):
        return self.loss.q

    @property
    def p(self):
        return self.X.shape[1]

    @property
    def has_offset(self):
        return bool(self.offset.any())

    @property
    def has_bounds(self):
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    @property
    def covers_all(self):
        """Whether each coefficient has a penalty or two bounds, so that there is an optimum."""
        return bool(np.all((self.l1 > 0) | (self.l2 > 0) | (np.isfinite(self.lower) & np.isfinite(self.upper))))

    @cached_property
    def share(self):
        weight = self.weight.astype(WIDE)
        return weight / weight.sum()

    @cached_property
    def centre(self):
        """What is taken from columns: an entry near their median; zeros without an intercept."""
        if not self.fit_intercept:
            return np.zeros(self.p)
        rows = np.flatnonzero(self.weight > 0)
        return np.sort(self.X[rows], axis=0)[len(rows) // 2]

    @cached_property
    def centred(self):
        return self.X.astype(WIDE) - self.centre.astype(WIDE)

    # --- points: (W (p, q), c (q,)) ----------------------------------------------------------------------------------

    def from_reported(self, coef, intercept):
        """The point of coefficients (p,) or (q, p) and intercept(s) in doubles."""
        W = np.atleast_2d(np.asarray(coef, dtype=float)).T
        intercepts = np.atleast_1d(np.asarray(intercept, dtype=float))
        c = [exact_sum_of_products(self.centre, W[:, k], intercepts[k]) for k in range(self.q)]
        return W.astype(WIDE), np.array(c, dtype=WIDE)

    def nearest(self, W):
        return np.clip(W, self.lower[:, None], self.upper[:, None])

    @cached_property
    def null(self):
        """The point W = 0 with the best intercepts."""
        c = np.zeros(self.q, dtype=WIDE)
        if self.fit_intercept:
            c = self._null_intercept() if self.q == 1 else self._null_intercepts()
        return np.zeros((self.p, self.q), dtype=WIDE), c

    @cached_property
    def null_value(self):
        """The yardstick of tol."""
        return self.value(*self.null)

    def _null_intercept(self):
        """By Newton's method within a bracket."""

        def slope(c):
            eta = (self.offset.astype(WIDE) + c)[:, None]
            return self.share @ self.loss.residuals(eta)[:, 0], self.share @ (self.loss.roots(eta)[:, 0, 0] ** 2)

        far = WIDE(2000 + np.abs(self.offset).max())
        low, high, c = -far, far, WIDE(0)
        for _ in range(200):
            derivative, curvature = slope(c)
            low, high = (c, high) if derivative < 0 else (low, c)
            step = derivative / curvature if curvature > 0 else far
            new = c - step if low < c - step < high else (low + high) / 2
            if new == c or abs(new - c) <= EPS * abs(c):
                break
            c = new
        return np.array([c])

    def _null_intercepts(self):
        """Logarithms of the classes' shares; far down for a class without rows."""
        shares = self.share @ self.loss.own
        return np.where(shares > 0, np.log(np.maximum(shares, WIDE(1e-300))), WIDE(-60))

    def predictors(self, W, c):
        return self.centred @ W + c + self.offset.astype(WIDE)[:, None]

    def norms(self, W):
        """What l1_j weighs, (p,)."""
        return np.sqrt(np.sum(W * W, axis=1)) if self.grouped else np.sum(np.abs(W), axis=1)

    def penalty(self, W):
        return np.sum(self.l2 * np.sum(W * W, axis=1)) / 2 + np.sum(self.l1 * self.norms(W))

    def value(self, W, c):
        return self.share @ self.loss.losses(self.predictors(W, c)) + self.penalty(W)

    def is_allowed(self, W):
        return bool(np.all((self.lower[:, None] <= W) & (self.upper[:, None] >= W)))

    # --- what arithmetic hides ---------------------------------------------------------------------------------------

    def terms(self, W, c):
        """Sum of absolute values of what the objective and its gradient are made of, over centred columns."""
        eta = self.predictors(W, c)
        sizes = np.abs(self.centred) @ np.abs(W) + np.abs(c) + np.abs(self.offset)[:, None]
        residuals = np.abs(self.loss.residuals(eta))
        return np.sum(self.share[:, None] * residuals * sizes) + self.value(W, c)

    def noise(self, W, c):
        """What 80-bit floats may hide of a value at this point."""
        return 16 * EPS * self.terms(W, c)

    def representation(self, W, c, dtype=np.float64):
        """What rounding coefficients, or entries of X to a type, may add to the value: of second order."""
        eta = self.predictors(W, c)
        away = np.abs(self.X) @ np.abs(W) + np.abs(c - self.centre @ W)
        rounding = np.finfo(dtype).eps * away
        curvature = np.sum(self.loss.roots(eta) ** 2, axis=(1, 2))
        return np.sum(self.share * curvature * np.max(rounding, axis=1) ** 2)
