"""One step of Newton's method: a direction by conjugate gradients, a line search, the next point."""

from fastlr.kernels import vector
from fastlr.solvers.conjugate_gradient import conjugate_gradient
from fastlr.solvers.line_search import armijo


def newton_step(objective, point, preconditioner, forcing, enough, max_products=200, last=None):
    """The next point, or None if no step lowers the objective; and the direction taken.

    Parameters
    ----------
    preconditioner, forcing, enough, max_products, last :
        See `conjugate_gradient`.

    Returns
    -------
    moved : Point or None
    direction : Direction
        `direction.decrease` is half the squared Newton decrement, which stands in for a gap where there is none.
    """
    direction = conjugate_gradient(objective, point, preconditioner, forcing, enough, max_products, last)
    slope = float(vector.dot(point.gradient, direction.coef, objective.n_threads).sum())
    t = armijo(objective, point, direction, slope) if slope < 0.0 else None
    if t is None:
        return None, direction
    if t < 1.0:
        direction.decrease = None  # says nothing of the point reached
    return objective.move(point, direction, t), direction
