"""The truncated Newton step within bounds: conjugate gradients on faces of the box."""

import numpy as np

from fastlr.objective import Direction

#: Residuals below this share of the first are rounding.
RESOLVABLE = 1e-12


def projected_cg(objective, point, scale, goal, enough, max_products=200):
    """Approximate minimiser of  g . d + d' H d / 2  within  lower <= coef + d <= upper,  from d = 0.

    Conjugate gradients run on a face, the coefficients that are not held at a bound.  A step that would leave the box
    is projected onto it instead, which may take many coefficients to their bounds at once, and conjugate gradients
    begin anew on the face reached; as they do where coefficients held at a bound want to leave it more than is left to
    do on the face (Dostal 1997).

    Each product is one fused pass over X; a projection takes a second one.

    Parameters
    ----------
    scale : ndarray of shape (p, 1)
        Inverse diagonal that preconditions.
    goal : float
        Stop when the norm of the residual, without what points out of the box, is at most this in the metric of scale.
    enough : float
        Model decrease, and columns' share of the gap, so small that the outer solver is about to stop: once the
        decrease is below, go on until that share is below too, because that is what a certificate needs.
    """
    model = Model(objective, point, scale)
    floor = RESOLVABLE * model.norm()
    while model.products < max_products:
        if model.norm() <= goal and (model.decrease() > enough or model.columns_gap() <= enough):
            break
        if model.norm() <= floor or not explore(model, floor, goal, max_products):
            break
    return model.direction()


def explore(model, floor, goal, max_products):
    """Conjugate gradients on the present face until its residual no longer dominates, or a step leaves the box.

    Whether anything was gained.
    """
    face = model.face()
    rho = face * model.rho
    rz = float(np.sum(model.scale * rho * rho))
    v = -model.scale * rho
    gained = False
    while model.products < max_products:
        product, curvature = model.product(v)
        if not (rz > 0.0 and curvature > 0.0 and np.isfinite(curvature)):
            return gained
        alpha = rz / curvature
        if not model.holds(model.position + alpha * v):
            return model.project(v, alpha, product) or gained
        model.advance(alpha, v, product)
        gained = True
        rho = face * model.rho
        last, rz = rz, float(np.sum(model.scale * rho * rho))
        whole = model.norm()
        if whole <= goal or whole <= floor or 2.0 * rz < whole * whole:
            return True
        v = (rz / last) * v - model.scale * rho
    return gained


class Model:
    """The quadratic model at a point, and where its minimisation has got to: position, gradient, image."""

    def __init__(self, objective, point, scale):
        self.objective, self.point, self.scale = objective, point, scale
        self.penalty = objective.penalty
        self.position, self.rho = point.coef.copy(), point.gradient.copy()
        self.image, self.intercept = objective.rows.image(), 0.0
        self.products = 0
        self._image_of_last = None

    def product(self, v):
        """(H v, v' H v): one pass.  Its image is kept for `advance`."""
        out = np.empty_like(v)
        image, intercept, curvature = self.objective.hessian_product(self.point, v, out)
        self._image_of_last = image, intercept
        self.products += 1
        return out, float(curvature[0])

    def advance(self, alpha, v, product):
        """Go alpha times along the v of the last product."""
        image, intercept = self._image_of_last
        self.position = self.penalty.moved(self.position, v, alpha)
        self.rho += alpha * product
        self.objective.rows.accumulate(alpha, image, self.image)
        self.intercept += alpha * intercept

    def project(self, v, alpha, product):
        """Go to the nearest point of the box to alpha times along v, or as far on the way as the model falls.

        Where the projection points uphill: along v up to the first bound.  Whether anything was gained.
        """
        step = self.penalty.nearest(self.position + alpha * v) - self.position
        slope = float(np.sum(self.rho * step))
        if slope < 0.0:
            product, curvature = self.product(step)
            self.advance(min(1.0, -slope / curvature) if curvature > 0.0 else 1.0, step, product)
            return True
        room = np.where(v > 0.0, self.penalty.upper, self.penalty.lower) - self.position
        longest = float(np.min(np.divide(room, v, out=np.full_like(v, alpha), where=v != 0.0)))
        self.advance(longest, v, product)
        return longest > 0.0

    def holds(self, coef):
        """Whether coef is within the bounds."""
        return bool(np.all((self.penalty.lower <= coef) & (coef <= self.penalty.upper)))

    def projected(self):
        """The gradient of the model without what points out of the box."""
        return self.penalty.subgradient(self.position, self.rho)[0]

    def face(self):
        """Coefficients that are not held at a bound: (p, 1) of bool."""
        inside = (self.penalty.lower < self.position) & (self.position < self.penalty.upper)
        return inside | (self.projected() != 0.0)

    def norm(self):
        """Norm of the projected gradient in the metric of the preconditioner."""
        projected = self.projected()
        return float(np.sqrt(np.sum(self.scale * projected * projected)))

    def decrease(self):
        """By how much the model has fallen."""
        return -0.5 * float(np.sum((self.point.gradient + self.rho) * (self.position - self.point.coef)))

    def adjoint(self):
        """X' times the linearised residual."""
        return self.rho - self.penalty.l2 * self.position

    def columns_gap(self):
        """The columns' share of the gap after a full step, for the linearised residual."""
        adjoint = self.adjoint()
        if not self.penalty.covers_all or self.penalty.dual_scale(adjoint) < 1.0:
            return np.inf
        return self.penalty.gap(self.position, adjoint)

    def direction(self):
        return Direction(
            self.position - self.point.coef,
            self.image,
            self.intercept,
            decrease=self.decrease(),
            products=self.products,
            adjoint=self.adjoint(),
        )
