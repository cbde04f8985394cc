"""The group penalty of softmax regression  sum_j l1_j ||W_j|| + l2_j ||W_j||^2 / 2,  W_j those of column j."""

import numpy as np

from fastlr.penalties.base import Penalty, take


class GroupPenalty(Penalty):
    """Penalty values, subgradients and conjugate (Yuan, Lin 2006; the grouped multinomial of glmnet).

    Parameters
    ----------
    l1, l2 : array-like, non-negative, broadcast to (p K, 1)
        The same for the K coefficients of a column.
    shape : (p K, 1)
    n_classes : int
        K: coefficients of a column lie side by side.
    n_threads : int
    """

    is_elastic_net = False

    def __init__(self, l1, l2, shape, n_classes, n_threads=1):
        super().__init__(l1, l2, shape, n_threads)
        self.n_classes = n_classes

    def whole(self, columns):
        """Sorted numbers of the coefficients that enter or leave together with these."""
        groups = np.unique(columns // self.n_classes)
        return (groups[:, None] * self.n_classes + np.arange(self.n_classes)).ravel()

    def _of(self, columns):
        strengths = take(self.l1, columns), take(self.l2, columns)
        return GroupPenalty(*strengths, (len(columns), 1), self.n_classes, self.n_threads)

    def groups(self, values):
        """Values of the coefficients as (p, K)."""
        return values.reshape(-1, self.n_classes)

    def by_group(self, strength):
        """A strength for each group, (p,)."""
        return self.groups(strength)[:, 0]

    def absolute(self, coef):
        """sum_j l1_j ||W_j||."""
        return float(np.sum(self.by_group(self.l1) * norms(self.groups(coef))))

    def absolute_change(self, coef, step):
        """sum_j l1_j (||W_j + step_j|| - ||W_j||), so that small steps keep their digits."""
        before, change = self.groups(coef), self.groups(step)
        lengths = norms(before) + norms(before + change)
        rise = np.sum(change * (2.0 * before + change), axis=1)
        return float(np.sum(self.by_group(self.l1) * _ratio(rise, lengths)))

    def subgradient(self, coef, gradient):
        """The subgradient of least norm of the whole objective, and its inf-norm."""
        w, g = self.groups(coef), self.groups(gradient)
        l1, length, slope = self.by_group(self.l1), norms(w), norms(g)
        out = np.where(
            (length > 0.0)[:, None],
            g + _ratio(l1, length)[:, None] * w,
            np.maximum(1.0 - _ratio(l1, slope), 0.0)[:, None] * g,
        )
        return out.reshape(gradient.shape), float(np.max(np.abs(out), initial=0.0))

    def optimality(self, coef, gradient):
        """Inf-norm of the subgradient of least norm."""
        return self.subgradient(coef, gradient)[1]

    def beside_l1(self, v):
        """Norms of the groups of v, one for each coefficient, in units of l1; (p K, 1)."""
        size = np.repeat(norms(self.groups(v)), self.n_classes)[:, None]
        return size if isinstance(self.unit, float) else size / self.unit

    def piece(self, coef):
        """(lower, upper), (p K, 1) each: a group of zeros is on the kink, all others are on none."""
        on_kink = (norms(self.groups(coef)) == 0.0) & (self.by_group(self.l1) > 0.0)
        reach = np.where(np.repeat(on_kink, self.n_classes), 0.0, np.inf)[:, None]
        return -reach, reach

    def clipped(self, coef, step):
        """The step in which groups that would pass zero stop there."""
        return np.where(self.passing(coef, step) >= 1.0, -coef, step)

    def cut(self, coef, step):
        """The step as far as the first group passes zero, and that share of it."""
        share = 1.0 / max(1.0, float(np.max(self.passing(coef, step), initial=0.0)))
        return share * step, share

    def passing(self, coef, step):
        """-w . d / w . w for each group w with l1 and its step d, else 0; (p K, 1).  At 1 the step reaches zero."""
        w, change = self.groups(coef), self.groups(step)
        passed = _ratio(-np.sum(w * change, axis=1), np.sum(w * w, axis=1))
        return np.repeat(passed * (self.by_group(self.l1) > 0.0), self.n_classes)[:, None]

    def curvature_product(self, coef, v):
        """Product of v with the Hessian of sum_j l1_j ||W_j||, (p K, 1); zero in groups of zeros."""
        w, v = self.groups(coef), self.groups(v)
        length = norms(w)
        along = _ratio(np.sum(w * v, axis=1), length * length)
        return (_ratio(self.by_group(self.l1), length)[:, None] * (v - along[:, None] * w)).reshape(coef.shape)

    def curvature_diagonal(self, coef):
        """Diagonal of that Hessian, (p K, 1)."""
        w = self.groups(coef)
        length = norms(w)
        bent = np.maximum(1.0 - _ratio(w * w, (length * length)[:, None]), 0.0)
        return (_ratio(self.by_group(self.l1), length)[:, None] * bent).reshape(coef.shape)

    def curvature_root(self, coef):
        """A (p K, p K) with A' A that Hessian."""
        w, K = self.groups(coef), self.n_classes
        length = norms(w)
        along = _ratio(w, length[:, None])
        blocks = np.eye(K) - along[:, :, None] * along[:, None, :]
        blocks = np.sqrt(_ratio(self.by_group(self.l1), length))[:, None, None] * blocks
        out = np.zeros((len(w), K, len(w), K))
        out[np.arange(len(w)), :, np.arange(len(w)), :] = blocks
        return out.reshape(len(coef), len(coef))

    def dual_scale(self, adjoint):
        """The largest factor in (0, 1] that makes X' (factor R) feasible where only l1 acts."""
        alone = self.by_group(self.l2) == 0.0
        slope, l1 = norms(self.groups(adjoint))[alone], self.by_group(self.l1)[alone]
        ratio = float(np.max(slope / l1, initial=0.0))
        return 1.0 if ratio <= 1.0 else 1.0 / ratio

    def gap(self, coef, adjoint, scale=1.0):
        """The columns' share of the duality gap at coef for a dual point whose product with X is scale * adjoint.

        With z = -scale * adjoint, u its projection onto the ball of radius l1 and v = (z - u) / l2 it is, group by
        group,  l1 ||w|| + l2 ||w||^2 / 2 + (||z|| - l1)_+^2 / (2 l2) - z . w
        =  l2 ||w - v||^2 / 2 + (l1 - ||u||) ||w|| + ||u|| ||w|| (1 - cos(u, w)),  terms of which none is negative.
        """
        if not self.covers_all:
            return np.inf
        w, z = self.groups(coef), -scale * self.groups(adjoint)
        l1, l2 = self.by_group(self.l1), self.by_group(self.l2)
        length, slope = norms(w), norms(z)
        inside = np.minimum(slope, l1)
        v = _ratio(np.maximum(slope - l1, 0.0), l2 * slope)[:, None] * z
        apart = _ratio(w, length[:, None]) - _ratio(z, slope[:, None])
        angles = 0.5 * np.sum(apart * apart, axis=1)
        shares = 0.5 * l2 * np.sum((w - v) ** 2, axis=1) + length * ((l1 - inside) + inside * angles)
        return float(np.sum(shares))


def norms(groups):
    """Euclidean norms of the rows."""
    return np.sqrt(np.sum(groups * groups, axis=1))


def _ratio(numerator, denominator):
    """numerator / denominator, 0 where the latter is."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator != 0.0)
