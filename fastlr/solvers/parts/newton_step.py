"""One step of Newton's method: a direction by conjugate gradients, a line search, the next point."""

from fastlr.kernels import linalg_vector
from fastlr.solvers.parts.conjugate_gradient import conjugate_gradient
from fastlr.solvers.parts.line_search import armijo
from fastlr.solvers.parts.newton_decrement import made_sure


def newton_step(objective, point, preconditioner, forcing, enough, max_products=200, last=None):
    """The next point, or None if no step lowers the objective; the direction taken; the decrement.

    Parameters
    ----------
    preconditioner, forcing, enough, max_products, last :
        See `conjugate_gradient`.

    Returns
    -------
    moved : Point or None
    direction : Direction
    decrement : float or None
        Half the squared Newton decrement, the estimate of the suboptimality where there is no gap (see made_sure); None
        after a shorter step, when it says nothing of the point reached.
    """
    direction = conjugate_gradient(objective, point, preconditioner, forcing, enough, max_products, last)
    slope = float(linalg_vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    if t is None:
        return None, direction, direction.decrement
    moved = objective.move(point, direction, t)
    return moved, direction, made_sure(objective, moved, direction, 2.0 * enough) if t == 1.0 else None
