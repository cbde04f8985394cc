"""Newton's method with the exact Hessian, for few columns."""

from fastlr.solvers.parts.newton_step import newton_step
from fastlr.solvers.parts.preconditioner import Cholesky, sample

#: Passes up to which a Hessian at every iteration is worth having.
WORTH = 3.0
#: Residual, relative to the gradient, that is as good as none.
EXACT = 1e-8


def suits(matrix, penalty):
    """Why "auto" should take it: the Hessian of all rows is cheap."""
    every, price = sample(matrix)
    return f"the whole Hessian costs as little as {price:.1f} passes over X" if every == 1 and price <= WORTH else ""


def solve(objective, coef, intercept, monitor):
    """Minimise a smooth objective by Newton steps from the Cholesky factor of the Hessian (Newton-Raphson; IRLS).

    Each iteration: the Hessian X' D X + l2, its factor, the step by conjugate gradients with that factor as
    preconditioner, a line search on the cached X d of the step, one pass for the gradient.  Conjugate gradients take
    one product, which also gives X d and the residual for the certificate; where the system is so
    ill-conditioned that rounding spoils the solution, further products refine it.

    Parameters
    ----------
    objective : LogisticObjective without l1
    coef : ndarray of shape (p, 1)
    intercept : float
    monitor : Monitor
    """
    point = monitor.starting_point(coef, intercept)
    decrement = None
    while not monitor.finished(point, decrement):
        moved, decrement = step(objective, point, 0.5 * monitor.target)
        if moved is None:
            monitor.stuck(decrement, "No step along the Newton direction lowers the objective")
            break
        point = moved
    return monitor.result()


def step(objective, point, enough):
    """The next point (None if no step lowers the objective), and half the squared Newton decrement of a full step."""
    factor = Cholesky(objective.factored(point, 1))
    moved, _, decrement = newton_step(objective, point, factor, EXACT, enough)
    return moved, decrement
