"""The objective of logistic regression and its certificate, over whatever matrix holds X.

    f(w, b) = sum_i s_i loss(x_i . w + b + offset_i, y_i) + w' diag(l2) w / 2 + l1' |w|,      sum_i s_i = 1

The intercept b is never penalised and is eliminated: at every point it is where f is least in b, found on the cached
linear predictor without a pass over X.  Solvers therefore see a function of w alone,  F(w) = min_b f(w, b):

    gradient   X' r + l2 w,                      r_i = s_i (sigma(eta_i) - y_i),  sum_i r_i = 0
    Hessian    X' (D - D 1 1' D / 1'D 1) X + l2, D = diag(s_i sigma'(eta_i))

and a Hessian product is  X' D (X v - tau),  tau = (X' D 1) . v / 1'D 1,  one fused pass; the step -tau of the intercept
comes with it.

Duality gap.  A dual point u in [0, 1]^n with z = X'(s (u - y)) and, with an intercept, sum_i s_i (u_i - y_i) = 0 bounds
the suboptimality of any w by

    sum_i s_i KL(u_i || sigma(eta_i)) + sum_j [l1 |w| + l2 w^2 / 2 + conjugate(-z) + z w]_j,

all terms non-negative.  Two dual points cost no pass: u = sigma(eta) itself (scaled where l1 alone acts), and after a
full Newton step d from a point with residual r, curvature D and CG residual rho = H d + g the linearised residual
r + D (X d - tau), for which z + l2 (w + d) = rho: its gap is of second order in d.
"""

import math
from dataclasses import replace
from functools import cached_property

import numpy as np

from fastlr.kernels import linalg_vector
from fastlr.linalg.broadcast import is_one_number
from fastlr.linalg.cholesky import CholeskyFactor, penalised
from fastlr.matrix import RowSpace
from fastlr.objective.diagonal import inverse, share_a_scale
from fastlr.objective.point import Direction, Point
from fastlr.objective.rounding import OF_DIVERGENCES, hidden, of_imbalance, of_product
from fastlr.penalties.elastic_net import ElasticNet

_EPS = float(np.finfo(float).eps)


