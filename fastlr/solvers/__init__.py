"""Layer 3: one file per algorithm.

A solver is a module with a function  solve(objective, coef, intercept, monitor) -> LogisticResult.  It sees an
objective, never X's format, neither prints nor reads the environment, and knows no classes or labels.  What it can
minimise is declared in its `SolverSpec` and checked before the first pass.  A new solver is one more file and one more
entry of SOLVERS.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastlr.solvers import coordinate_descent, newton_cg, newton_small
from fastlr.solvers.monitor import Controls, Monitor
from fastlr.solvers.result import FitInterrupted, LogisticResult, Progress, Status

__all__ = [
    "SOLVERS",
    "Controls",
    "FitInterrupted",
    "LogisticResult",
    "Monitor",
    "Progress",
    "SolverSpec",
    "Status",
    "choose_solver",
]


@dataclass(frozen=True)
class SolverSpec:
    """A solver and what it can minimise."""

    run: Callable
    #: Penalties it handles: any of "none", "l2", "l1", "elasticnet".
    penalties: frozenset
    #: Whether "auto" should take it for a fit, given (design, ElasticNet).
    suits: Callable = lambda design, penalty: True

    def handles(self, penalty):
        return penalty in self.penalties


SOLVERS = {
    "newton_small": SolverSpec(newton_small.solve, frozenset({"none", "l2"}), newton_small.suits),
    "newton_cg": SolverSpec(newton_cg.solve, frozenset({"none", "l2"})),
    "coordinate_descent": SolverSpec(coordinate_descent.solve, frozenset({"l1", "elasticnet"})),
}


def penalty_name(has_l1, has_l2):
    """ "none", "l2", "l1" or "elasticnet"."""
    return {(False, False): "none", (False, True): "l2", (True, False): "l1", (True, True): "elasticnet"}[
        bool(has_l1), bool(has_l2)
    ]


def choose_solver(name, design, penalty):
    """(name, SolverSpec) of the solver to run; "auto" takes the first that handles the penalty and suits the problem.

    Raises
    ------
    ValueError
        If there is no such solver, or it cannot minimise under this penalty; the message names those that can.
    """
    wanted = penalty_name(penalty.has_l1, penalty.has_l2)
    if isinstance(name, str) and name == "auto":
        return next(
            (key, spec) for key, spec in SOLVERS.items() if spec.handles(wanted) and spec.suits(design, penalty)
        )
    able = [key for key, spec in SOLVERS.items() if spec.handles(wanted)]
    if not isinstance(name, str) or name not in SOLVERS:
        raise ValueError(f"solver={name!r}: expected one of {['auto', *SOLVERS]}")
    if name not in able:
        raise ValueError(f"solver={name!r} cannot fit with penalty {wanted!r}; solvers that can: {['auto', *able]}")
    return name, SOLVERS[name]
