"""The figures of fastlr/matrix/costs.py: what a Hessian costs beside a pass over X.

    python -m bench.micro.costs

One thread, process time, the shortest of several runs: ratios of arithmetic, not of what the machine does besides.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402

from bench.data.generated import dense, text  # noqa: E402

SIZES = ((20_000, 8), (20_000, 50), (20_000, 200), (8_000, 800))
SPARSE = ((30_000, 120, 14), (30_000, 300, 12), (20_000, 1_000, 60))
FACTORS = (200, 800)


def seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Process time of a call, the shortest of several."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def gram_and_pass(X) -> tuple[float, float]:
    """Seconds of X' diag(h) X and of a Hessian product."""
    from fastlr.matrix import as_matrix

    matrix = as_matrix(X)
    n, p = X.shape
    rng = np.random.default_rng(0)
    weights, v, Xd, out = rng.random(n), rng.random(p), np.empty(n), np.empty(p)
    product = seconds(lambda: matrix.hessian_product(weights, v, 0.0, Xd, out))
    return seconds(lambda: matrix.gram(weights)), product


def products(X) -> float:
    """Products of two entries of a row in one triangle of X' X."""
    lengths = np.diff(sp.csr_matrix(X).indptr).astype(float)
    return float((lengths * lengths).sum()) / 2


def show(name: str, X) -> None:
    """One line: the price in passes, and readings of X per product."""
    gram, product = gram_and_pass(X)
    entries = X.nnz if sp.issparse(X) else X.size
    price = gram / product
    print(f"{name:28s} {price:8.2f} passes {price * entries / products(X):8.3f} readings per product", flush=True)


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.micro.costs", description=__doc__.splitlines()[0]).parse_args()
    from fastlr.linalg.cholesky import CholeskyFactor

    for n, p in SIZES:
        X, _ = dense(n, p)
        show(f"dense {n} x {p}", X)
        show(f"dense {n} x {p}, F order", np.asfortranarray(X))
    for n, p, nnz in SPARSE:
        X, _ = text(n, p, nnz)
        show(f"CSR {n} x {p}, {nnz} a row", X)
        show(f"CSC {n} x {p}, {nnz} a row", X.tocsc())
    for p in FACTORS:
        X, _ = dense(4 * p, p)
        hessian = X.T @ X
        _, product = gram_and_pass(X)
        factor = seconds(lambda hessian=hessian: CholeskyFactor(hessian, 1))
        speed = p**3 / 3 / factor / (X.size / product)
        print(f"factor {p} x {p}: {speed:.1f} multiply-adds in the time of one entry", flush=True)


if __name__ == "__main__":
    main()
