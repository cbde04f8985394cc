"""The diagnosis of a fit that has ended: when to look, in what order, and what comes of it."""

from dataclasses import replace

import numpy as np

from fastlr._environment import blas_threads
from fastlr.diagnosis.advice import advice
from fastlr.diagnosis.dependence import dependencies, least_norm, least_norm_by_lsmr, numbers
from fastlr.diagnosis.findings import Collinear, Separation
from fastlr.diagnosis.frame import Frame, null_space
from fastlr.diagnosis.refinement import (
    are_told_apart,
    can_refine,
    complement,
    is_small,
    refined as refined_by_factors,
    whole_decrement,
)
from fastlr.diagnosis.separation import SATURATED, Classes, separates_all, separation
from fastlr.factor import CholeskyFactor
from fastlr.solvers.newton_decrement import orthogonal_class_decrement, orthogonal_decrement
from fastlr.solvers.refinement import refined
from fastlr.solvers.result import Status

#: Free columns up to which their Gram matrix is factored.
MOST_COLUMNS = 1000
#: Rows of the sample whose Gram matrix answers most questions: at least so many for each column, and in all.
ROWS_PER_COLUMN, FEWEST_ROWS = 3, 1024
#: Suboptimality, relative to the null model, from which the rows that a fit leaves with much loss say little.
ROUGH = 1e-4
#: Share of a column's sum of squares that must be left after centring for its Gram matrix to say anything.
CENTRED = 1e-2
#: Share of it that the columns before must leave, for a Gram matrix to tell columns apart with digits to spare.
INDEPENDENT = 1e-10
#: Linear predictors up to this size belong to rows that are not saturated.
_FAR = -np.log(np.expm1(SATURATED))


def diagnosed(result, monitor, kept=None):
    """The result with what is found about separation, collinear and constant columns, and with advice.

    Where coefficients without a penalty are not determined, those of least norm take their place.

    Parameters
    ----------
    result : LogisticResult
    monitor : Monitor
        Of the fit.
    kept : ndarray of int, optional
        The columns of X that the fit was made of, where it was not all.
    """
    objective = monitor.objective
    if result.status is Status.CONVERGED and objective.penalty.covers_all:
        return result
    if not result.status.is_own_end:
        return result
    if not objective.penalty.covers_all and np.isfinite(result.objective):
        result = Diagnosis(result, monitor, kept).result()
    if result.status is Status.CONVERGED or result.status is Status.SEPARATED:
        return result
    hint = advice(result, objective, kept)
    return _amended(result, monitor, hint) if hint else result


