"""What bounds cost: non-negative coefficients beside the same fit without bounds, at the same tolerance.

python -m bench.micro.bounds
"""

from __future__ import annotations

import argparse

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench.harness.timing import shortest_in_turn  # noqa: E402

TOL = 1e-6
SECONDS = 30.0  # of fits in turn


def shifted_normal_columns(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Normal columns with means between 0 and 1, and labels of a logistic model in all of them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    X += rng.random(p)
    eta = (X - X.mean(axis=0)) @ (3.0 * rng.standard_normal(p) / np.sqrt(p))
    return X, (eta + rng.logistic(size=n) > 0.0).astype(float)


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.micro.bounds", description=__doc__.splitlines()[0]).parse_args()
    from fastlr import fit_logistic

    print(f"{'n = p':<8}{'intercept':<11}{'free s':>8}{'bounded s':>11}{'ratio':>7}{'passes':>15}{'on the bound':>14}")
    for size in (1_000, 3_000, 10_000):
        X, y = shifted_normal_columns(size, size)
        for intercept in (False, True):
            options = {"l2": 1.0 / size, "tol": TOL, "fit_intercept": intercept}
            calls = [
                lambda bounds=bounds, X=X, y=y, options=options: fit_logistic(X, y, bounds=bounds, **options)
                for bounds in (None, (0.0, None))
            ]
            free, bounded = (call() for call in calls)
            seconds = shortest_in_turn(calls, SECONDS)
            passes = f"{free.n_passes:.0f} / {bounded.n_passes:.0f}"
            held = 1.0 - np.count_nonzero(bounded.coef) / size
            print(
                f"{size:<8}{intercept!s:<11}{seconds[0]:>8.2f}{seconds[1]:>11.2f}{seconds[1] / seconds[0]:>7.2f}"
                f"{passes:>15}{held:>13.0%} ",
                flush=True,
            )


if __name__ == "__main__":
    main()
