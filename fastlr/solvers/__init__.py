"""One file per algorithm, in folders by the objectives that they minimise; `parts` holds what several of them share.

A solver is a module with a function  solve(objective, coef, intercept, monitor) -> LogisticResult.  It sees an
objective, never X's format, neither prints nor reads the environment, and knows no classes or labels.  What it can
minimise is declared in its `SolverSpec` and checked before the first pass.  A new solver is one more file and one more
entry of SOLVERS in `registry.py`.
"""

from fastlr.solvers.monitor import Controls, Monitor
from fastlr.solvers.registry import SOLVERS, SolverSpec, automatic, choose_solver, never, penalty_name
from fastlr.solvers.result import FitInterrupted, LogisticResult, LogisticResults, Progress, Status

__all__ = [
    "SOLVERS",
    "Controls",
    "FitInterrupted",
    "LogisticResult",
    "LogisticResults",
    "Monitor",
    "Progress",
    "SolverSpec",
    "Status",
    "automatic",
    "choose_solver",
    "never",
    "penalty_name",
]