class Diagnosis:
    """Looks for separation and for dependent columns at the end of one fit."""

    def __init__(self, ended, monitor, kept):
        self.ended = ended
        self.monitor = monitor
        self.objective = monitor.objective
        self.kept = kept
        self.columns = free_columns(self.objective.penalty)
        self.coef = ended.coef if kept is None else ended.coef[kept]

    def result(self):
        """The result to return."""
        rows = self.objective.rows
        if not len(self.columns):
            return self.ended
        if not can_refine(self.objective):
            self._make_sure()
        state = self.monitor.state or rows.state(self.coef[:, None], self.ended.intercept)
        eta = state.eta
        if self.ended.solver == "newton_small" and self.ended.n_iter and np.abs(eta).max() < _FAR:
            return self.ended  # its Hessians were not singular, and no row is saturated
        if len(self.columns) > MOST_COLUMNS:
            return self._wide(Classes(rows.loss, eta))
        if self._sample_determines(eta):
            return self.ended
        with blas_threads(rows.n_threads):
            return self._narrow(Classes(rows.loss, eta))

    @property
    def _suboptimality(self):
        gap = self.monitor.gaps[-1]
        return max(gap if np.isfinite(gap) else 1.0, self.monitor.target)

    def _sample_determines(self, eta):
        """Whether evenly spaced rows that are not saturated fix every free coefficient: nothing to find then."""
        rows, f = self.objective.rows, len(self.columns)
        n = rows.design.shape[0]
        every = max(1, n // max(ROWS_PER_COLUMN * f, FEWEST_ROWS))
        loss = rows.loss.thin(every)
        open_rows = ~Classes(loss, eta[::every]).saturated(self._suboptimality / every) & (loss.weight_of_rows() > 0)
        if np.count_nonzero(open_rows) < f:
            return False
        design = rows.sample(every)
        if f < rows.design.shape[1]:
            held, design = design, design.gather(self.columns)
            rows.work.hold(rows.held_bytes + (every > 1) * held.copied_bytes + design.copied_bytes)
        rows.work.entries_read += 2 * design.nnz
        return _is_regular(design, open_rows.astype(np.float64), self.objective.fit_intercept, rows.n_threads)

    def _narrow(self, classes):
        """Few free columns: null spaces, and linear programs where they are not empty."""
        frame = Frame(self.objective.rows, self.columns, self.objective.fit_intercept)
        if not frame.is_finite:
            return self.ended
        saturated = classes.saturated(self._suboptimality)
        if separates_all(classes, self._free_image()):
            saturated = classes.counts  # also the rows that a fit cut short has not brought far
        unnoticed = null_space(frame, classes.counts & ~saturated)
        everywhere = null_space(frame, classes.counts, unnoticed)
        found = []
        if unnoticed.shape[1] > everywhere.shape[1]:
            found += self._separation(frame, classes, saturated, unnoticed, everywhere)
        if found and found[0].kind != "complete" and self._suboptimality > ROUGH * self.monitor.null_value:
            hard = classes.counts & (classes.sign != 0.0)  # nobody knows yet which rows will be saturated
            unnoticed = null_space(frame, classes.counts & ~hard)
            found = self._separation(frame, classes, hard, unnoticed, everywhere) or found
        if found and not everywhere.shape[1]:
            return self._with(found)
        if not found:
            self._settle(frame, classes.eta, complement(everywhere))
        if not everywhere.shape[1]:
            return self.ended
        moved = self._at(least_norm(frame, everywhere, self.coef))
        return self._with(found + dependencies(frame, everywhere, moved is not None), moved)

    def _make_sure(self):
        """Look again at the estimate of a fit with some penalties, by orthogonal factors."""
        if self.ended.status is not Status.CONVERGED or self.monitor.is_refined:
            return
        point = self.objective.at(self.coef[:, None], self.ended.intercept)
        decrement = orthogonal_decrement(self.objective, point)
        if decrement is not None and decrement > self.monitor.target and not self._refine():
            self._say_unresolved()

    def _refine(self):
        """Go on in doubled precision where that is affordable; whether it has converged."""
        if self.monitor.may_refine and self.monitor.reached_a_point and not self.monitor.is_refined:
            self.ended = refined(self.ended, self.monitor)
            self.coef = self.ended.coef if self.kept is None else self.ended.coef[self.kept]
        return self.monitor.is_refined and self.ended.status is Status.CONVERGED

    def _settle(self, frame, eta, within):
        """Make sure of a fit that has converged, where X' D X is singular to rounding: what it stopped on then means
        nothing.  In the span of `within` no direction goes unnoticed."""
        looked_at = Status.CONVERGED, Status.LINE_SEARCH_FAILED, Status.NUMERICAL_ERROR
        if self.ended.status not in looked_at or not (can_refine(self.objective) and is_small(frame)):
            return
        if self.monitor.is_refined and self.ended.status is Status.CONVERGED:
            return
        target, settled = self.monitor.target, are_told_apart(frame, eta, within)
        if not settled:
            point, decrement = refined_by_factors(
                self.objective, frame, self.coef, self.ended.intercept, target, within
            )
            settled = decrement <= target
            if settled:
                told = f"The suboptimality is estimated at {decrement:.2g} (target {target:.2g})."
                self.ended = replace(self._at_point(point), status=Status.CONVERGED, message=told)
                self.coef, eta = point.coef[:, 0], point.state.eta
        if settled and within.shape[1] < frame.size:
            settled = whole_decrement(frame, eta) <= target  # columns may be near to dependence and no more
        if not settled and not self._refine():
            self._say_unresolved()

    def _say_unresolved(self):
        self.ended = unresolved(self.ended, self.monitor)

    def _separation(self, frame, classes, saturated, *spaces):
        where = self.coef, self.ended.intercept
        found = separation(frame, classes, saturated, *spaces, *where, self._limits(frame))
        return [] if found is None else [found]

    def _wide(self, classes):
        """Many free columns: only the coefficients themselves are tried as a separating direction."""
        columns = self.columns
        if separates_all(classes, self._free_image()):
            direction = np.zeros(len(self.coef))
            direction[columns] = self.coef[columns]
            which = numbers(np.flatnonzero(direction))
            count = int(np.count_nonzero(classes.counts))
            return self._with([Separation("complete", which, direction, self.ended.intercept, count)])
        excess = len(columns) + self.objective.fit_intercept - int(np.count_nonzero(classes.counts))
        if excess <= 0:
            return self.ended
        moved = self._at(least_norm_by_lsmr(self.objective, columns, self.coef))
        return self._with([Collinear(numbers(columns), excess, moved is not None)], moved)

    def _free_image(self):
        """What free coefficients and intercept add to linear predictors: a pass."""
        part = np.zeros_like(self.coef)
        part[self.columns] = self.coef[self.columns]
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
            n_passes=self.objective.rows.work.n_passes,
        )

    def _limits(self, frame):
        """Where coefficients cannot go to infinity: (lower, upper) of directions in the frame's coordinates."""
        penalty, pad = self.objective.penalty, (0, int(frame.fit_intercept))
        sides = (penalty.lower, -np.inf), (penalty.upper, np.inf)
        ends = [np.where(np.isfinite(bound[self.columns, 0]), 0.0, far) for bound, far in sides]
        return tuple(np.pad(end, pad, constant_values=far) for end, (_, far) in zip(ends, sides, strict=True))

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
        changes = {"findings": tuple(_renumbered(finding, self.kept, len(self.ended.coef)) for finding in found)}
        if isinstance(found[0], Separation):
            changes["status"] = Status.SEPARATED
        result = replace(self.ended, **changes) if point is None else replace(self._at_point(point), **changes)
        return _amended(result, self.monitor, " ".join(finding.describe() for finding in result.findings))


