"""The objective of softmax regression with a group penalty: the K coefficients of a column enter or leave together."""

import numpy as np

from fastlr.matrix import GroupRows
from fastlr.objective.softmax import SoftmaxObjective


class GroupObjective(SoftmaxObjective):
    """Softmax regression over ClassRows with a GroupPenalty, whose norms have curvature away from zero."""

    def restrict(self, columns):
        """The objective in a few groups (numbers of all their coefficients), all others fixed at zero, over a copy of
        their columns by column."""
        K = self.rows.n_classes
        matrix = self.rows.gathered(columns[::K] // K)
        rows = self.rows.over(GroupRows, matrix)
        return GatheredGroups(rows, self.penalty.restrict(columns), self.fit_intercept)

    def hessian_product(self, point, v, out):
        Xd, shift, curvature = super().hessian_product(point, v, out)
        bent = self.penalty.curvature_product(point.coef, v)
        out += bent
        return Xd, shift, curvature + np.sum(bent * v, axis=0)


class GatheredGroups(GroupObjective):
    """The same in some groups, over GroupRows."""

    has_hessian = False

    def diagonal(self, point):
        """Diagonal of the Hessian without the elimination of intercepts, (p K, 1)."""
        p = point.state.curvature
        own = self.rows.squares(self.rows.weight[:, None] * (p * (1.0 - p)))
        return own + self.penalty.l2 + self.penalty.curvature_diagonal(point.coef)

    def root(self, point):
        """A (n K + p K, p K) with A' A the Hessian without the curvature of the norms; D_i = B_i' B_i, and intercepts
        are projected out."""
        root, intercepts = self.rows.root(point.state)
        return np.vstack([self.without_intercepts(root, intercepts), np.diag(np.sqrt(self.penalty.l2[:, 0]))])

    def coordinate_direction(self, point, tolerance, max_epochs):
        """A step on the quadratic model, by epochs of block coordinate descent."""
        penalty, K = self.penalty, self.rows.n_classes
        bound = self.rows.squares(self.rows.weight[:, None] * point.state.curvature) + penalty.l2
        inverse_coupling = self._inverse_coupling(point) if self.fit_intercept else np.zeros((K, K))
        by_column = (penalty.groups(values) for values in (point.gradient, bound))
        strengths = (np.ascontiguousarray(penalty.by_group(strength)) for strength in (penalty.l1, penalty.l2))
        model = *by_column, inverse_coupling, *strengths, penalty.groups(point.coef)
        return self.direction(point, self.rows.coordinate_epochs(point.state, model, tolerance, max_epochs))
