"""SciPy's L-BFGS-B on our fused objective against solver="lbfgs": passes and seconds to the same suboptimality.

    python -m bench.micro.lbfgs [--problems toy-dense,a9a] [--C 1] [--intercept] [--repeats 5]

Both minimise the same function, from zero: the objective with the intercept eliminated, L2, ten pairs kept.  What
differs is the line search (SciPy's takes passes, ours goes along a cached image), the first Hessian (ours takes its
diagonal), and the work around a pass.  The optimum is that of a fit with tol=0.  Passes are readings of X; seconds are
the least of the repeats.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
from scipy.optimize import minimize  # noqa: E402

from bench.data.problems import load  # noqa: E402
from bench.harness.optimum import relative  # noqa: E402
from bench.harness.race import TARGETS  # noqa: E402

GENERATED = ("dense-500k-50", "dense-2k-10k", "text-20k-47k", "text-400k-50k")
REAL = ("a9a", "w8a", "covtype-20k-scaled", "20newsgroups")
MEMORY, MOST = 10, 5000  # pairs kept, iterations at most

#: One evaluation: (passes so far, seconds so far, objective).
Evaluation = tuple[float, float, float]


def by_scipy(X, y: np.ndarray, l2: float, fit_intercept: bool) -> list[Evaluation]:
    """Every evaluation of the objective that L-BFGS-B asks for, until it gives up."""
    from fastlr.matrix import as_matrix
    from fastlr.objective.logistic import LogisticObjective
    from fastlr.penalties.elastic_net import ElasticNet

    start = time.perf_counter()
    n, p = X.shape
    rows = as_matrix(X, available_cpus()).bind((y > 0).astype(float), np.full(n, 1.0 / n))
    objective = LogisticObjective(rows, ElasticNet(0.0, l2, (p, 1), rows.n_threads), fit_intercept)
    found: list[Evaluation] = []
    intercept = 0.0

    def value_and_gradient(coef):
        nonlocal intercept
        point = objective.at(np.array(coef)[:, None], intercept)
        intercept = point.intercept
        found.append((rows.counter.n_passes, time.perf_counter() - start, point.value))
        return point.value, point.gradient[:, 0]

    options = {"maxcor": MEMORY, "maxiter": MOST, "maxfun": 2 * MOST, "ftol": 0.0, "gtol": 0.0}
    minimize(value_and_gradient, np.zeros(p), jac=True, method="L-BFGS-B", options=options)
    return found


def by_ours(X, y: np.ndarray, l2: float, fit_intercept: bool) -> list[Evaluation]:
    """Every point of a fit by our L-BFGS."""
    from fastlr import fit_logistic

    result = fit_logistic(
        X, y, l2=l2, fit_intercept=fit_intercept, solver="lbfgs", tol=0.0, max_iter=MOST, n_threads=available_cpus()
    )
    return [(state.n_passes, state.elapsed, state.objective) for state in result.history]


WAYS: dict[str, Callable] = {"scipy": by_scipy, "fastlr": by_ours}


def reached(history: list[Evaluation], best: float, target: float) -> tuple[float, float] | None:
    """(passes, seconds) at the first evaluation within a relative suboptimality; None if there is none."""
    return next(((passes, seconds) for passes, seconds, value in history if relative(value, best) <= target), None)


def compare(name: str, C: float, fit_intercept: bool, repeats: int) -> dict[str, dict[str, tuple[float, float] | None]]:
    """For each way, passes and least seconds to each target."""
    from fastlr import fit_logistic

    X, y = load(name)
    l2 = 1.0 / (C * len(y))
    best = fit_logistic(X, y, l2=l2, fit_intercept=fit_intercept, tol=0.0).objective
    found: dict[str, dict[str, tuple[float, float] | None]] = {way: {} for way in WAYS}
    for _ in range(repeats):
        for way, run in WAYS.items():  # in turn, so that both meet the same machine
            history = run(X, y, l2, fit_intercept)
            for target in TARGETS:
                now, before = reached(history, best, target), found[way].get(f"{target:g}")
                found[way][f"{target:g}"] = (now[0], min(now[1], before[1])) if now and before else now
    return found


def row(name: str, found: dict) -> str:
    """One line of the table: passes and milliseconds of both ways to each target."""
    cells = []
    for target in (f"{target:g}" for target in TARGETS):
        for way in WAYS:
            both = found[way][target]
            cells.append(f"{both[0]:>8.0f}{1e3 * both[1]:>9.1f}" if both else f"{'-':>8}{'-':>9}")
    return f"{name:<20}" + "".join(cells)


def head() -> str:
    """The head of the table."""
    columns = [f"{way} {target:g}" for target in TARGETS for way in WAYS]
    return f"{'passes, ms to':<20}" + "".join(f"{column:>17}" for column in columns)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.micro.lbfgs", description=__doc__.splitlines()[0])
    default = GENERATED + (REAL if os.environ.get("FASTLR_DATA") else ())
    parser.add_argument("--problems", default=",".join(default), help="comma-separated, default: %(default)s")
    parser.add_argument("--C", type=float, default=1.0)
    parser.add_argument("--intercept", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(head(), flush=True)
    for name in options.problems.split(","):
        print(row(name, compare(name, options.C, options.intercept, options.repeats)), flush=True)


if __name__ == "__main__":
    main()
