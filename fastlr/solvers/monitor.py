"""The history of a fit, its callback and limits, and the one decision when to stop."""

import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fastlr.solvers.callbacks import call_back
from fastlr.solvers.result import LogisticResult, Progress, Status
from fastlr.solvers.seconds_left import seconds_left

#: Iterations in which a fit that gets on halves its gap.
PATIENCE = 100


@dataclass(frozen=True)
class Controls:
    """Tolerance, limits and callback of a fit; see fastlr.fit_logistic."""

    tol: float = 1e-6
    max_iter: int = 1000
    time_limit: float | None = None
    callback: object = None
    #: The history of a fit that goes on, whose last point is reported anew; limits are those of the whole fit.
    begun: tuple = ()


class Measures(NamedTuple):
    """Objective, gap, rounding and optimality at one point of a fit."""

    objective: float
    #: Bound on the suboptimality; inf if there is none.
    gap: float
    #: Bound on the rounding error of the gap.
    rounding: float
    #: Inf-norm of the subgradient of least norm.
    optimality: float
    nonzeros: int
    #: The part of `rounding` that shrinks with the gap.
    shrinking: float = 0.0


class Monitor:
    """Records the points of one fit, tells the callback, and decides when the fit ends.

    Parameters
    ----------
    controls : Controls
    objective : LogisticObjective
    solver : str
        Name for the result.
    choice : str
        A sentence that says what was chosen and why; "" if it was asked for.
    lift : callable, optional
        From (coefficients (p, 1), intercept) of the objective to those that users see, fresh arrays.
    counter : PassCounter, optional
        Of the passes in the history; that of the objective's rows if it is not given.
    null_value : float, optional
        Objective of the null model, where it is known.
    share : float
        Share of the target to go to.
    """

    def __init__(self, controls, objective, solver, choice="", lift=None, counter=None, null_value=None, share=1.0):
        self.controls = controls
        self.objective = objective
        self.solver = solver
        self.choice = choice
        self.lift = lift or (lambda coef, intercept: (coef[:, 0].copy(), intercept))
        #: The same where coefficients come to the last digit, if it is another one.
        self.exact_lift = None
        self.history = list(controls.begun)
        #: The gap, or the estimate in its place, at each point of the history; not capped by the objective.
        self.gaps = [each.gap for each in self.history]
        self.status = None
        self.message = ""
        #: RowState of the point recorded last, where a solver has shown one.
        self.state = None
        #: Whether steps in doubled precision may go on where these solvers do not get on, and whether they have; see
        #: refinement.py.
        self.may_refine = self.is_refined = False
        #: Whether the fit has ended for their sake.
        self.made_way = False
        #: Whether the last step proves that there is an optimum where nothing holds some columns: it moves no row far,
        #: and its Hessian keeps its digits.
        self.is_near = False
        #: The PassCounter of the fit.
        self.counter = objective.rows.counter if counter is None and objective is not None else counter
        if null_value is not None:
            self.null_value = null_value
        self._share = share
        self._start = time.perf_counter() - (self.history[-1].elapsed if self.history else 0.0)
        self._last = None
        self._measured = None
        self._remarks = []
        self._is_handed_over = bool(self.history)

    @cached_property
    def null_value(self):
        """Objective of the null model, to which tol is relative; a solver that evaluates the null model may set it."""
        return self.objective.null_value()

    @property
    def target(self):
        """Suboptimality to certify."""
        return self._share * self._whole_target

    @property
    def _whole_target(self):
        """That of the whole fit."""
        return self.controls.begun[-1].target if self.controls.begun else self.controls.tol * self.null_value

    def starting_point(self, coef, intercept):
        """The Point to start from: the given one, or the null model where that is better.

        Far from the optimum all rows can be saturated, and curvature and with it every Newton step is lost.
        """
        point = self.objective.point(coef, intercept)
        nearest_null = self.objective.penalty.nearest(np.zeros_like(coef))
        if point.value <= self.null_value or np.array_equal(coef, nearest_null):
            return point
        return self.objective.point(nearest_null, 0.0)

    @property
    def seconds(self):
        """Seconds since the fit has begun."""
        return time.perf_counter() - self._start

    @property
    def reached_a_point(self):
        """Whether there is anything to make a result of."""
        return self._last is not None

    @property
    def coef(self):
        """The coefficients of the objective at the point recorded last."""
        return self._last[0]

    @property
    def intercept(self):
        """The intercept of the objective there."""
        return self._last[1]

    @property
    def rounding(self):
        """Bound on the rounding error of the gap at the point recorded last."""
        return self._measured[0].rounding

    @property
    def n_iter(self):
        return max(0, len(self.history) - 1)

    def finished(self, point, decrement=None):
        """Record a point; whether the fit ends here.

        `decrement` is half the squared Newton decrement where the solver knows it: the estimate of the suboptimality
        where there is no gap.
        """
        self.state = point.state
        measures = Measures(
            point.value,
            point.gap,
            self.objective.rounding(point),
            self.objective.optimality(point),
            int(np.count_nonzero(point.coef)),
            self.objective.shrinking_rounding(point),
        )
        if measures.optimality == 0.0:
            decrement = 0.0  # no condition is violated, if only because bounds hold every coefficient
        self.record(measures, decrement)
        return self.ends_at(point.coef, point.intercept)

    def record(self, measures, decrement=None):
        """Enter a point into the history.  `ends_at` shows it to the callback; without it the point is not shown."""
        gap = measures.gap if math.isfinite(measures.gap) or decrement is None else decrement
        if self._is_handed_over:
            del self.history[-1:], self.gaps[-1:]
            self._is_handed_over = False
        self._measured = measures, decrement
        self.gaps.append(gap)
        self.history.append(
            Progress(
                iteration=len(self.history),
                n_passes=self.counter.n_passes,
                elapsed=time.perf_counter() - self._start,
                objective=measures.objective,
                gap=_capped(gap, measures.objective),
                target=self._whole_target,
                optimality=measures.optimality,
                nonzeros=measures.nonzeros,
            )
        )

    def ends_at(self, coef, intercept):
        """Whether the fit ends at the point recorded last; its coef (p, 1) must not change afterwards."""
        measures, decrement = self._measured
        self._last = coef, intercept, measures
        stop = self._call_back(coef, intercept)
        if not math.isfinite(measures.objective):
            return self._end(Status.NUMERICAL_ERROR, "The objective is not finite. Rescale the columns of X.")
        gap = measures.gap if math.isfinite(measures.gap) else decrement
        if gap is None:
            return self._limits(stop)
        certified = gap + measures.rounding if math.isfinite(measures.gap) else gap
        if certified <= self.target:
            return self._converged("at most" if math.isfinite(measures.gap) else "estimated at", self._gap)
        if max(gap, self.target) < measures.rounding - measures.shrinking:
            return self._at_precision_limit()
        return self._limits(stop)

    def hand_over(self, solver, why):
        """Let another solver go on from the last point, if any, which it will report itself; `why` the one that began
        does not, as "slowed down"."""
        self._is_handed_over = True
        self.remark_change(solver, why)
        self.solver = solver

    def makes_way(self):
        """End the fit where steps in doubled precision may do better; whether they may."""
        if not self.may_refine or self.is_refined:
            return False
        self.made_way = True
        return self.fail(Status.LINE_SEARCH_FAILED, "Steps lower the objective too slowly")

    def replace_last(self):
        """Let the next point take the place of the last one in the history."""
        self._is_handed_over = True

    def begin_again(self):
        """Let a solver go on from the last point, for as long as it takes."""
        self.may_refine, self._is_handed_over = False, True

    def remark_change(self, solver, why):
        """Say in the message that another solver goes on."""
        self.remark(f"The fit began with {self.solver}, which {why}; {solver} went on from there.")

    def remark(self, sentence):
        """Say this in the message."""
        self._remarks.append(sentence)

    @property
    def explanation(self):
        """Which solvers did the work and why, in sentences; "" for the one that was asked for."""
        return " ".join(filter(None, (self.choice, *self._remarks)))

    def _converged(self, known, gap):
        told = f"The suboptimality is {known} {gap:.2g} (target {self._whole_target:.2g})."
        return self._end(Status.CONVERGED, told)

    def _at_precision_limit(self):
        """End the fit where rounding hides more than the target."""
        rounding = self._last[2].rounding
        told = f"Double precision ends the fit {self._reached}: rounding may hide {rounding:.2g}."
        advice = " Centre or rescale columns that are far from zero, or increase tol." if self.target > 0.0 else ""
        return self._end(Status.PRECISION_LIMIT, told + advice)

    def _call_back(self, coef, intercept):
        """Show the point to the callback; whether it wants to stop."""
        callback = self.controls.callback
        if callback is None:
            return False
        where = self.lift, coef, intercept
        return call_back(callback, self.history[-1], where, remaining=seconds_left(self.history))

    def _limits(self, stop):
        controls, progress = self.controls, self.history[-1]
        if stop:
            return self._end(Status.STOPPED, f"The callback stopped the fit {self._reached}.")
        if controls.time_limit is not None and progress.elapsed >= controls.time_limit:
            return self._end(Status.TIME_LIMIT, f"The time limit was reached {self._reached}.")
        if PATIENCE <= self.n_iter < controls.max_iter and self.makes_way():
            return True
        if self.n_iter >= controls.max_iter:
            limit = f"max_iter={controls.max_iter} was reached {self._reached}. Increase max_iter or tol."
            return self._end(Status.MAX_ITER, limit)
        return False

    @property
    def _reached(self):
        """The gap reached and the target, in words."""
        measures, decrement = self._measured
        known = "a gap" if math.isfinite(measures.gap) or decrement is None else "an estimated gap"
        return f"at {known} of {self._gap:.2g} (target {self._whole_target:.2g})"

    @property
    def _gap(self):
        """The gap at the point recorded last as the result will have it; where there is none, the estimate."""
        bound = _bound(self._measured[0])
        return self.history[-1].gap if math.isnan(bound) else bound

    def stuck(self, promised, message):
        """End the fit where no step lowers the objective, by the decrease that a step promised: for lack of digits
        where rounding hides the target, else as a failure."""
        measures = self._last[2]
        if not math.isfinite(promised) or promised == 0.0:
            return self.fail(Status.NUMERICAL_ERROR, "No step can be computed, rescale the columns of X")
        if not math.isfinite(measures.gap) and 0.0 < promised <= self.target:
            return self._converged("estimated at", promised)
        if self.target < measures.rounding and abs(promised) <= measures.rounding:
            return self._at_precision_limit()
        return self.fail(Status.LINE_SEARCH_FAILED, message)

    def stalled(self):
        """End the fit where steps gain nothing that double precision shows."""
        if self.target < self._last[2].rounding:
            return self._at_precision_limit()
        return self.fail(Status.LINE_SEARCH_FAILED, "Steps no longer lower the objective")

    @property
    def is_hopeless(self):
        """Whether the gap, or the estimate in its place, has not halved in the last PATIENCE iterations."""
        return self.has_not_halved_in(PATIENCE)

    def has_not_halved_in(self, iterations):
        """Whether the gap, or the estimate in its place, has not halved in the last `iterations`."""
        recent, before = self.gaps[-iterations:], self.gaps[:-iterations]
        return bool(before) and math.isfinite(min(before)) and min(recent) > 0.5 * min(before)

    def without_curvature(self):
        """End the fit where no step can be computed."""
        what = f"The curvature is zero in double precision, {self._reached}. Rescale the columns of X."
        return self._end(Status.NUMERICAL_ERROR, what)

    def fail(self, status, message):
        """End the fit from within a solver; `message` is a sentence without its full stop."""
        return self._end(status, f"{message}, {self._reached}.")

    def _end(self, status, message):
        self.status, self.message = status, message
        return True

    def result(self):
        """The result at the last recorded point."""
        coef, intercept, measures = self._last
        coef, intercept = self.lift(coef, intercept)
        return LogisticResult(
            coef=coef,
            intercept=intercept,
            objective=measures.objective,
            duality_gap=_bound(measures),
            certificate="gap" if math.isfinite(measures.gap) else "newton_decrement",
            optimality=measures.optimality,
            n_iter=self.n_iter,
            n_passes=self.counter.n_passes,
            copied_bytes=self.counter.copied_bytes,
            status=self.status,
            message=" ".join(filter(None, (self.message, self.explanation))),
            solver=self.solver,
            history=tuple(self.history),
            target=self._whole_target,
        )


def _bound(measures):
    """The gap of a point with what rounding may hide of it; NaN where it has none."""
    return _capped(measures.gap + measures.rounding, measures.objective) if math.isfinite(measures.gap) else math.nan


def _capped(gap, objective):
    """A gap as it is reported: no objective here is negative, so none lies further above its minimum than zero."""
    return max(objective, 0.0) if objective < gap else gap
