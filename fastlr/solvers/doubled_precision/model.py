"""The quadratic model of a small problem by an orthogonal factor of its rows, minimised from face to face.

With A = [D^(1/2) X; l2^(1/2)] (two classes) the Hessian A' A is never formed: R = Q' A keeps the digits of columns that
nearly depend on each other (Golub, Van Loan 2013, 5.3), and a gradient in doubled precision makes good what R loses
(Bjorck 1987: corrected seminormal equations).
"""

import numpy as np
from scipy.linalg import solve_triangular

#: A weight on the step, relative to the lengths of columns: it decides among coefficients that depend on each other.
PROXIMAL = 1e-13
#: Rounding error of a gradient of the model, as a share of its terms.
ROUNDING = 1e-15


class WideModel:
    """The model  g . d + |A d|^2 / 2 + l1' |w + d|  at a WidePoint.

    Parameters
    ----------
    problem : WideProblem
    point : WidePoint
    bounding : bool
        Take a quadratic that touches the loss and is nowhere below it in place of the curvature: steps on it need no
        line search where rows are saturated.
    """

    def __init__(self, problem, point, bounding):
        self.problem, self.point = problem, point
        rows = problem.roots(point, bounding)
        ridge = np.sqrt(problem.l2)
        lengths = np.sqrt(np.sum(rows * rows, axis=0) + problem.l2)
        self.lengths = np.where(lengths > 0.0, lengths, 1.0)
        A = np.vstack([rows, np.diag(ridge)]) / self.lengths
        A = A[np.argsort(-np.max(np.abs(A), axis=1), kind="stable")]  # large rows first: small ones keep their digits
        self._R = _triangle(np.vstack([A, PROXIMAL * np.eye(len(lengths))]))

    def step(self):
        """(d (m,), decrease of the model, where coefficients have landed: (m,) NaN or a kink or bound)."""
        if self.problem.is_smooth:
            d = self._least(self._R, self.lengths, self.point.gradient)
            return d, -0.5 * float(self.point.gradient @ d), np.full(len(d), np.nan)
        return self._faces()

    @staticmethod
    def _least(R, lengths, gradient):
        half = solve_triangular(R, gradient / lengths, trans="T", check_finite=False)
        return -solve_triangular(R, half, check_finite=False) / lengths

    def _faces(self):
        """Each leg leads to the least point of a face, or to the first kink or bound on the way."""
        problem, x, g = self.problem, self.point.w[:, 0], self.point.gradient
        d, product = np.zeros_like(x), np.zeros_like(x)
        noise = np.zeros_like(x)
        landed = np.where(((problem.l1 > 0.0) & (x == 0.0)) | (x <= problem.lower) | (x >= problem.upper), x, np.nan)
        sign, barred = np.sign(x), np.zeros(len(x), dtype=bool)
        for _ in range(6 * len(x) + 20):
            free = np.flatnonzero(np.isnan(landed))
            if len(free):
                t = self._leg(free, d, g + product, landed, sign, barred)
                along = self._R @ (self.lengths * d)
                product = self.lengths * (self._R.T @ along)
                noise = ROUNDING * self.lengths * (np.abs(self._R).T @ np.abs(along))
                if t < 1.0:
                    continue
            wanted = self._wanted(g + product, landed)
            wanted = np.where(~np.isnan(landed) & ~barred & (np.abs(wanted) > noise), wanted / self.lengths, 0.0)
            worst = int(np.argmax(np.abs(wanted)))
            if wanted[worst] == 0.0:
                break
            sign[worst] = np.sign(landed[worst]) if landed[worst] != 0.0 else -np.sign(wanted[worst])
            landed[worst] = np.nan
        change = np.sum(problem.l1 * (np.abs(x + d) - np.abs(x)))
        return d, -float(0.5 * (g + g + product) @ d + change), landed

    def _leg(self, free, d, gradient, landed, sign, barred):
        """Move d along the step to the least point of the face as far as it stays there; the share of the step."""
        problem, x = self.problem, self.point.w[:, 0]
        slope = gradient[free] + problem.l1[free] * sign[free]
        step = self._least(_triangle(self._R[:, free]), self.lengths[free], slope)
        kinked = problem.l1[free] > 0.0
        low = np.where(kinked & (sign[free] > 0.0), np.maximum(problem.lower[free], 0.0), problem.lower[free])
        high = np.where(kinked & (sign[free] < 0.0), np.minimum(problem.upper[free], 0.0), problem.upper[free])
        edge = np.where(step > 0.0, high, low)
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths = np.where((step != 0.0) & np.isfinite(edge), ((edge - x[free]) - d[free]) / step, np.inf)
        lengths = np.maximum(lengths, 0.0)
        t = float(min(1.0, lengths.min(initial=np.inf)))
        d[free] += t * step
        if t < 1.0:
            met = lengths <= t
            landed[free[met]] = edge[met]
            d[free[met]] = edge[met] - x[free[met]]
            barred[free[met]] = t == 0.0
        return t

    def _wanted(self, gradient, landed):
        """The subgradient of least norm at the landing; entries that point beyond a bound count as zero."""
        problem = self.problem
        right = gradient + np.where(landed >= 0.0, problem.l1, -problem.l1)
        left = gradient + np.where(landed > 0.0, problem.l1, -problem.l1)
        right = np.where(landed >= problem.upper, 0.0, np.minimum(right, 0.0))
        left = np.where(landed <= problem.lower, 0.0, np.maximum(left, 0.0))
        return right + left


def _triangle(A):
    return np.linalg.qr(A, mode="r")
