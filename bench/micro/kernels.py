"""The passes over X in GB/s, against what the machine can read from memory.

    python -m bench.micro.kernels
    pytest bench/micro/pytest_kernels.py

A pass is asked for through the matrix, as solvers do, so its price includes scratch and dispatch.  GB/s counts the
bytes of X once for each reading that the matrix itself reports.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench.data.problems import load, nbytes  # noqa: E402
from bench.harness.timing import shortest  # noqa: E402
from bench.micro.bandwidth import read_bandwidth  # noqa: E402

LAYOUTS: dict[str, Callable] = {
    "C float64": np.ascontiguousarray,
    "F float64": np.asfortranarray,
    "C float32": lambda X: X.astype(np.float32),
    "CSR float64": lambda X: X,
    "CSR float32": lambda X: X.astype(np.float32),
    "CSC float64": lambda X: X.tocsc(),
}
CASES = (
    ("dense-500k-50", "C float64"),
    ("dense-500k-50", "F float64"),
    ("dense-500k-50", "C float32"),
    ("text-400k-50k", "CSR float64"),
    ("text-400k-50k", "CSR float32"),
    ("text-400k-50k", "CSC float64"),
    ("text-20k-47k", "CSR float64"),
)
OPERATIONS = ("loss_gradient", "hessian_product")


@dataclass
class Pass:
    """One operation, ready to be called again and again.

    Attributes
    ----------
    call : callable
        Makes the pass.
    bytes : float
        What a call reads of X.
    """

    call: Callable[[], object]
    bytes: float


def make_pass(problem: str, layout: str, operation: str, n_threads: int) -> Pass:
    """Bind a problem to its matrix and prepare one operation at a point near the origin."""
    from fastlr.matrix import as_matrix

    X, y = load(problem)
    X = LAYOUTS[layout](X)
    n, p = X.shape
    matrix = as_matrix(X, n_threads)
    rows = matrix.bind((y > 0).astype(float), np.full(min(n, 4096), 1 / n))
    # so short that linear predictors, to which each loss_gradient adds, stay where they are
    coef = np.random.default_rng(0).normal(size=(p, 1)) / np.sqrt(p) * 1e-3
    state = rows.state(coef, 0.1)
    rows.gradient(state, False)
    out, scratch = np.empty((p, 1)), np.empty(n)
    calls: dict[str, Callable[[], object]] = {
        "loss_gradient": lambda: matrix.loss_gradient(coef[:, 0], 0.0, rows.loss, state.eta, scratch, state.curvature),
        "hessian_product": lambda: rows.hessian_product(state, coef, 0.0, out),
    }
    return Pass(calls[operation], matrix.product_reads * nbytes(X))


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.micro.kernels", description=__doc__.splitlines()[0]).parse_args()
    n_threads = available_cpus()
    limit = read_bandwidth(n_threads)
    print(f"{n_threads} threads read {limit / 1e9:.1f} GB/s")
    print(f"{'problem':<15}{'X':<13}{'pass':<17}{'ms':>8}{'readings':>10}{'GB/s':>8}{'of limit':>10}")
    for problem, layout in CASES:
        X_bytes = nbytes(LAYOUTS[layout](load(problem)[0]))
        for operation in OPERATIONS:
            measured = make_pass(problem, layout, operation, n_threads)
            seconds = shortest(measured.call)
            rate = measured.bytes / seconds
            print(
                f"{problem:<15}{layout:<13}{operation:<17}{seconds * 1e3:>8.2f}{measured.bytes / X_bytes:>10.2f}"
                f"{rate / 1e9:>8.1f}{rate / limit:>10.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
