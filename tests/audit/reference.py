"""The optimum of a posed problem in 80-bit floats, and how sure it is.

Proximal Newton steps.  Each minimises the quadratic model of the loss plus the penalty itself, exactly: from face to
face of l1 and bounds, with the factor of a QR decomposition (the Hessian is never formed).  A step that the line search
cuts short is followed by one on a quadratic that is nowhere below the loss, so that saturated rows do no harm.  Groups
go along the path of `barrier` instead.

What the last model promises is what is left: it is zero exactly where the conditions of optimality hold.  A reference
counts as converged where that is below 1e-16 of the terms of the objective.  Where it is not, its value still is that
of a point, and a suboptimality measured from it is a lower bound.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audit import barrier
from audit.wide import EPS, WIDE, Factor

STEPS = WIDE(0.5) ** np.arange(1, 22)
#: A weight on the squared step, relative to the squares of columns: it decides among coefficients that depend on each
#: other, and moves no optimum.
PROXIMAL = WIDE(1e-20)
#: What a converged reference may have left, relative to the terms of the objective.
ACCURACY = 1e-16


@dataclass(frozen=True)
class Reference:
    """value of the best point (W, c) found; `left`: what the model there promises; and whether that is nothing."""

    W: np.ndarray
    c: np.ndarray
    value: WIDE
    left: WIDE
    converged: bool


def optimum(posed, starts=(), max_iter=120):
    """The Reference of a problem.

    `starts` are points (W, c) to begin from where they are better than the null model; where they lie decides how long
    it takes, not what counts as an optimum.
    """
    with np.errstate(all="ignore"):  # steps that overflow are not taken
        return _optimum(posed, starts, max_iter)


def _optimum(posed, starts, max_iter):
    start = _best(posed, starts)
    return (
        _along_barrier(posed, *start, max_iter)
        if posed.grouped and posed.l1.any()
        else _by_steps(posed, *start, max_iter)
    )


def _by_steps(posed, W, c, max_iter):
    value, bounding = posed.value(W, c), False
    for _ in range(max_iter):
        model = Model(posed, W, c, bounding)
        dW, dc, left = model.step()
        if not bounding and left <= EPS * value:
            break
        W, c, new, length = _search(posed, W, c, value, dW, dc, model)
        if new < value:
            value, bounding = new, length < 0.1 and not bounding
        elif bounding or left <= ACCURACY * value:
            break
        else:
            bounding = True
    left = Model(posed, W, c, False).step()[2]
    return Reference(W, c, value, left, bool(left <= ACCURACY * posed.terms(W, c)))


def _along_barrier(posed, W, c, max_iter):
    """By the smooth penalties of `barrier`, less and less of them: groups come as near to zero as 80 bits tell."""
    weighed = np.count_nonzero(posed.l1 > 0)
    mu = posed.value(W, c) / (10 * weighed)
    left = WIDE(np.inf)
    for _ in range(2 * max_iter):
        model = Model(posed, W, c, False, mu)
        dW, dc, left = model.newton()
        if left <= mu / 10:
            if 2 * mu * weighed <= EPS * posed.value(W, c):
                break
            mu /= 10
            continue
        lengths = np.concatenate([np.ones(1, dtype=WIDE), STEPS])
        here, slope = posed.predictors(W, c), posed.centred @ dW + dc
        losses = posed.loss.losses(here + lengths[:, None, None] * slope) @ posed.share
        values = losses + np.array([barrier.penalty(posed, W + t * dW, mu) for t in lengths])
        t = lengths[int(np.argmin(np.where(np.isnan(values), np.inf, values)))]
        W, c = W + t * dW, c + t * dc
    value = posed.value(W, c)
    left = left + 2 * mu * weighed
    return Reference(W, c, value, left, bool(left <= ACCURACY * posed.terms(W, c)))


def _best(posed, starts):
    """The best of the null model and the starts, within bounds."""
    W, c = posed.null
    best = posed.nearest(W), c
    value = posed.value(*best)
    for W, c in starts:
        if np.isfinite(W).all() and np.isfinite(c).all():
            here = posed.nearest(W), c
            other = posed.value(*here)
            if other < value:
                best, value = here, other
    return best


def _search(posed, W, c, value, dW, dc, model):
    """The best point along a step: (W, c, value, length)."""
    here, slope = posed.predictors(W, c), posed.centred @ dW + dc
    best = (W, c, value, WIDE(0))
    for lengths in (np.ones(1, dtype=WIDE), STEPS):
        losses = posed.loss.losses(here + lengths[:, None, None] * slope) @ posed.share
        values = losses + np.array([posed.penalty(W + t * dW) for t in lengths])
        values = np.where(np.isnan(values), np.inf, values)
        k = int(np.argmin(values))
        if values[k] < best[2]:
            best = (W + lengths[k] * dW, c + lengths[k] * dc, values[k], lengths[k])
        if best[3] > 0:
            break
    if best[3] == 1:
        best = (model.snapped(best[0]), *best[1:])
        best = (*best[:2], posed.value(*best[:2]), best[3])
    return best


class Model:
    """The quadratic model at a point, as vectors of length m: coefficients by column, then intercepts."""

    def __init__(self, posed, W, c, bounding, mu=None):
        self.posed = posed
        self.x = np.concatenate([W.ravel(), c]) if posed.fit_intercept else W.ravel().copy()
        eta = posed.predictors(W, c)
        self._residuals = residuals = posed.share[:, None] * posed.loss.residuals(eta)
        of_columns = posed.centred.T @ residuals + posed.l2[:, None] * W
        self.gradient = np.concatenate([of_columns.ravel(), residuals.sum(axis=0)])[: len(self.x)]
        roots = posed.loss.bounding_roots(eta) if bounding else posed.loss.roots(eta)
        self._rows = self._jacobian(roots)
        self.l1, self.l2, self.lower, self.upper = (
            self._of_coefficients(values, other)
            for values, other in ((posed.l1, 0), (posed.l2, 0), (posed.lower, -np.inf), (posed.upper, np.inf))
        )
        self._held_at = np.full(len(self.x), WIDE(np.nan))
        self._barriers = np.zeros((0, len(self.x)), dtype=WIDE)
        if mu is not None:
            self._add_barriers(W, mu)

    def _of_coefficients(self, values, other):
        q, extra = self.posed.q, len(self.x) - self.posed.p * self.posed.q
        return np.concatenate([np.repeat(values.astype(WIDE), q), np.full(extra, WIDE(other))])

    def _jacobian(self, roots):
        """Rows (n q, m) whose products with each other are the Hessian of the loss."""
        posed = self.posed
        roots = np.sqrt(posed.share)[:, None, None] * roots
        n, q = len(roots), posed.q
        rows = (roots[:, :, None, :] * posed.centred[:, None, :, None]).reshape(n * q, -1)
        return np.hstack([rows, roots.reshape(n * q, q)]) if posed.fit_intercept else rows

    def factor(self):
        squares = np.sum(self._rows**2, axis=0) + self.l2
        squares = np.where(squares > 0, squares, 1)
        diagonal = np.sqrt(self.l2 + PROXIMAL * squares)
        return Factor(np.vstack([self._rows, self._barriers, np.diag(diagonal)]))

    def step(self):
        """(dW, dc, promised decrease)."""
        if not self.l1.any() and not self.posed.has_bounds:
            return self.newton()
        d, promised = self._faces()
        return *self._parts(d), promised

    def _parts(self, d):
        """Of coefficients (p, q) and of intercepts (q,)."""
        k = self.posed.p * self.posed.q
        dc = d[k:] if self.posed.fit_intercept else np.zeros(self.posed.q, dtype=WIDE)
        return d[:k].reshape(self.posed.p, -1), dc

    # --- l1 and bounds -----------------------------------------------------------------------------------------------

    def _least(self, gradient, z):
        """The subgradient of least norm of the model at z; what points out of the box counts as zero."""
        right = gradient + np.where(z >= 0, self.l1, -self.l1)
        left = gradient + np.where(z > 0, self.l1, -self.l1)
        right = np.where(z >= self.upper, 0, np.minimum(right, 0))
        left = np.where(z <= self.lower, 0, np.maximum(left, 0))
        return right + left

    def _faces(self):
        """Minimise the model from face to face: each leg leads to the least point of a face or to its first edge."""
        whole, x = self.factor(), self.x
        z, kink, sign = x.copy(), self.l1 > 0, np.sign(x)
        held = (kink & (x == 0)) | (x <= self.lower) | (x >= self.upper)
        gradient, barred = self.gradient.copy(), np.zeros(len(x), dtype=bool)
        for _ in range(6 * len(x) + 20):
            free = np.flatnonzero(~held)
            if len(free):
                step = -whole.restricted(free).solve(gradient[free] + self.l1[free] * sign[free])
                t, edges, at = self._first_edge(z[free], step, sign[free], kink[free], free)
                z[free] += min(t, WIDE(1)) * step
                if t < 1:
                    z[free[edges]] = at[edges]
                    held[free[edges]] = True
                    barred[free[edges]] = t == 0
                gradient = self.gradient + whole.product(z - x)
                if t < 1:
                    continue
            wanted = self._least(gradient, z) * (held & ~barred)
            wanted = np.where(np.abs(wanted) > 8 * EPS * self._sizes, wanted / self._curvatures, 0)
            worst = int(np.argmax(np.abs(wanted)))
            if wanted[worst] == 0:
                break
            held[worst] = False
            sign[worst] = np.sign(z[worst]) if z[worst] != 0 else -np.sign(wanted[worst])
        self._held_at = np.where(held, z, np.nan)
        return z - x, self._decrease(gradient, z)

    @cached_property
    def _sizes(self):
        """What the gradient is the sum of, in absolute values."""
        columns = np.abs(self.posed.centred).T @ np.abs(self._residuals)
        sizes = np.concatenate([columns.ravel(), np.abs(self._residuals).sum(axis=0)])[: len(self.x)]
        return sizes + self.l1 + self.l2 * np.abs(self.x)

    @cached_property
    def _curvatures(self):
        """Square roots of the Hessian's diagonal."""
        return np.sqrt(np.maximum(np.sum(self._rows**2, axis=0) + self.l2, WIDE(1e-300)))

    def _decrease(self, gradient, z):
        d = z - self.x
        change = np.sum(self.l1 * (np.abs(z) - np.abs(self.x)))
        return max(WIDE(0), -((self.gradient + gradient) @ d / 2 + change))

    def _first_edge(self, z, step, sign, kink, free):
        """(length to the first edge, which of the free are there, where the edges are)."""
        at = np.where(step > 0, self.upper[free], self.lower[free])
        to_zero = kink & (sign * step < 0) & (np.sign(z) == sign) & (z != 0)
        at = np.where(to_zero & (np.abs(z) < np.abs(at - z)), 0, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            lengths = np.where((step != 0) & np.isfinite(at), (at - z) / step, np.inf)
        lengths = np.where(lengths >= 0, lengths, np.inf)
        t = lengths.min(initial=np.inf)
        return t, lengths <= t, at

    def snapped(self, W):
        """Coefficients exactly at the kinks and bounds that hold them after a full step."""
        held = self._held_at[: W.size].reshape(W.shape)
        return np.where(np.isnan(held), W, held)

    # --- groups ------------------------------------------------------------------------------------------------------

    def _add_barriers(self, W, mu):
        """Gradients and curvatures of the barriers in place of the norms of columns."""
        q, rows = self.posed.q, [self._barriers]
        for j in np.flatnonzero(self.posed.l1 > 0):
            here = slice(j * q, (j + 1) * q)
            gradient, root = barrier.derivatives(W[j], self.posed.l1[j], mu)
            self.gradient[here] += gradient
            block = np.zeros((q, len(self.x)), dtype=WIDE)
            block[:, here] = root
            rows.append(block)
        self._barriers = np.vstack(rows)

    def newton(self):
        """(dW, dc, promised decrease) of the Newton step in all unknowns."""
        d = -self.factor().solve(self.gradient)
        return *self._parts(d), -(self.gradient @ d) / 2
