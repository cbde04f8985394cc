"""The minimum of a quadratic model under a group penalty in the groups that are not zero, by orthogonal factors."""

import numpy as np

from fastlr.factor import OrthogonalFactor

#: Newton steps, at most.
STEPS = 100
#: Halvings of one.
HALVINGS = 30
#: Share of the decrease so far below which a step gains nothing.
NO_GAIN = 1e-10


def minimised(penalty, root, point):
    """The step, (p K, 1), from a point towards the least  g . delta + |A delta|^2 / 2 + sum_j l1_j ||W_j + delta_j||  in
    the groups that are not zero there.

    Newton's method on the model, whose norms bend.  A group that passes zero on the way stays there, as far as what the
    others make of it is lower in the end.

    Parameters
    ----------
    penalty : fastlr.group_penalty.GroupPenalty
    root : ndarray of shape (m, p K)
        A, the root of the Hessian without what the norms add to it.
    point : fastlr.objective.Point
    """
    if len(root) > root.shape[1]:
        root = np.linalg.qr(root, mode="r")
    model = _Model(penalty, root, point)
    delta = np.zeros_like(point.coef)
    best, least = delta, 0.0
    for _ in range(STEPS):
        before = delta
        delta, landed = model.step(delta)
        value = model.value(delta)
        gain, best, least = least - value, *((delta, value) if value < least else (best, least))
        if np.array_equal(before, delta) or (not landed and gain <= NO_GAIN * abs(least)):
            break
    return best


class _Model:
    def __init__(self, penalty, root, point):
        self._penalty, self._root = penalty, root
        self._coef, self._gradient = point.coef, point.gradient

    def value(self, delta):
        """The model at a step."""
        image = self._root @ delta
        linear = float(np.sum(self._gradient * delta))
        return linear + 0.5 * float(np.sum(image * image)) + self._penalty.absolute_change(self._coef, delta)

    def step(self, delta):
        """The next step, and whether it has set a group to zero."""
        coef = self._coef + delta
        lower, upper = self._penalty.piece(coef)
        free = np.flatnonzero((lower < coef) & (coef < upper))
        slope, _ = self._penalty.subgradient(coef, self._gradient + self._root.T @ (self._root @ delta))
        bent = self._penalty.curvature_root(coef)
        factor = OrthogonalFactor(np.vstack([self._root, bent])[:, free])
        change = np.zeros_like(coef)
        change[free, 0] = -factor.solve(slope[free, 0])
        shorter, share = self._penalty.cut(coef, change)
        if share < 1.0:
            passed = self._penalty.passing(coef, shorter) >= 1.0 - 1e-9
            return np.where(passed, -self._coef, delta + shorter), True
        return self._lowered(delta, change), False

    def _lowered(self, delta, change):
        """The longest of the halves of a change that lowers the model; no change if there is none."""
        before, t = self.value(delta), 1.0
        for _ in range(HALVINGS):
            if self.value(delta + t * change) <= before:
                return delta + t * change
            t *= 0.5
        return delta
