"""The minimum of a quadratic model under a group penalty in the groups that are not zero, by orthogonal factors."""

import numpy as np

from fastlr.linalg.cholesky import OrthogonalFactor

#: Newton steps, at most.
STEPS = 100
#: Halvings of one.
HALVINGS = 30
#: Share of its way by which a group may fall short of zero and has passed it.
PASSED = 1e-9
#: Share of the decrease so far below which a step gains nothing.
NO_GAIN = 1e-10


def minimised(penalty, root, point):
    """The step (p K, 1) towards the least  g . delta + |A delta|^2 / 2 + sum_j l1_j ||W_j + delta_j||  in the groups
    W_j of the point that are not zero.

    Newton's method on the model, whose norms bend.  Where a group would pass zero on the way, the step is also tried
    with this group set to zero and the others where the model is least in them.

    Parameters
    ----------
    penalty : fastlr.penalties.group.GroupPenalty
    root : ndarray of shape (m, p K)
        A, the root of the Hessian without what the norms add to it.
    point : fastlr.objective.point.Point
    """
    if len(root) > root.shape[1]:
        root = np.linalg.qr(root, mode="r")
    model = _Model(penalty, root, point)
    delta, least = np.zeros_like(point.coef), 0.0
    for _ in range(STEPS):
        moved = model.step(delta)
        value = model.value(moved)
        if not value < least:
            break
        gain, delta, least = least - value, moved, value
        if gain <= NO_GAIN * -least:
            break
    return delta


class _Model:
    def __init__(self, penalty, root, point):
        self._penalty, self._root = penalty, root
        self._coef, self._gradient = point.coef, point.gradient

    def value(self, delta):
        """The model at a step."""
        Xd = self._root @ delta
        linear = float(np.sum(self._gradient * delta))
        return linear + 0.5 * float(np.sum(Xd * Xd)) + self._penalty.absolute_change(self._coef, delta)

    def step(self, delta):
        """The next step, after one Newton step from `delta`."""
        change = self._newton(delta)
        plain = self._lowered(delta, change)
        shorter, share = self._penalty.cut(self._coef + delta, change)
        if share == 1.0:
            return plain
        passed = self._penalty.passing(self._coef + delta, shorter) >= 1.0 - PASSED
        landed = np.where(passed, -self._coef, delta + shorter)
        landed = self._lowered(landed, self._newton(landed))
        return min(plain, landed, key=self.value)

    def _newton(self, delta):
        coef = self._coef + delta
        lower, upper = self._penalty.piece(coef)
        free = np.flatnonzero((lower < coef) & (coef < upper))
        slope, _ = self._penalty.subgradient(coef, self._gradient + self._root.T @ (self._root @ delta))
        bent = self._penalty.curvature_root(coef)
        change = np.zeros_like(coef)
        change[free, 0] = -OrthogonalFactor(np.vstack([self._root, bent])[:, free]).solve(slope[free, 0])
        return change

    def _lowered(self, delta, change):
        """After the longest of the halves of a change that lowers the model; as before if there is none."""
        before, t = self.value(delta), 1.0
        for _ in range(HALVINGS):
            if self.value(delta + t * change) < before:
                return delta + t * change
            t *= 0.5
        return delta