def unresolved(result, monitor):
    """The result as one of which double precision does not tell how far it has come."""
    told = (
        "Some columns so nearly depend on each other that double precision does not tell how far the optimum is. "
        "Leave them out, combine or penalise them."
    )
    return _amended(replace(result, status=Status.PRECISION_LIMIT), monitor, told)


def made_sure_of_classes(result, monitor):
    """The result of a softmax fit with unpenalised coefficients, its estimate looked at again by orthogonal factors."""
    objective = monitor.objective
    if result.status is not Status.CONVERGED or objective.penalty.covers_all or monitor.is_refined:
        return result
    decrement = orthogonal_class_decrement(objective, objective.at(monitor.coef, monitor.intercept))
    if decrement is None or decrement <= monitor.target:
        return result
    found = refined(result, monitor) if monitor.may_refine else result
    return found if monitor.is_refined else unresolved(result, monitor)


def free_columns(penalty):
    """Numbers of the coefficients that have no penalty and are not bounded on both sides."""
    closed = np.isfinite(penalty.lower) & np.isfinite(penalty.upper)
    return np.flatnonzero(((penalty.l1 == 0.0) & (penalty.l2 == 0.0) & ~closed)[:, 0])


def _is_regular(design, weights, fit_intercept, n_threads):
    """Whether  X' diag(weights) X,  centred if there is an intercept, is positive definite beyond doubt."""
    with np.errstate(over="ignore", invalid="ignore"):
        gram, before, mean = _centred_gram(design, weights, fit_intercept)
        far = np.diag(gram) < CENTRED * before
        if far.any():  # the digits that the difference has lost would count as independence
            gram, before, _ = _centred_gram(design.centred(np.where(far, mean, 0.0)), weights, fit_intercept)
    if not np.isfinite(gram).all() or not (np.diag(gram) > CENTRED * before).all():
        return False
    factor = CholeskyFactor(np.ascontiguousarray(gram), n_threads)
    return factor.replaced == 0 and bool(np.all(np.diag(factor.lower) ** 2 > INDEPENDENT * np.diag(gram)))


def _centred_gram(design, weights, fit_intercept):
    """(X' diag(weights) X centred if there is an intercept, its diagonal before, the means)."""
    gram = design.gram(weights)
    before = np.diag(gram).copy()
    if not fit_intercept:
        return gram, before, np.zeros(len(before))
    mean = design.adjoint(weights) / weights.sum()
    return gram - weights.sum() * np.outer(mean, mean), before, mean


def _renumbered(finding, kept, p):
    """The finding in terms of the columns of X."""
    if kept is None:
        return finding
    columns = {"columns": numbers(kept[list(finding.columns)])}
    if isinstance(finding, Separation):
        direction = np.zeros(p)
        direction[kept] = finding.direction
        columns["direction"] = direction
    return replace(finding, **columns)


def _amended(result, monitor, text):
    """The result with more to say, before the choice of the solver; a separation comes first of all."""
    ended = monitor.message
    together = f"{text} {ended}" if result.status is Status.SEPARATED else f"{ended} {text}"
    return replace(result, message=result.message.replace(ended, together, 1))
