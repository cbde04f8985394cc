"""The diagnosis of a two-class fit that has ended: separation, dependent columns, and estimates that do not hold."""

from dataclasses import replace

import numpy as np

from fastlr.inference.identifiability.advice import advice
from fastlr.inference.identifiability.amending import (
    ALWAYS,
    GONE_ON,
    amended,
    controls_left,
    converged,
    gone_on,
    linear_algebra,
    unresolved,
    with_copies,
)
from fastlr.inference.identifiability.collinearity import dependencies, least_norm, least_norm_by_lsmr, numbers
from fastlr.inference.identifiability.findings import Collinear, Separation
from fastlr.inference.identifiability.free_columns import Frame, free_columns, null_space
from fastlr.inference.identifiability.independence import is_regular, may_be_rounded
from fastlr.inference.identifiability.newton_gap import all_rows_curved, newton_gap
from fastlr.inference.identifiability.refit import Refit
from fastlr.inference.identifiability.rotation import APART, can_be_rotated
from fastlr.inference.identifiability.separation import Classes, separates_all, separation
from fastlr.solvers.doubled_precision.refinement import refined
from fastlr.solvers.result import Status

#: Free columns up to which their Gram matrix is factored.
MOST_COLUMNS = 1000
#: Rows of the sample whose Gram matrix answers most questions: at least so many for each column, and in all.
ROWS_PER_COLUMN, FEWEST_ROWS = 3, 1024
#: Suboptimality, relative to the null model, from which the rows that a fit leaves with much loss say little.
ROUGH = 1e-4
#: Share of its terms up to which a row counts as not moved by a direction, and up to which it is not to all digits.
NOT_MOVED, ALL_DIGITS = 1e-7, 1e-12


def diagnosed(result, monitor, columns=None):
    """The result with what is found about separation, collinear and constant columns, and with advice.

    Where coefficients without a penalty are not determined, those of least norm take their place.

    Parameters
    ----------
    result : LogisticResult
    monitor : Monitor
        Of the fit.
    columns : ndarray of int, optional
        The columns of X that the fit was made of, where it was not all.
    """
    objective = monitor.objective
    if result.status is Status.CONVERGED and objective.penalty.covers_all:
        return result
    if not result.status.is_own_end:
        return result
    if not objective.penalty.covers_all and np.isfinite(result.objective):
        result = with_copies(Diagnosis(result, monitor, columns).result(), objective.rows.counter)
    if result.status is Status.CONVERGED or result.status is Status.SEPARATED:
        return result
    hint = advice(result, objective, columns)
    return amended(result, monitor, hint) if hint else result


