"""Newton steps by orthogonal factors from gradients in doubled precision, for fits that rounding has ended."""

import math
import time
from dataclasses import dataclass

import numpy as np

from fastlr._environment import blas_threads
from fastlr.kernels import products_compensated
from fastlr.solvers.doubled_precision.model import WideModel
from fastlr.solvers.doubled_precision.problem import WideClasses, WidePoint, WideTwoClasses
from fastlr.solvers.monitor import Measures
from fastlr.solvers.parts.newton_decrement import NEAR

#: Numbers of a matrix that may be factored at each step, and its columns.
MOST_NUMBERS, MOST_COLUMNS = 200_000, 300
#: Steps, at most; and those without any gain after which there will be none.
STEPS, WAIT = 100, 8
#: A gain is a gap that halves, an objective that falls by this share, or a decrease of the model that shrinks to this
#: share.
FALLS, SHRINKS = 1e-3, 0.7
#: Shares of a step that are tried where the whole does not lower the objective.
SHARES = 0.5 ** np.arange(1, 41)
#: Share of the objective below which differences of it are rounding.
NOISE = 1e-14
#: Share of a step below which its curvature says little of the way.
SHORT = 0.1


def can_refine(matrix, controls, K=1):
    """Whether X is small enough for K coefficients a column, and there is a target to reach."""
    n, p = matrix.shape
    m = (p + 1) * K
    return controls.tol > 0.0 and (n * K + m) * m <= MOST_NUMBERS and m <= MOST_COLUMNS


def solved(solve, objective, coef, intercept, monitor):
    """The result of a solver; where rounding, or columns that nearly depend on each other, end it or slow it down, that
    of going on in doubled precision.

    Parameters
    ----------
    solve : callable
    objective, coef, intercept, monitor :
        Its arguments.
    """
    result = solve(objective, coef, intercept, monitor)
    if not monitor.may_refine or not result.status.is_stalled:
        return result
    result = refined(result, monitor)
    if monitor.is_refined or not monitor.made_way:
        return result
    monitor.begin_again()
    return solve(objective, monitor.coef, monitor.intercept, monitor)


def refined(result, monitor):
    """The result of going on from where a fit has ended in doubled precision; the one given where that does not help.

    Parameters
    ----------
    result : LogisticResult
    monitor : Monitor
        Of the fit, which learns of the point reached.
    """
    objective, controls = monitor.objective, monitor.controls
    left = math.inf if controls.time_limit is None else controls.time_limit - monitor.seconds
    start = np.append(monitor.coef[:, 0], monitor.intercept) if objective.fit_intercept else monitor.coef[:, 0]
    if not np.isfinite(start).all():
        return result
    with blas_threads(1), np.errstate(all="ignore"):
        try:
            steps = Refinement(objective, start, monitor.target, left)
            reached = steps.run()
        except np.linalg.LinAlgError:
            return result
        if reached is None or not (reached.size <= monitor.target or reached.size < result.duality_gap):
            return result
        measures, coef, intercept = steps.told(reached)
    monitor.lift = monitor.exact_lift or monitor.lift
    monitor.remark("Steps by orthogonal factors to gradients in doubled precision went on from there.")
    if monitor.n_iter >= controls.max_iter:
        monitor.replace_last()
    monitor.record(measures, reached.estimate)
    monitor.is_refined, monitor.state = True, objective.at(coef, intercept).state
    if not monitor.ends_at(coef, intercept):
        monitor.stalled()
    return monitor.result()


@dataclass(frozen=True)
class Reached:
    """A WidePoint, the gap of what is returned of it and what rounding adds to that; or an estimate without a gap."""

    point: WidePoint
    gap: float
    rounding: float
    estimate: float | None = None

    @property
    def size(self):
        """The suboptimality that decides: the gap with its rounding, or the estimate."""
        return self.gap + self.rounding if self.estimate is None else self.estimate


class Progress:
    """Whether steps still gain anything."""

    def __init__(self):
        self._value = self._decrease = self._size = math.inf
        self._since = 0

    def still_gains(self, here, decrease):
        """Take note of a point and of the decrease of the model there; whether to go on."""
        gains = (
            here.point.value < (1.0 - FALLS) * self._value
            or decrease < SHRINKS * self._decrease
            or here.size < 0.5 * self._size
        )
        self._since = 0 if gains else self._since + 1
        self._value, self._decrease = min(self._value, here.point.value), min(self._decrease, decrease)
        self._size = min(self._size, here.size)
        return self._since <= WAIT


