"""The solvers by name: what each can minimise, and which of them "auto" takes."""

from collections.abc import Callable
from dataclasses import dataclass

from fastlr.solvers.composite import coordinate_descent, projected_newton, prox_newton
from fastlr.solvers.first_order import adagrad, gradient_descent, stochastic_gradient
from fastlr.solvers.smooth import dual_coordinate_descent, lbfgs, newton_cg, newton_cholesky, newton_small
from fastlr.validation.numbers import unwrapped

#: Columns whose Hessian can be expected to find room: 3.2 GB.
MOST_COLUMNS = 20_000


@dataclass(frozen=True)
class SolverSpec:
    """A solver and the problems that it can minimise."""

    run: Callable
    #: Penalties it handles: any of "none", "l2", "l1", "elasticnet".
    penalties: frozenset
    #: Why "auto" should take it, given (matrix, ElasticNet), as what follows "because"; "" where it should not.
    suits: Callable
    #: Those it handles within bounds.
    bounded: frozenset = frozenset()
    #: Whether it visits rows one by one, which takes C-ordered or CSR X and l2 on every coefficient.
    by_rows: bool = False
    #: Whether it visits blocks of rows, which takes dense or CSR X.
    by_blocks: bool = False
    #: Whether all its iterations run in one compiled call, which takes dense or CSR X.
    compiled: bool = False
    #: Whether it holds a Hessian: of all columns, unless l1 leaves most of them out.
    by_hessian: bool = False

    def handles(self, penalty, has_bounds=False):
        return penalty in (self.bounded if has_bounds else self.penalties)

    def obstacle(self, matrix, penalty):
        """Condition that X or the penalty does not meet, given a penalty that it handles; "" where all are met."""
        if self.by_rows and not (matrix.can_visit_rows and penalty.covers_all):
            return "unless X is C-ordered or CSR and l2 is positive for every coefficient"
        if (self.by_blocks and not matrix.can_split_rows) or (self.compiled and not matrix.can_iterate):
            return "unless X is dense or CSR"
        if self.by_hessian and matrix.shape[1] > MOST_COLUMNS and not penalty.has_l1:
            return f"unless X has at most {MOST_COLUMNS:,} columns (their Hessian is a dense matrix)"
        return ""


def never(matrix, penalty):
    """No reason for "auto": solvers that are there for comparison."""
    return ""


_SMOOTH, _L1 = frozenset({"none", "l2"}), frozenset({"l1", "elasticnet"})
_ALL = _SMOOTH | _L1

#: In the order in which "auto" asks them.  What they weigh against each other is the price in passes over X, from the
#: measured figures of matrix/costs.py.
SOLVERS = {
    "newton_small": SolverSpec(newton_small.solve, _SMOOTH, newton_small.suits, compiled=True, by_hessian=True),
    "dual_coordinate_descent": SolverSpec(
        dual_coordinate_descent.solve, frozenset({"l2"}), dual_coordinate_descent.suits, by_rows=True
    ),
    "newton_cholesky": SolverSpec(newton_cholesky.solve, _SMOOTH, newton_cholesky.suits, by_hessian=True),
    "newton_cg": SolverSpec(newton_cg.solve, _SMOOTH, newton_cg.suits),
    "prox_newton": SolverSpec(prox_newton.solve, _L1, prox_newton.suits, bounded=_ALL, by_hessian=True),
    "projected_newton": SolverSpec(projected_newton.solve, frozenset(), projected_newton.suits, bounded=_SMOOTH),
    "coordinate_descent": SolverSpec(coordinate_descent.solve, _L1, coordinate_descent.suits, bounded=_ALL),
    "lbfgs": SolverSpec(lbfgs.solve, _SMOOTH, never),
    "gradient_descent": SolverSpec(gradient_descent.solve, _ALL, never, bounded=_ALL),
    "accelerated_gradient": SolverSpec(gradient_descent.solve_accelerated, _ALL, never, bounded=_ALL),
    "adagrad": SolverSpec(adagrad.solve, _ALL, never, bounded=_ALL),
    "stochastic_gradient": SolverSpec(stochastic_gradient.solve, _ALL, never, bounded=_ALL, by_blocks=True),
}


def penalty_name(has_l1, has_l2):
    """ "none", "l2", "l1" or "elasticnet"."""
    return {(False, False): "none", (False, True): "l2", (True, False): "l1", (True, True): "elasticnet"}[
        bool(has_l1), bool(has_l2)
    ]


def automatic(name, reason):
    """The sentence that says which solver was chosen and why."""
    return f"Chosen automatically: {name}, because {reason}."


def choose_solver(name, matrix, penalty):
    """(name, SolverSpec, choice) of the solver to run; "auto" takes the first that handles the penalty and suits.

    The choice is a sentence that names the solver and the reason; "" where it was asked for by name.

    Raises
    ------
    ValueError
        If there is no such solver, or it cannot minimise this; the message names those that can.
    """
    name = unwrapped(name)
    wanted = penalty_name(penalty.has_l1, penalty.has_l2), penalty.has_bounds
    if isinstance(name, str) and name == "auto":
        for key, spec in SOLVERS.items():
            if spec.handles(*wanted) and (reason := spec.suits(matrix, penalty)):
                return key, spec, automatic(key, reason)
    able = [key for key, spec in SOLVERS.items() if spec.handles(*wanted) and not spec.obstacle(matrix, penalty)]
    if not isinstance(name, str) or name not in SOLVERS:
        raise ValueError(f"solver={name!r}: expected one of {['auto', *SOLVERS]}")
    if name not in able:
        reason = f"with penalty {wanted[0]!r}" + (" within bounds" if penalty.has_bounds else "")
        if SOLVERS[name].handles(*wanted):
            reason = SOLVERS[name].obstacle(matrix, penalty)
        raise ValueError(f"solver={name!r} cannot fit {reason}; solvers that can: {['auto', *able]}")
    return name, SOLVERS[name], ""