class Diagnosis:
    """Looks for separation and for dependent columns at the end of one fit."""

    def __init__(self, ended, monitor, columns):
        self.ended = ended
        self.monitor = monitor
        self.objective = monitor.objective
        self.columns = columns
        self.free = free_columns(self.objective.penalty)
        self.coef = ended.coef if columns is None else ended.coef[columns]

    def result(self):
        """The result to return."""
        rows = self.objective.rows
        if not len(self.free):
            return self.ended
        state = self.monitor.state or rows.state(self.coef[:, None], self.ended.intercept)
        eta = state.eta
        is_small, rounded = rows.matrix.shape[0] * rows.matrix.shape[1] <= ALWAYS, may_be_rounded(rows.matrix)
        regular = self.ended.solver == "newton_small" and self.monitor.is_near and not rounded
        if regular and all_rows_curved(rows.loss, eta):
            return self.ended
        if len(self.free) > MOST_COLUMNS:
            return self._wide(Classes(rows.loss, eta))
        stands = not is_small or self._stands(state)
        if stands and ((is_small and not rounded) or self._sample_determines(eta)):
            return self.ended
        with linear_algebra(rows):
            return self._narrow(Classes(rows.loss, eta))

    @property
    def _may_go_on(self):
        """Whether the fit ended by itself, and not at a limit."""
        return self.ended.status is Status.CONVERGED or self.ended.status.is_stalled

    @property
    def _suboptimality(self):
        gap = self.monitor.gaps[-1]
        return max(gap if np.isfinite(gap) else 1.0, self.monitor.target)

    def _sample_determines(self, eta):
        """Whether a sample of rows that are not saturated determines every free coefficient: nothing is to be found."""
        rows, f = self.objective.rows, len(self.free)
        n = rows.matrix.shape[0]
        every = max(1, n // max(ROWS_PER_COLUMN * f, FEWEST_ROWS))
        loss = rows.loss.every_kth_row(every)
        open_rows = ~Classes(loss, eta[::every]).saturated(self._suboptimality / every) & (loss.weight_of_rows() > 0)
        if np.count_nonzero(open_rows) < f:
            return False
        matrix = rows.sample(every)
        if f < rows.matrix.shape[1]:
            sample, matrix = matrix, matrix.gather(self.free)
            rows.counter.note_temporary(matrix.copied_bytes)
            del sample
        rows.counter.entries_read += 2 * matrix.nnz
        return is_regular(matrix, open_rows.astype(np.float64), self.objective.fit_intercept, rows.n_threads)

    def _stands(self, state):
        """Whether one more Newton step proves that there is an optimum, that no free columns depend on each other, and
        that the point is as near to it as the result says."""
        objective = self.objective
        if not all_rows_curved(objective.rows.loss, state.eta):
            return False
        if objective.penalty.is_smooth:
            gap = newton_gap(objective, objective.at(self.coef[:, None], self.ended.intercept))
        elif self._sample_determines(state.eta):
            with linear_algebra(objective.rows):
                refit = self._refit()
            gap = np.inf if refit is None else refit.gap
        else:
            return False
        if gap <= self.monitor.target:
            self._say_reached(gap)
            return True
        return np.isfinite(gap) and not self._may_go_on

    def _narrow(self, classes):
        """The result for few free columns: by null spaces, linear programs, and a fit in their orthonormal basis."""
        frame = Frame(self.objective.rows, self.free, self.objective.fit_intercept)
        if not frame.is_finite:
            return self.ended
        everywhere = null_space(frame, classes.counts)
        found = self._separated(frame, classes, everywhere)
        refit = None if found and found[0].kind == "complete" else self._refit()
        if refit is not None and refit.exists:
            found = []  # in that direction all rows that do not move are zero only to rounding
        elif found and refit is not None and not self._is_exact(found[0]):
            reached = self._gone_on(refit)
            if refit.exists and reached is not None:
                self._adopt(refit, *reached)
                found, refit = [], None
        elif not found:
            found = self._separated_by_program(frame, classes, everywhere)
        if not found and refit is not None:
            found = self._made_sure(refit)
        everywhere = null_space(frame, classes.counts, everywhere, frame.dependent)
        if found and not everywhere.shape[1]:
            return self._with(found)
        if not everywhere.shape[1]:
            return self.ended
        moved = self._at(least_norm(frame, everywhere, self.coef))
        return self._with(found + dependencies(frame, everywhere, moved is not None), moved)

    def _separated(self, frame, classes, everywhere):
        """The Separation that the linear predictors or a linear program show, in a list; [] if there is none."""
        saturated = classes.saturated(self._suboptimality)
        if separates_all(classes, self._free_Xd()):
            saturated = classes.counts  # also the rows that a fit cut short has not brought far
        unnoticed, found = null_space(frame, classes.counts & ~saturated), []
        if unnoticed.shape[1] > everywhere.shape[1]:
            found = self._separation(frame, classes, saturated, unnoticed, everywhere)
        rough = self._suboptimality > ROUGH * self.monitor.null_value
        if found and found[0].kind != "complete" and rough:
            return self._separated_by_program(frame, classes, everywhere) or found
        return found

    def _separated_by_program(self, frame, classes, everywhere):
        """The Separation that a linear program over all rows finds, in a list; [] if there is none."""
        if not self._may_ask_all(frame):
            return []
        hard = classes.counts & (classes.sign != 0.0)
        return self._separation(frame, classes, hard, null_space(frame, classes.counts & ~hard), everywhere)

    def _may_ask_all(self, frame):
        """Whether a linear program over all rows is cheap."""
        return self.objective.rows.matrix.shape[0] * frame.size <= ALWAYS

    def _refit(self):
        """The fit in an orthonormal basis of the free columns; None where X has too many entries."""
        if not can_be_rotated(self.objective.rows.matrix):
            return None
        refit = Refit(self.objective, self.coef, self.ended.intercept)
        return refit if np.isfinite(refit.turned.matrix).all() else None

    def _is_exact(self, found):
        """Whether the rows that a separating direction does not move are zero along it to all digits."""
        size = self.objective.rows.sizes(found.direction, found.intercept)
        eta = np.abs(self.objective.rows.apply(found.direction[:, None], found.intercept))
        unmoved = eta <= NOT_MOVED * size
        return bool(np.all(eta[unmoved] <= ALL_DIGITS * size[unmoved]))

    def _rounded(self):
        """Loss that rounding of linear predictors to doubles may hide at the coefficients, of second order."""
        rows = self.objective.rows
        away = np.finfo(float).eps * rows.sizes(self.coef, self.ended.intercept)
        return 0.125 * float(rows.loss.weight_of_rows() @ (away * away))

    def _gone_on(self, refit):
        """The Point that going on in an orthonormal basis leads to, and the estimate there; None without one."""
        if self.monitor.target == 0.0 or not self._may_go_on:
            return None
        reached = refit.go_on(controls_left(self.monitor), self.monitor.null_value)
        is_known = refit.exists or self.ended.status is Status.CONVERGED  # a fit that had failed wants a proof
        return reached if is_known else None

    def _adopt(self, refit, point, estimate):
        """Take the point to which the refit has gone on as the result."""
        where = self.monitor.lift(point.coef, point.intercept)
        self.ended = gone_on(self.ended, refit.monitor, *where, point.value, self.objective.optimality(point))
        self.coef = point.coef[:, 0]
        self._say_reached(estimate, GONE_ON)

    def _made_sure(self, refit):
        """Go on with the fit where its estimate does not hold; the Separation that shows, in a list."""
        target, status = self.monitor.target, self.ended.status
        if refit.gap <= target and self._rounded() <= target:
            self._say_reached(refit.gap)
            return []
        reached = self._gone_on(refit)
        found = [] if refit.exists or refit.turned.least > APART else self._separated_there(refit)
        if found:
            return found
        if reached is not None:
            self._adopt(refit, *reached)
        elif status is Status.CONVERGED and not self._refine() and self._may_go_on:
            self.ended = unresolved(self.ended, self.monitor)
        return []

    def _refine(self):
        """Go on in doubled precision where that is affordable; whether it has converged."""
        if self.monitor.may_refine and self.monitor.reached_a_point and not self.monitor.is_refined:
            self.ended = refined(self.ended, self.monitor)
            self.coef = self.ended.coef if self.columns is None else self.ended.coef[self.columns]
        return self.monitor.is_refined and self.ended.status is Status.CONVERGED

    def _say_reached(self, estimate, how=""):
        """The result as one that has converged, if it did not say so or has gone on."""
        if self.ended.status is Status.CONVERGED and not how:
            return
        if not how and (not self.ended.status.is_stalled or self.monitor.target == 0.0):
            return
        self.ended = converged(self.ended, self.monitor, estimate, how)

    def _separated_there(self, refit):
        """The Separation that a linear program finds in the orthonormal basis, in a list."""
        frame, objective = refit.frame, refit.objective
        if not frame.is_finite or not self._may_ask_all(frame):
            return []
        classes = Classes(objective.rows.loss, refit.point.state.eta)
        hard = classes.counts & (classes.sign != 0.0)
        unnoticed, everywhere = null_space(frame, classes.counts & ~hard), null_space(frame, classes.counts)
        limits = directions_allowed(objective.penalty, frame)
        where = refit.point.coef[:, 0], refit.point.intercept, limits
        found = separation(frame, classes, hard, unnoticed, everywhere, *where)
        return [] if found is None else [refit.home(found)]

    def _separation(self, frame, classes, saturated, *spaces):
        where = self.coef, self.ended.intercept
        limits = directions_allowed(self.objective.penalty, frame)
        found = separation(frame, classes, saturated, *spaces, *where, limits)
        return [] if found is None else [found]

    def _wide(self, classes):
        """The result for many free columns: the only separating direction that is tried is that of the coefficients."""
        free = self.free
        if separates_all(classes, self._free_Xd()):
            direction = np.zeros(len(self.coef))
            direction[free] = self.coef[free]
            which = numbers(np.flatnonzero(direction))
            count = int(np.count_nonzero(classes.counts))
            return self._with([Separation("complete", which, direction, self.ended.intercept, count)])
        excess = len(free) + self.objective.fit_intercept - int(np.count_nonzero(classes.counts))
        if excess <= 0:
            return self.ended
        moved = self._at(least_norm_by_lsmr(self.objective, free, self.coef))
        return self._with([Collinear(numbers(free), excess, moved is not None)], moved)

    def _free_Xd(self):
        """Linear predictors of the free coefficients and the intercept alone, (n,): a pass."""
        part = np.zeros_like(self.coef)
        part[self.free] = self.coef[self.free]
        return self.objective.rows.apply(part[:, None], self.ended.intercept)

    def _at_point(self, point):
        """The result at another point."""
        coef, intercept = self.monitor.lift(point.coef, point.intercept)
        return replace(
            self.ended,
            coef=coef,
            intercept=intercept,
            objective=point.value,
            optimality=self.objective.optimality(point),
            n_passes=self.objective.rows.counter.n_passes,
        )

    def _at(self, coef):
        """The Point at other coefficients if it is as good as the one reached and within the bounds, else None."""
        coef = coef[:, None]
        if not np.array_equal(self.objective.penalty.nearest(coef), coef):
            return None
        point = self.objective.at(coef, self.ended.intercept)
        allowed = 0.01 * self.monitor.target + 2.0 * self.objective.rounding(point)
        return point if point.value <= self.ended.objective + allowed else None

    def _with(self, found, point=None):
        """The result with these findings, at the point if one is given."""
        if not found:
            return self.ended
        changes = {"findings": tuple(_renumbered(finding, self.columns, len(self.ended.coef)) for finding in found)}
        if isinstance(found[0], Separation):
            changes["status"] = Status.SEPARATED
        result = replace(self.ended, **changes) if point is None else replace(self._at_point(point), **changes)
        return amended(result, self.monitor, " ".join(finding.describe() for finding in result.findings))


def directions_allowed(penalty, frame):
    """(lower, upper) of separating directions in the frame's coordinates: 0 on the side of a finite bound, else inf."""
    pad = 0, int(frame.fit_intercept)
    sides = (penalty.lower, -np.inf), (penalty.upper, np.inf)
    ends = [np.where(np.isfinite(bound[frame.columns, 0]), 0.0, far) for bound, far in sides]
    return tuple(np.pad(end, pad, constant_values=far) for end, (_, far) in zip(ends, sides, strict=True))


def _renumbered(finding, columns, p):
    """The finding in terms of the columns of X."""
    if columns is None:
        return finding
    changes = {"columns": numbers(columns[list(finding.columns)])}
    if isinstance(finding, Separation):
        direction = np.zeros(p)
        direction[columns] = finding.direction
        changes["direction"] = direction
    return replace(finding, **changes)
