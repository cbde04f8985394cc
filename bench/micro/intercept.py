"""What a free intercept costs: fits without and with one in turn, at tolerances that reach the same suboptimality.

python -m bench.micro.intercept
"""

from __future__ import annotations

import argparse

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

from bench.data.problems import load  # noqa: E402
from bench.harness.penalty import make_penalty  # noqa: E402
from bench.harness.timing import loosest, shortest_in_turn  # noqa: E402

#: Problem, penalty, and C or the divisor of lambda_max.
CASES = (("text-20k-47k", "l2", 1.0), ("text-20k-47k", "l1", 10.0), ("dense-500k-50", "l2", 1.0))
TARGET = 1e-6  # relative suboptimality
SECONDS = 3.0  # of fits in turn


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.micro.intercept", description=__doc__.splitlines()[0]).parse_args()
    from fastlr import fit_logistic

    print(f"{'problem':<15}{'penalty':<9}{'without ms':>11}{'with ms':>9}{'ratio':>7}{'passes':>14}")
    for problem, kind, value in CASES:
        X, y = load(problem)
        penalty = make_penalty(X, y, kind, value, fit_intercept=False)
        strength = {"l2": penalty.l2, "l1": penalty.l1}
        fits = [
            lambda tol, free=free, X=X, y=y, strength=strength: fit_logistic(
                X, y, tol=tol, fit_intercept=free, **strength
            )
            for free in (False, True)
        ]
        tolerances = [loosest(fit, TARGET) for fit in fits]
        calls = [lambda fit=fit, tol=tol: fit(tol) for fit, tol in zip(fits, tolerances, strict=True)]
        without, free = (1e3 * seconds for seconds in shortest_in_turn(calls, SECONDS))
        passes = " / ".join(f"{fit(tol).n_passes:.1f}" for fit, tol in zip(fits, tolerances, strict=True))
        print(f"{problem:<15}{kind:<9}{without:>11.1f}{free:>9.1f}{free / without:>7.2f}{passes:>14}", flush=True)


if __name__ == "__main__":
    main()
