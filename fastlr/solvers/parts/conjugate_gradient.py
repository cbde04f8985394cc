"""The truncated Newton step: preconditioned conjugate gradients on  H d = -g."""

import numpy as np

from fastlr.objective.point import Direction

#: Curvature, in the preconditioner's metric, that is rounding: along a direction that no row notices (dependent columns
#: without a penalty) a step of any length would seem worth taking.
FLAT = 1e-13
#: Squared residual norm, as a share of the first, below which residuals are rounding.
RESOLVABLE = 1e-24


def conjugate_gradient(objective, point, preconditioner, forcing, enough, max_iter=200, last=None):
    """Approximate Newton direction at a point (Hestenes and Stiefel 1952; stopping after Lin, Weng, Keerthi 2008).

    Each iteration is one fused pass over X, which also gives X v; their sum is Xd of the step, so that the line search
    costs no pass.

    Parameters
    ----------
    preconditioner : Diagonal or Cholesky
        See solvers/parts/preconditioner.py.
    forcing : float
        Stop when the residual, in the preconditioner's norm, has fallen to this fraction.
    enough : float
        Half the suboptimality, and the residual gap, with which the outer solver would stop.  Once the step is likely
        to leave no more than `enough`, CG goes on until the residual gap is below too, as a certificate needs it; where
        no gap can be had, once it is likely to leave no more than twice as much, until the Newton system is solved:
        only then its decrease estimates half the squared decrement.
    last : float, optional
        Decrease d0 of the model by the step before, if that was a full one.  Under quadratic convergence a step of
        decrease d is followed by one of about d (d / d0)^2; the factor is at least forcing^2, which limits it.
    """
    rho = point.gradient.copy()
    step = np.zeros_like(rho)
    product = np.empty_like(rho)
    v = np.zeros_like(rho)
    Xd, intercept = objective.rows.Xd(), 0.0
    nothing = np.zeros(rho.shape[1])
    rz, _ = preconditioner.advance(nothing, v, v, step, rho)
    preconditioner.turn(nothing, rho, v)
    goal = forcing * forcing * rz
    size = rz.copy()  # v' M^-1 v, by the orthogonality of the residuals
    resolvable = RESOLVABLE * rz
    decrease = np.zeros_like(rz)
    residual_gap, flattest, left = np.inf, np.inf, rz
    for products in range(1, max_iter + 1):  # noqa: B007 (how many were made is part of the answer)
        v_Xd, v_intercept, curvature = objective.hessian_product(point, v, product)
        active = (rz > 0.0) & (curvature > FLAT * size) & np.isfinite(curvature)
        if not active.any():
            break
        alpha = np.where(active, rz / np.where(active, curvature, 1.0), 0.0)
        new_rz, rr = preconditioner.advance(alpha, v, product, step, rho)
        objective.rows.accumulate(float(alpha[0]), v_Xd, Xd)
        intercept += float(alpha[0]) * v_intercept
        decrease += 0.5 * alpha * rz
        residual_gap, left = objective.residual_gap(point, step, rho, rr), new_rz
        flattest = min(flattest, float(np.min(curvature / size)))
        least = enough if np.isfinite(residual_gap) else 2.0 * enough
        if np.all(new_rz <= goal) and (_left(decrease.sum(), forcing, last) > least or residual_gap <= enough):
            break
        if np.all(new_rz <= resolvable):
            break
        beta = np.where(active, new_rz / np.where(active, rz, 1.0), 0.0)
        preconditioner.turn(beta, rho, v)
        size = new_rz + beta * beta * size
        rz = new_rz
    adjoint = objective.adjoint_after(point, step, rho)
    missing = _missing(float(left.sum()), flattest)
    return Direction(step, Xd, intercept, residual_gap, float(decrease.sum()), missing, products, adjoint)


def _missing(left, flattest):
    """Half of rho' H^-1 rho, for a residual with rho' M rho = `left`, as if H curved as little along it as along the
    flattest direction met."""
    if left == 0.0:
        return 0.0
    return 0.5 * left / flattest if 0.0 < flattest < np.inf else np.inf


def _left(decrease, forcing, last):
    """Decrease of the next step, estimated: about the suboptimality that a step of this decrease leaves."""
    return decrease if last is None else decrease * min(1.0, max(forcing, decrease / last) ** 2)
