"""Truncated Newton for several labels in step: passes over X are shared, all decisions are each label's own."""

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.objective.labels import LabelStep
from fastlr.solvers.monitor import Measures
from fastlr.solvers.parts.conjugate_gradient import FLAT, RESOLVABLE
from fastlr.solvers.parts.line_search import MAX_HALVINGS, SUFFICIENT, rounding_of
from fastlr.solvers.parts.preconditioner import CHEAP, Diagonal, sample
from fastlr.solvers.parts.starts import ROWS_PER_COLUMN, SPACING

#: Products of one step, at most.
MOST_PRODUCTS = 200
#: Share of the labels left in a loop at which its arrays are made anew without those that have left.
CROWDED = 0.75
#: Rows with and without a label in a sample, at least, from which its optimum there is a start.
FEWEST_OF_A_LABEL = 16


def solve(objective, coef, intercept, monitors):
    """Minimise for all labels by truncated Newton steps, until their monitors say that the fits are finished.

    What newton_cg.solve does for one label.  Labels that are finished drop out, and so do those within a step whose
    conjugate gradients have gone far enough.

    Parameters
    ----------
    objective : fastlr.objective.labels.LabelObjective
    coef : ndarray of shape (p, K)
    intercept : ndarray of shape (K,)
    monitors : sequence of K Monitor
        With null values.
    """
    if not np.any(coef):
        coef, intercept = _start(objective, coef, intercept)
    point = _starting_point(objective, coef, intercept, monitors)
    live, preconditioner, norm0 = np.arange(len(monitors)), None, None
    decrement = np.full(len(live), np.nan)
    while True:
        ended = _finished(objective, point, decrement, [monitors[k] for k in live])
        if ended.all():
            return
        if ended.any():
            stay = np.flatnonzero(~ended)
            objective, point, live = objective.take(stay), point.take(stay), live[stay]
            if preconditioner is not None:
                preconditioner, norm0 = preconditioner.take(stay), norm0[stay]
        if preconditioner is None:
            preconditioner = preconditioner_for(objective, point)
            norm0 = preconditioner.norm(point.gradient)
        fallen = preconditioner.norm(point.gradient) / np.where(norm0 > 0.0, norm0, 1.0)
        forcing = np.minimum(0.25, np.sqrt(fallen))
        enough = np.array([0.5 * monitors[k].target for k in live])
        step = conjugate_gradients(objective, point, preconditioner, forcing, enough)
        t = _armijo(objective, point, step)
        _report_stuck(step, t, norm0, [monitors[k] for k in live])
        decrement = np.where(t == 1.0, step.decrease + step.missing, np.nan)
        stay = np.flatnonzero(t > 0.0)
        if not len(stay):
            return
        if len(stay) < len(t):
            objective, point, step, live = objective.take(stay), point.take(stay), step.take(stay), live[stay]
            preconditioner, norm0, t, decrement = preconditioner.take(stay), norm0[stay], t[stay], decrement[stay]
        point = objective.move(point, step, t)


