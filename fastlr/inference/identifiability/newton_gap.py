"""A bound on the suboptimality of a fit without a penalty, by one exact Newton step."""

import numpy as np

from fastlr.inference.identifiability.independence import CENTRED, INDEPENDENT
from fastlr.inference.identifiability.rotation import NEAR
from fastlr.linalg.cholesky import CholeskyFactor, penalised
from fastlr.objective.rounding import OF_DIVERGENCES

#: Least curvature of a row, from which rounding of gradients does not hide what it asks for.
CURVED = 1e-12


def all_rows_curved(loss, eta):
    """Whether every row that counts has curvature that rounding of the gradient does not hide."""
    weight = loss.weight_of_rows()
    return bool(np.min(weight * np.exp(-np.abs(eta)), where=weight > 0.0, initial=np.inf) > CURVED)


def newton_gap(objective, point):
    """A bound on the suboptimality of a point of a smooth objective, by a Newton step; inf where that says nothing.

    With the step d the residual r + D X d has X' times it equal to -l2 (coef + d).  Inside its domain it is a dual
    point, and proves that there is an optimum.  The Hessian must have kept its digits.
    """
    gram, XtD1, trace_D = objective.rows.sampled_gram(point.state, 1)
    before, l2 = np.diag(gram).copy(), objective.penalty.l2[:, 0]
    gram = penalised(gram, l2, np.outer(XtD1, XtD1) / trace_D if objective.fit_intercept and trace_D > 0.0 else None)
    after = np.diag(gram)
    if not (np.isfinite(gram).all() and np.all(after - l2 > CENTRED * before)):
        return np.inf
    factor = CholeskyFactor(gram, objective.n_threads)
    if factor.replaced or not np.all(np.diag(factor.lower) ** 2 > INDEPENDENT * after):
        return np.inf
    direction = objective.direction(point, -factor.solve(point.gradient))
    if not objective.rows.reach(direction.Xd) <= NEAR:
        return np.inf
    rows, cut = objective.rows.divergence(point.state, direction.Xd, back=1.0)
    return np.inf if cut else rows + objective.penalty.smooth(direction.coef) + OF_DIVERGENCES * min(1.0, point.value)