class Refinement:
    """The steps, from `start` (m,), coefficients and the intercept if it is free, for `seconds` at most."""

    def __init__(self, objective, start, target, seconds):
        self._objective, self._target = objective, target
        self._until = time.perf_counter() + seconds
        self._problem = WideTwoClasses(objective) if objective.rows.n_predictors == 1 else WideClasses(objective)
        self._point = self._problem.at(self._problem.settled(np.stack([start, np.zeros(len(start))], axis=1)))
        rows = objective.rows
        rows.counter.note_temporary(3 * self._problem.X.nbytes)

    def run(self):
        """The Reached of the best point; None without one."""
        problem, bounding, best, progress = self._problem, False, None, Progress()
        for _ in range(STEPS):
            self._objective.rows.counter.entries_read += 3 * self._objective.rows.matrix.nnz
            model = WideModel(problem, self._point, bounding)
            step, decrease, landed = model.step()
            here = self._judged(step, decrease, bounding)
            if not (np.isfinite(step).all() and np.isfinite(decrease)) or math.isnan(here.size):
                break
            goes_on = progress.still_gains(here, decrease)
            if best is None or here.size <= best.size:
                best = here
            if here.size <= self._target or not goes_on or time.perf_counter() > self._until:
                break
            share = self._move(step, decrease, landed)
            if share == 0.0 and bounding:
                break
            bounding = share < SHORT and not bounding
        return best

    def _judged(self, step, decrease, bounding):
        """The Reached of the point that a step begins at."""
        if self._problem.covers_all:
            return Reached(self._point, *self._problem.gap(self._point))
        reach = float(np.max(np.abs(self._problem.Xd(step)), initial=0.0))
        near = reach <= NEAR and not bounding
        return Reached(self._point, math.inf, 0.0, decrease if near else math.inf)

    def _move(self, step, decrease, landed):
        """Take the step as far as it lowers the objective; the share taken."""
        problem, point = self._problem, self._point
        eta, Xd = point.eta[..., 0], problem.Xd(step)
        w = self._moved(step, 1.0, landed)
        share = 1.0
        if decrease > NOISE * abs(point.value):
            share = self._share(eta, Xd, step, w)
            if share == 0.0:
                return 0.0
            if share < 1.0:
                w = self._moved(share * step, share, landed)
        self._point = problem.at(w)
        return share

    def _share(self, eta, Xd, step, whole):
        problem, point = self._problem, self._point
        if problem.value(eta + Xd, whole[:, 0]) <= point.value + NOISE * abs(point.value):
            return 1.0
        losses = problem.losses(eta + np.multiply.outer(SHARES, Xd))
        values = losses + np.array([problem.penalty(point.w[:, 0] + t * step) for t in SHARES])
        best = int(np.argmin(np.where(np.isfinite(values), values, np.inf)))
        return float(SHARES[best]) if values[best] < point.value else 0.0

    def _moved(self, step, share, landed):
        w = self._point.w.copy()
        products_compensated.move(w, step)
        exact = ~np.isnan(landed) if share == 1.0 else np.isfinite(landed) & (landed == w[:, 0])
        w[exact, 0], w[exact, 1] = landed[exact], 0.0
        outside = (w[:, 0] < self._problem.lower) | (w[:, 0] > self._problem.upper)
        w[outside, 0] = np.clip(w[outside, 0], self._problem.lower[outside], self._problem.upper[outside])
        w[outside, 1] = 0.0
        return self._problem.settled(w)

    def told(self, reached):
        """(Measures, coef (p, 1), intercept) of what is returned of a point."""
        problem, p = self._problem, self._objective.shape[0]
        one = self._objective.rows.n_predictors == 1
        rounded = problem.rounded(reached.point)
        coef = np.ascontiguousarray(rounded.w[:p, :1])
        intercept = (float(rounded.w[p, 0]) if one else rounded.w[p:, 0].copy()) if problem.n_free else 0.0
        optimality = self._objective.penalty.optimality(coef, rounded.gradient[:p, None])
        nonzeros = int(np.count_nonzero(coef))
        return Measures(rounded.value, reached.gap, reached.rounding, optimality, nonzeros), coef, intercept