def _start(objective, coef, intercept):
    """From where every 16th row has its optimum, roughly, if that is cheap; see starts.sampled."""
    n, p = objective.rows.matrix.shape
    _, price = sample(objective.rows.matrix)
    if n < ROWS_PER_COLUMN * SPACING * p or price > CHEAP:
        return coef, intercept
    present = objective.rows.label[::SPACING].sum(axis=0, dtype=np.intp)
    told = np.flatnonzero(np.minimum(present, -(-n // SPACING) - present) >= FEWEST_OF_A_LABEL)
    if not len(told):
        return coef, intercept
    some = objective.take(told).every_kth_row(SPACING)
    point = _optimum(some, np.ascontiguousarray(coef[:, told]), intercept[told])
    coef, intercept = coef.copy(), intercept.copy()
    coef[:, told], intercept[told] = point.coef, point.intercept
    return coef, intercept


def _optimum(objective, coef, intercept):
    """The LabelPoint near the optimum of a sample."""
    point = objective.point(coef, intercept)
    forcing, far = np.full(len(intercept), 0.1), np.full(len(intercept), np.inf)
    for _ in range(10):
        step = conjugate_gradients(objective, point, preconditioner_for(objective, point), forcing, far)
        moved = objective.move(point, step, _armijo(objective, point, step))
        settled = point.value - moved.value <= 1e-4 * moved.value
        point = moved
        if settled.all():
            break
    return point


def _starting_point(objective, coef, intercept, monitors):
    """The given point, or the null models where those are better; see Monitor.starting_point."""
    point = objective.point(coef, intercept)
    objective.rows.check_finite(point.gradient)
    worse = point.value > np.array([monitor.null_value for monitor in monitors])
    if not (worse & np.any(coef != 0.0, axis=0)).any():
        return point
    return objective.point(np.where(worse, 0.0, coef), np.where(worse, 0.0, intercept))


def _finished(objective, point, decrement, monitors):
    """Record the point; which fits end here."""
    optimality, rounding = objective.optimality(point), objective.rounding(point)
    nonzeros = np.count_nonzero(point.coef, axis=0)
    ended = np.zeros(len(monitors), dtype=bool)
    for k, monitor in enumerate(monitors):
        numbers = (float(part[k]) for part in (point.value, point.gap, rounding, optimality))
        known = 0.0 if optimality[k] == 0.0 else float(decrement[k])
        monitor.record(Measures(*numbers, int(nonzeros[k])), None if np.isnan(known) else known)
        ended[k] = monitor.ends_at((point, k), float(point.intercept[k]))
        if ended[k]:
            monitor.settle()
    return ended


def _report_stuck(step, t, norm0, monitors):
    """End the fits that no step moves."""
    for k, monitor in enumerate(monitors):
        if t[k] > 0.0:
            continue
        if norm0[k] > 0.0:
            monitor.stuck(float(step.decrease[k]), "No step along the Newton direction lowers the objective")
        else:
            monitor.without_curvature()
        monitor.settle()


def _armijo(objective, point, step):
    """Step lengths as line_search.armijo finds them, (K,); 0 where there is none."""
    slope = linalg_vector.dot(point.gradient, step.coef, objective.n_threads)
    t = np.ones(len(slope))
    found = ~(slope < 0.0)
    noise = rounding_of(point.value)
    for _ in range(MAX_HALVINGS + 1):
        found |= objective.values_along(point, step, t) <= point.value + SUFFICIENT * t * slope + noise
        if found.all():
            break
        t = np.where(found, t, 0.5 * t)
        noise = np.zeros_like(noise)
    return np.where(found & (slope < 0.0), t, 0.0)


def conjugate_gradients(objective, point, preconditioner, forcing, enough):
    """Approximate Newton directions; see conjugate_gradient.conjugate_gradient, whose rules hold label by label.

    forcing, enough : ndarray of shape (K,)
    """
    found = LabelStep.none(point)
    labels = np.arange(len(forcing))
    step, curvature, trace_D = LabelStep.none(point), point.curvature, point.trace_D
    rho = point.gradient.copy()
    v = np.zeros_like(rho)
    nothing = np.zeros(len(labels))
    rz, _ = preconditioner.advance(nothing, v, v, step.coef, rho)
    preconditioner.turn(nothing, rho, v)
    size, goal, resolvable = rz.copy(), forcing * forcing * rz, RESOLVABLE * rz
    going = np.ones(len(labels), dtype=bool)
    flattest = np.full(len(labels), np.inf)
    for _ in range(MOST_PRODUCTS):
        product, Xd, shift, bent = objective.hessian_product(curvature, trace_D, v)
        going &= (rz > 0.0) & (bent > FLAT * size) & np.isfinite(bent)
        if not going.any():
            break
        alpha = np.where(going, rz / np.where(going, bent, 1.0), 0.0)
        new_rz, _ = preconditioner.advance(alpha, v, product, step.coef, rho)
        linalg_vector.add_scaled(alpha, Xd, step.Xd, objective.n_threads)
        step.intercept += alpha * shift
        step.decrease += 0.5 * alpha * rz
        step.products += going
        step.residual_gap[:] = objective.residual_gap(rho)
        flattest = np.where(going, np.minimum(flattest, bent / np.where(going, size, 1.0)), flattest)
        step.missing[:] = np.where(going, 0.5 * new_rz / flattest, step.missing)
        least = np.where(np.isfinite(step.residual_gap), enough, 2.0 * enough)
        near = (new_rz <= goal) & ((step.decrease > least) | (step.residual_gap <= enough))
        going &= ~near & (new_rz > resolvable)
        if not going.any():
            break
        beta = np.where(going, new_rz / np.where(going, rz, 1.0), 0.0)
        preconditioner.turn(beta, rho, v)
        size = new_rz + beta * beta * size
        rz = new_rz
        if np.count_nonzero(going) <= CROWDED * len(labels):
            found.put(labels, step, np.arange(len(labels)))
            stay = np.flatnonzero(going)
            objective, preconditioner, step = objective.take(stay), preconditioner.take(stay), step.take(stay)
            curvature, rho, v = (np.ascontiguousarray(array[:, stay]) for array in (curvature, rho, v))
            per_label = (labels, trace_D, rz, size, goal, resolvable, enough, going, flattest)
            labels, trace_D, rz, size, goal, resolvable, enough, going, flattest = (array[stay] for array in per_label)
    found.put(labels, step, np.arange(len(labels)))
    return found


class Diagonals(Diagonal):
    """A diagonal for each label."""

    def take(self, which):
        return Diagonals(np.ascontiguousarray(self.scale[:, which]), self.n_threads)

    def norm(self, gradient):
        """Norms of gradients in the metric of the preconditioner, (K,)."""
        return np.sqrt(linalg_vector.weighted_dot(self.scale, gradient, gradient, self.n_threads))


class Factors:
    """A Cholesky factor for each label, for few columns."""

    def __init__(self, factors):
        self._factors = factors

    def take(self, which):
        return Factors([self._factors[k] for k in which])

    def _solve(self, rho):
        columns = [factor.solve(rho[:, [k]]) for k, factor in enumerate(self._factors)]
        return np.ascontiguousarray(np.concatenate(columns, axis=1))

    def advance(self, alpha, v, product, step, rho):
        step += alpha * v
        rho += alpha * product
        self._solution = self._solve(rho)
        return np.sum(rho * self._solution, axis=0), np.sum(rho * rho, axis=0)

    def turn(self, beta, rho, v):
        v *= beta
        v -= self._solution

    def norm(self, gradient):
        return np.sqrt(np.sum(gradient * self._solve(gradient), axis=0))


def preconditioner_for(objective, point):
    """Factors of sampled Hessians where those are cheap, diagonals elsewhere."""
    every, price = sample(objective.rows.matrix)
    if price > CHEAP:
        return Diagonals(objective.inverse_diagonal(point), objective.n_threads)
    sampled = objective if every == 1 else objective.every_kth_row(every)
    return Factors([sampled.factor(point, k, every) for k in range(len(point.value))])
