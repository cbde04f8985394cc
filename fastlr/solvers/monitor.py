"""Watching a fit: history, callback, limits, and the one decision when to stop."""

import time
from dataclasses import dataclass, replace

import numpy as np

from fastlr.solvers.result import LogisticResult, Progress, Status


@dataclass(frozen=True)
class Controls:
    """What the user says about how a fit runs; see fastlr.fit_logistic."""

    tol: float = 1e-6
    max_iter: int = 1000
    time_limit: float | None = None
    callback: object = None


def _copier(point):
    """What Progress.coefficients calls: a copy of (coef, intercept), made only when asked for."""
    return lambda: (point.coef[:, 0].copy(), point.intercept)


class Monitor:
    """Follows the points of one fit and keeps what the last of them had.

    Parameters
    ----------
    controls : Controls
    objective : LogisticObjective
    solver : str
        Name for the result.
    """

    def __init__(self, controls, objective, solver):
        self.controls = controls
        self.objective = objective
        self.solver = solver
        self.null_value = objective.null_value()
        #: Suboptimality to certify.
        self.target = controls.tol * self.null_value
        self.history = []
        self.status = None
        self.message = ""
        self._start = time.perf_counter()
        self._last = None
        self._certificate = "gap"

    def starting_point(self, coef, intercept):
        """The Point to start from: the given one, or the null model where that is better.

        Far from the optimum all rows can be saturated, and curvature and with it every Newton step is lost.
        """
        point = self.objective.point(coef, intercept)
        if point.value <= self.null_value or not np.any(coef):
            return point
        return self.objective.point(np.zeros_like(coef), 0.0)

    @property
    def n_iter(self):
        return max(0, len(self.history) - 1)

    def finished(self, point, decrement=None):
        """Record a point; whether the fit ends here.

        `decrement` is half the squared Newton decrement where the solver knows it: it stands in for the gap where no
        gap can be had.
        """
        gap = point.gap if np.isfinite(point.gap) or decrement is None else decrement
        self._record(point, gap)
        stop = self._call_back(point)
        if not np.isfinite(point.value):
            return self._end(Status.NUMERICAL_ERROR, "the objective is not finite; rescale the columns of X")
        floor = self.objective.rounding(point)
        if gap <= self.target:
            self._certificate = "gap" if np.isfinite(point.gap) else "newton_decrement"
            known = "at most" if self._certificate == "gap" else "estimated at"
            return self._end(Status.CONVERGED, f"suboptimality {known} {gap:.2g} (target {self.target:.2g})")
        if gap <= floor or (decrement is not None and decrement <= floor):
            return self._at_floor(point, floor)
        return self._limits(stop)

    def _at_floor(self, point, floor):
        self._certificate = "gap" if point.gap <= floor else "newton_decrement"
        return self._end(
            Status.CONVERGED,
            f"no further decrease can be resolved in double precision (Newton decrement or gap below {floor:.2g}, "
            f"target {self.target:.2g})",
        )

    def _call_back(self, point):
        """Show the point to the callback; whether it wants to stop."""
        callback = self.controls.callback
        return callback is not None and callback(replace(self.history[-1], coefficients=_copier(point)))

    def _limits(self, stop):
        controls, progress = self.controls, self.history[-1]
        if stop:
            return self._end(Status.STOPPED, "stopped by the callback")
        if controls.time_limit is not None and progress.elapsed >= controls.time_limit:
            return self._end(Status.TIME_LIMIT, f"time limit of {controls.time_limit} s reached")
        if self.n_iter >= controls.max_iter:
            return self._end(
                Status.MAX_ITER,
                f"max_iter={controls.max_iter} reached at a gap of {progress.gap:.2g} (target {self.target:.2g}): "
                "increase max_iter or tol",
            )
        return False

    def fail(self, status, message):
        """End the fit from within a solver."""
        return self._end(status, message)

    def _end(self, status, message):
        self.status, self.message = status, message
        return True

    def _record(self, point, gap):
        self._last = (point.coef, point.intercept, point.value, point.gap, self.objective.rounding(point))
        self.history.append(
            Progress(
                iteration=len(self.history),
                n_passes=self.objective.rows.work.n_passes,
                elapsed=time.perf_counter() - self._start,
                objective=point.value,
                gap=gap,
                optimality=self.objective.optimality(point),
                nonzeros=int(np.count_nonzero(point.coef)),
            )
        )

    def result(self):
        """The result at the last recorded point."""
        coef, intercept, value, gap, rounding = self._last
        work = self.objective.rows.work
        return LogisticResult(
            coef=coef[:, 0].copy(),
            intercept=intercept,
            objective=value,
            duality_gap=gap + rounding if np.isfinite(gap) else float("nan"),
            certificate=self._certificate if np.isfinite(gap) else "newton_decrement",
            optimality=self.history[-1].optimality,
            n_iter=self.n_iter,
            n_passes=work.n_passes,
            copied_bytes=work.copied_bytes,
            status=self.status,
            message=self.message,
            solver=self.solver,
            history=tuple(self.history),
        )