class LogisticObjective:
    """Two-class logistic regression over bound rows.

    Parameters
    ----------
    rows : fastlr.matrix.Rows
    penalty : fastlr.penalties.elastic_net.ElasticNet
    fit_intercept : bool
    """

    #: Whether `sampled_hessian` answers.
    has_hessian = True
    #: Whether `steepest` does.
    has_steepest = True
    #: Whether working sets begin small and are solved roughly while violators are outside: where a gradient over all
    #: columns is cheap beside a Hessian of a few.
    grows_slowly = False

    #: Whether the whole Hessian is so cheap that each Newton step has a new one.
    is_small = False

    def __init__(self, rows, penalty, fit_intercept):
        self.rows = rows
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self.n_threads = rows.n_threads
        self.shape = penalty.shape

    def null_value(self):
        """Least value with coef = 0, offset and free intercept included; `tol` is relative to it."""
        state = self.rows.state(np.zeros(self.shape), 0.0)
        if self.fit_intercept:
            self.rows.optimise_intercept(state)
        return float(self.rows.along(state, self.rows.Xd(), [0.0])[0])

    def restrict(self, columns):
        """The objective in a few coefficients, all others fixed at zero, over a copy of their columns by column."""
        return LogisticObjective(self.rows.restrict(columns), self.penalty.restrict(columns), self.fit_intercept)

    def select(self, columns):
        """The same over a copy for passes."""
        return LogisticObjective(self.rows.select(columns), self.penalty.restrict(columns), self.fit_intercept)

    def point(self, coef, intercept=0.0):
        """Evaluate at coef (p, 1), the intercept being optimised from the given value on.

        Raises ValueError if X holds NaN or infinity: the first pass meets every entry.
        """
        point = self.at(coef, intercept)
        self.rows.check_finite(point.gradient)
        return point

    def at(self, coef, intercept):
        """The Point at coef, for X that is known to be finite: in one fused pass where there is one."""
        if self.fit_intercept or not np.any(coef):
            return self.evaluate(coef, intercept, self.rows.state(coef, intercept))
        return self._complete(coef, intercept, *self.rows.loss_gradient(coef, intercept))

    def evaluate(self, coef, intercept, state, bound=np.inf):
        """The Point at a row state: one pass.  `bound` is a bound on the gap known already."""
        if self.fit_intercept:
            intercept = intercept + self.rows.optimise_intercept(state)
        # X' D 1 comes with the gradient where it costs no pass of its own; elsewhere the first product asks for it.
        loss, gradient, XtD1 = self.rows.gradient(state, self.fit_intercept and self.rows.pairs_are_free)
        return self._complete(coef, intercept, state, loss, gradient, bound, XtD1)

    def _complete(self, coef, intercept, state, loss, gradient, bound=np.inf, XtD1=None):
        """The Point, from the loss and its gradient."""
        if not self.penalty.is_smooth:
            gap = self._plain_gap_scaled(coef, state, gradient)
        self.penalty.add_smooth_gradient(coef, gradient)
        if self.penalty.is_smooth:
            gap = self.penalty.smooth_gap(gradient)
        value = loss + self.penalty.smooth(coef) + self.penalty.absolute(coef)
        trace_D = float(state.curvature.sum()) if self.fit_intercept else 0.0
        gap = max(0.0, min(gap, bound))  # rounding can leave the sum of divergences slightly negative
        return Point(coef, intercept, state, value, gradient, gap, XtD1, trace_D)

    def _plain_gap_scaled(self, coef, state, adjoint):
        """Gap of the dual point y + scale (sigma(eta) - y), scaled into the dual domain where no l2 acts."""
        if not self.penalty.covers_all:
            return np.inf
        scale = self.penalty.dual_scale(adjoint)
        rows = 0.0
        if scale < 1.0:
            rows, _ = self.rows.divergence(state, scale=scale)
            rows += OF_DIVERGENCES
        return rows + self.penalty.gap(coef, adjoint, scale)

    # --- curvature ---------------------------------------------------------------------------------------------------

    def steepest(self, point):
        """The point with curvature s_i / 4 in every row, the largest there is: its Hessian bounds all others."""
        return replace(point, state=self.rows.steepest(), XtD1=None, trace_D=0.25 if self.fit_intercept else 0.0)

    def hessian_product(self, point, v, out):
        """out = H v; returns (X v - tau, step -tau of the intercept, v . H v per right-hand side)."""
        tau = self._tau(point, v)
        Xd = self.rows.hessian_product(point.state, v, -tau, out)
        return Xd, -tau, self.penalty.add_smooth_gradient(v, out)

    def _tau(self, point, v):
        if point.trace_D <= 0.0:
            return 0.0
        return float(linalg_vector.dot(self._XtD1(point), v, self.n_threads)[0]) / point.trace_D

    def _XtD1(self, point):
        """X' D 1 at the point, (p, 1): one pass, unless it came with the gradient or was asked for before."""
        if point.XtD1 is None:
            point.XtD1 = self.rows.XtD1(point.state)
        return point.XtD1

    def column_means(self, point):
        """X' D 1 / 1' D 1, (p, 1): column means under the curvature; zeros without an intercept."""
        return self._XtD1(point) / point.trace_D if point.trace_D > 0.0 else np.zeros(self.shape)

    def diagonal(self, point):
        """Diagonal of the Hessian, (p, 1): one pass."""
        diagonal = self.rows.squares(point.state)
        if point.trace_D > 0.0:
            # cancellation can leave a constant column slightly negative
            diagonal = np.maximum(diagonal - self._XtD1(point) ** 2 / point.trace_D, _EPS * diagonal)
        return diagonal + self.penalty.l2

    def sampled_hessian(self, point, every):
        """The Hessian in w of every k-th row, scaled up to all of them, (p, p); k = 1: the Hessian."""
        gram, XtD1, trace_D = self.rows.sampled_gram(point.state, every)
        beside = np.outer(XtD1, XtD1) / trace_D if self.fit_intercept and trace_D > 0.0 else None
        return penalised(gram, self.penalty.l2[:, 0], beside)

    def root(self, point):
        """A (n + p, p) with A' A the Hessian in w.

        An orthogonal factorisation of A keeps digits that the Hessian has lost where columns nearly depend on each
        other.
        """
        n, p = self.rows.matrix.shape
        curvature = point.state.curvature
        X = self.rows.take(np.arange(n), np.arange(p))
        if self.fit_intercept and point.trace_D > 0.0:
            X -= curvature @ X / point.trace_D
        return np.vstack([np.sqrt(curvature)[:, None] * X, np.diag(np.sqrt(self.penalty.l2[:, 0]))])

    def factored(self, point, every):
        """Cholesky factor of sampled_hessian(point, every)."""
        return CholeskyFactor(self.sampled_hessian(point, every), self.n_threads)

    def every_kth_row(self, every):
        """The objective of every k-th row alone, in place."""
        return LogisticObjective(self.rows.every_kth_row(every), self.penalty, self.fit_intercept)

    def in_row_space(self):
        """The same fit in as many unknowns as there are rows, and the map of its coefficients to those of this one.

        Needs l2 > 0 throughout, no l1.  See matrix.RowSpace.
        """
        space = RowSpace(self.rows.matrix, 1.0 / np.ascontiguousarray(self.penalty.l2[:, 0]))
        self.rows.counter.entries_read += 2 * self.rows.matrix.nnz
        n = space.matrix.shape[0]
        penalty = ElasticNet(0.0, 1.0, (n, 1), space.matrix.n_threads)
        return LogisticObjective(self.rows.over(space.matrix), penalty, self.fit_intercept), space.lift

    def inverse_diagonal(self, point):
        """Inverse diagonal preconditioner for conjugate gradients, (p, 1): one pass.

        The diagonal of the Hessian makes CG indifferent to the scale of each column, but on sparse X it also lifts rare
        columns, which hardly matter, to the importance of frequent ones.  Hsia, Chiang and Lin (2018) therefore mix it
        with a multiple of the identity; here with its median, and only where the columns share a scale.  (Measured on
        20,000 x 47,000 text, passes to 1e-6: C = 1: 14 without, 13 with; C = 100: 60 and 43.)
        """
        diagonal = self.diagonal(point)
        every = max(1, len(diagonal) // 4096)  # a sample of the columns tells enough
        if share_a_scale(diagonal[::every, 0], self.rows.column_shares(every)):
            diagonal = 0.1 * diagonal + 0.9 * np.median(diagonal[::every])
        return inverse(diagonal)

    def set_aside(self, point, Xd, most):
        """The objective's model without the rows in which |Xd_i| > most: one pass, two with an intercept.

        Returns the Point of the other rows (its value is still that of all); a bound on the decrease of the loss of the
        rows left out; the Newton step of the intercept, whose optimum the others move; half its squared decrement.
        """
        state, above, gradient, slope = self.rows.set_aside(point.state, Xd, most)
        trace_D = float(state.curvature.sum()) if self.fit_intercept else 0.0
        left = replace(point, state=state, XtD1=None, trace_D=trace_D, gradient=point.gradient - gradient)
        if trace_D <= 0.0:
            return left, above, 0.0, 0.0
        left.gradient += slope * self.column_means(left)
        return left, above, slope / trace_D, 0.5 * slope * slope / trace_D

    # --- moving ------------------------------------------------------------------------------------------------------

    def direction(self, point, coef):
        """The Direction of a step `coef` of the coefficients, with the Newton step of the intercept: one pass."""
        tau = self._tau(point, coef)
        return Direction(coef, self.rows.apply(coef, -tau), -tau)

    def coordinate_direction(self, point, tolerance, max_epochs):
        """A step on the quadratic model, minimised by epochs of coordinate descent over gathered columns."""
        diagonal = self.diagonal(point)
        penalty = self.penalty
        XtD1 = np.zeros(len(diagonal)) if point.XtD1 is None else point.XtD1[:, 0]
        model = (
            point.gradient[:, 0],
            diagonal[:, 0],
            XtD1,
            point.trace_D,
            penalty.l1[:, 0],
            penalty.l2[:, 0],
            penalty.lower[:, 0],
            penalty.upper[:, 0],
            point.coef[:, 0],
        )
        return self.direction(point, self.rows.coordinate_epochs(point.state, model, tolerance, max_epochs))

    def along(self, point, direction, steps):
        """Values of the objective at point + t * direction for each t: no pass."""
        losses = self.rows.along(point.state, direction.Xd, steps)
        a = self.penalty.smooth(point.coef)
        b = self.penalty.smooth_product(point.coef, direction.coef)
        c = self.penalty.smooth(direction.coef)
        values = [loss + a + t * (b + t * c) for loss, t in zip(losses, steps, strict=True)]
        if self.penalty.has_l1:
            values = [
                value + self.penalty.absolute(point.coef + t * direction.coef)
                for value, t in zip(values, steps, strict=True)
            ]
        return values

    def move(self, point, direction, t):
        """The Point at point + t * direction; the row state moves along, so `point` must not be used again."""
        bound = self._linearised_gap(point, direction) if t == 1.0 else np.inf
        coef = self.penalty.moved(point.coef, direction.coef, t)
        self.rows.advance(point.state, direction.Xd, t)
        return self.evaluate(coef, point.intercept + t * direction.intercept, point.state, bound)

    def model_decrease(self, point, direction, slope):
        """Decrease of the quadratic model at the point by a full step: no pass.  `slope` as for a line search."""
        curvature = self.rows.curvature_along(point.state, direction.Xd)
        return -slope - 0.5 * curvature - self.penalty.smooth(direction.coef)

    def linearised_adjoint(self, point, direction):
        """X' times the linearised residual after a full step, (p, 1): one pass."""
        product = self.rows.curvature_product(point.state, direction.Xd)
        return point.gradient - self.penalty.l2 * point.coef + product

    def rows_gap_after(self, point, direction):
        """Rows' share of the gap of the linearised residual after a full step, a lower bound on that gap: no pass."""
        divergence, cut = self.rows.divergence(point.state, direction.Xd, t=1.0, back=1.0)
        return np.inf if cut else divergence

    def _linearised_gap(self, point, direction):
        """Gap after a full step for the residual linearised before it; inf where that leaves the dual domain."""
        if direction.adjoint is not None and self.penalty.covers_all:
            scale = self.penalty.dual_scale(direction.adjoint)
            columns = self.penalty.gap(self.penalty.moved(point.coef, direction.coef, 1.0), direction.adjoint, scale)
        else:
            scale, columns = 1.0, direction.residual_gap
        if not np.isfinite(columns):
            return np.inf
        divergence, cut = self.rows.divergence(point.state, direction.Xd, t=1.0, back=1.0, scale=scale)
        if cut:
            return np.inf
        moved = math.sqrt(2.0 * (direction.products * direction.decrease + self.penalty.smooth(direction.coef)))
        return divergence + columns + OF_DIVERGENCES + self._hidden(point, divergence + columns, moved)

    # --- measures ----------------------------------------------------------------------------------------------------

    def optimality(self, point):
        """Inf-norm of the subgradient of least norm."""
        return self.penalty.optimality(point.coef, point.gradient)

    def violations(self, point):
        """|subgradient of least norm|, (p, 1), in the units of the penalty, which make columns comparable."""
        return self.penalty.beside_l1(self.penalty.subgradient(point.coef, point.gradient)[0])

    def rounding(self, point):
        """Bound on the rounding error of the gap: a few units in the last place of its terms, and the error by rounding
        in products with X (docs/design/certificates.md, "What rounding may hide")."""
        terms = abs(float(linalg_vector.dot(point.coef, point.gradient, self.n_threads).sum()))
        terms += 2.0 * self.penalty.smooth(point.coef) + self.penalty.absolute(point.coef)
        return 4.0 * _EPS * (abs(point.value) + terms + self.rows.mean_offset) + self._hidden(point, point.gap)

    def gradient_noise(self, point):
        """Rounding error of the gradient, (p,): eps times the root mean squares of columns and residuals."""
        lengths = np.sqrt(self.rows.mean_squares())[self.column_of(np.arange(len(point.coef)))]
        return _EPS * math.sqrt(max(point.value, 0.0)) * lengths

    def value_noise(self, point):
        """Error of the value by rounding in linear predictors: eps times their terms, weighed by residuals."""
        return float(self.gradient_noise(point) @ np.abs(point.coef[:, 0]))

    def column_of(self, coefficients):
        """The columns of X that these coefficients belong to."""
        return coefficients

    def shrinking_rounding(self, point):
        """The part of `rounding` that shrinks in proportion to the gap, where it is more than the gap itself."""
        if not math.isfinite(point.gap):
            return 0.0
        under_l2, under_l1, _ = self._magnitudes
        if not under_l1:
            return 0.0
        value = min(1.0, max(float(point.value), 0.0))
        return 2.0 * of_product(value, under_l2, 0.0) * under_l1 * max(float(point.gap), 0.0)

    def _hidden(self, point, gap, moved=0.0):
        """Error of a gap by rounding in products with X; `moved` bounds the length, in the norm of the Hessian, of the
        step whose linearisation made the dual point.
        """
        if not math.isfinite(gap):
            return 0.0
        gap = max(float(gap), 0.0)  # a sum of divergences may be slightly negative
        under_l2, under_l1, lengths = self._magnitudes
        value, out = min(1.0, max(float(point.value), 0.0)), 0.0
        if under_l2:
            inverse_trace_D = self._inverse_trace_D(point) if self.fit_intercept else 0.0
            out += hidden(gap, value, self.penalty.smooth(point.coef), moved, under_l2, inverse_trace_D)
            out += of_imbalance(gap, self._imbalance(point), under_l2)
        if under_l1:
            used = np.flatnonzero(point.coef)
            reach = float(np.sum(np.abs(point.coef[used, 0]) * lengths[used]))
            out += 2.0 * of_product(value, under_l2, moved) * (under_l1 * gap + reach)
        return out

    @cached_property
    def _magnitudes(self):
        """Sizes of the columns relative to their penalties, see ElasticNet.magnitudes."""
        return self.penalty.magnitudes(self.rows.mean_squares())

    def _imbalance(self, point):
        """Length of the sums of residuals by class, zero but for rounding; of two classes `hidden` has it."""
        return 0.0

    def _inverse_trace_D(self, point):
        """1 / 1' D 1: the step of the intercept for residuals that add up to 1 instead of 0."""
        return 1.0 / max(point.trace_D, _EPS)

    def residual_gap(self, point, step, rho, rr):
        """The columns' share of the gap after a full step, for the gradient rho of the model there (rr = rho . rho)."""
        if not self.penalty.covers_all or self.penalty.has_l1:
            return np.inf
        if self.penalty.has_bounds:
            adjoint = self.adjoint_after(point, step, rho)
            feasible = self.penalty.dual_scale(adjoint) == 1.0
            return self.penalty.gap(self.penalty.nearest(point.coef + step), adjoint) if feasible else np.inf
        if is_one_number(self.penalty.l2):
            return 0.5 * float(rr.sum()) / float(self.penalty.l2[0, 0])
        return self.penalty.smooth_gap(rho)

    def adjoint_after(self, point, step, rho):
        """X' times the linearised residual after a full step, (p, 1), for the gradient rho of the model there.

        None where rho tells all (no bounds), or has l1 in it.
        """
        if self.penalty.has_l1 or not self.penalty.has_bounds:
            return None
        return rho - self.penalty.l2 * (point.coef + step)
