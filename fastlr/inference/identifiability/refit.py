"""A fit with columns that nothing holds, looked at and gone on with in an orthonormal basis of these."""

from functools import cached_property

import numpy as np

from fastlr.inference.identifiability.amending import controls_left
from fastlr.inference.identifiability.findings import Separation
from fastlr.inference.identifiability.free_columns import Frame, free_columns, unconstrained_columns
from fastlr.inference.identifiability.rotation import APART, projected_gap, rotated, rotated_classes, rotation
from fastlr.solvers import SOLVERS, Monitor
from fastlr.solvers.composite import coordinate_descent
from fastlr.solvers.parts.newton_decrement import newton_decrement
from fastlr.solvers.smooth import softmax_newton

#: Fits, each to a tenth of the tolerance of the one before, until the bound is below the target.
ROUNDS = 4
#: Share of the target that rounding of the coefficients may cost on the way back.
ROUNDED = 0.5


class Refit:
    """A two-class problem in rotated coefficients (rotation.py), and the fit that goes on there.

    Parameters
    ----------
    objective : LogisticObjective
    coef : ndarray (p,)
    intercept : float
        Where the fit has ended.

    Attributes
    ----------
    gap : float
        Bound on the suboptimality of the point reached last; inf where there is none.  Where it is finite, an optimum
        exists.
    monitor : Monitor
        Of the fit that has gone on, after `go_on`.
    """

    def __init__(self, objective, coef, intercept):
        free = unconstrained_columns(objective.penalty)
        weight = objective.rows.loss.weight_of_rows()
        self.turned = rotation(objective.rows, weight, free, objective.fit_intercept)
        self.objective = rotated(objective, self.turned)
        self._original = objective
        self._show(self.objective.at(*self.turned.there(coef[:, None], intercept)))

    def _show(self, point):
        self.point = point
        self.gap = projected_gap(self.objective, self.turned, point)

    @property
    def exists(self):
        """Whether an optimum is known to exist."""
        return bool(np.isfinite(self.gap))

    def go_on(self, controls, null_value):
        """(Point of the original objective, its estimated suboptimality) after more steps; None where that is above the
        target."""
        name = "newton_cg" if self.objective.penalty.is_smooth else "prox_newton"
        target = controls.begun[-1].target if controls.begun else controls.tol * null_value
        for k in range(ROUNDS):
            self.monitor = Monitor(controls, self.objective, name, null_value=null_value, share=0.1**k)
            result = SOLVERS[name].run(self.objective, self.point.coef, self.point.intercept, self.monitor)
            self._show(self.objective.at(result.coef[:, None], result.intercept))
            if self.gap <= target or not (self.exists and result.converged):
                break
            controls = controls_left(self.monitor)
        estimate = self.gap if self.exists else self.monitor.gaps[-1]
        if not (result.converged or self.gap <= target) or not estimate <= target:
            return None
        home = self._original.at(*self.turned.home(self.point.coef, self.point.intercept))
        lost = max(0.0, home.value - self.point.value)
        return (home, estimate + lost) if lost <= ROUNDED * target else None

    @cached_property
    def frame(self):
        """Coordinates of the coefficients that are free."""
        return Frame(self.objective.rows, free_columns(self.objective.penalty), self.objective.fit_intercept)

    def home(self, found):
        """A Separation in terms of the original columns."""
        direction, intercept = self.turned.home(found.direction[:, None], found.intercept)
        columns = tuple(int(j) for j in np.flatnonzero(direction))
        return Separation(found.kind, columns, direction[:, 0], intercept, found.rows)


class ClassRefit:
    """A softmax problem in rotated coefficients; `point` is the ClassPoint at which the fit has ended."""

    def __init__(self, objective, point):
        penalty, rows, K = objective.penalty, objective.rows, objective.rows.n_classes
        free = np.flatnonzero(~((penalty.l1 > 0.0) | (penalty.l2 > 0.0)).reshape(-1, K).any(axis=1))
        self.turned = rotation(rows, rows.weight, free, objective.fit_intercept)
        self.objective = rotated_classes(objective, self.turned)
        self._original = objective
        coef, self._intercept = self.turned.there(point.coef.reshape(-1, K), point.intercept)
        self._coef = coef.reshape(-1, 1)

    @property
    def is_finite(self):
        """Whether the rotated X is finite."""
        return bool(np.isfinite(self.turned.matrix).all())

    @property
    def tells_apart(self):
        """Whether columns are far from dependence, but for those that depend on each other to rounding."""
        return min(self.turned.least, self.turned.left) > APART

    @property
    def decrement(self):
        """Half the squared Newton decrement at the point."""
        return newton_decrement(self.objective, self.objective.at(self._coef, self._intercept))

    def go_on(self, controls, null_value):
        """See Refit.go_on."""
        K, solver = self.objective.rows.n_classes, coordinate_descent
        if self.objective.penalty.is_smooth:
            solver = softmax_newton
        monitor = Monitor(controls, self.objective, "newton_cg", lift=_as_they_are, null_value=null_value)
        self.monitor = monitor
        result = solver.solve(self.objective, self._coef, self._intercept, monitor)
        if not result.converged:
            return None
        coef, intercept = self.turned.home(monitor.coef.reshape(-1, K), monitor.intercept)
        home = self._original.at(coef.reshape(-1, 1), intercept)
        lost = max(0.0, home.value - result.objective)
        return (home, monitor.gaps[-1] + lost) if lost <= ROUNDED * monitor.target else None


def _as_they_are(coef, intercept):
    return coef, intercept
