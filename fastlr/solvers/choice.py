"""Which solver `solver="auto"` takes, and why.

The rules are few because costs are compared in one currency, passes over X, with the figures of design/costs.py; where
nothing can be known beforehand (how many products conjugate gradients will take) the solver itself changes course on
the way, see preconditioner.Schedule.
"""

from fastlr.solvers import newton_cholesky, prox_newton


def choose(design, penalty):
    """(name, reason) of the solver for this X and penalty.

    Parameters
    ----------
    design : fastlr.design.InMemoryDesign
    penalty : fastlr.penalty.ElasticNet
    """
    n, p = design.shape
    if penalty.has_l1:
        if prox_newton.suits(design):
            return "prox_newton", f"the Hessian of {p} columns costs about {design.gram_price():.0f} passes"
        return "coordinate_descent", f"{p} columns: working sets"
    if newton_cholesky.suits(design):
        return "newton_cholesky", f"the Hessian of {p} columns costs about {design.gram_price():.1f} passes"
    return "newton_cg", f"{n} rows, {p} columns: products with the Hessian are cheaper than the Hessian"
