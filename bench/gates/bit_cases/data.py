"""X and targets of the cases, in every layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import scipy.sparse as sp

from bench.data.generated import dense, one_hot, text

LAYOUTS: dict[str, Callable] = {
    "C float64": np.ascontiguousarray,
    "C float32": lambda X: np.ascontiguousarray(X, dtype=np.float32),
    "F float64": np.asfortranarray,
    "F float32": lambda X: np.asfortranarray(X, dtype=np.float32),
    "CSR float64": lambda X: X,
    "CSR float32": lambda X: X.astype(np.float32),
    "CSR int64": lambda X: with_long_indices(X),
    "CSC float64": lambda X: X.tocsc(),
    "CSC float32": lambda X: X.tocsc().astype(np.float32),
    "CSC int64": lambda X: with_long_indices(X.tocsc()),
}
MAIN = ("C float64", "CSR float64")


def with_long_indices(X):
    """The same matrix with int64 indices."""
    long = X.copy()
    long.indices, long.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return long


@cache
def plain(kind: str):
    """X with more rows than columns, 96,000 or 100,000 entries, and targets 0 and 1 that cannot be separated."""
    if kind == "dense":
        X, y = dense(3000, 32)
        return X, (y > 0).astype(float)
    r = np.random.default_rng(1)
    X = sp.random_array((2500, 200), density=0.2, format="csr", rng=r, data_sampler=r.standard_normal)
    return X, (X @ r.normal(size=200) * 0.3 + r.logistic(size=2500) > 0).astype(float)


@cache
def words(n: int, p: int, entries: int):
    """Text-like CSR X and targets 0 and 1."""
    X, y = text(n, p, entries)
    return X, (y > 0).astype(float)


@cache
def indicators():
    """CSR X of 25 one-hot groups of 12 columns, 100,000 ones, and targets 0 and 1."""
    X, y = one_hot(4000, 25, 12)
    return X, (y > 0).astype(float)


@cache
def unsorted():
    """Text-like CSR X whose rows are in descending order."""
    X, y = words(1500, 3000, 70)
    X = X.copy()
    for begin, end in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        X.indices[begin:end], X.data[begin:end] = X.indices[begin:end][::-1].copy(), X.data[begin:end][::-1].copy()
    X.has_sorted_indices = False
    return X, y


def in_layout(layout: str):
    """(X, y) of `plain` in one of LAYOUTS."""
    X, y = plain("sparse" if layout.startswith("CS") else "dense")
    return LAYOUTS[layout](X), y


def labels(X, K: int) -> np.ndarray:
    """Zeros and ones (n, K): K labels a row, of which several may hold."""
    r = np.random.default_rng(K)
    score = X @ r.normal(size=(X.shape[1], K))
    return (score / score.std() + r.logistic(size=score.shape) > 0.5).astype(np.int64)


def of_shape(kind: str, n: int, p: int):
    """Dense X of this shape in C or F order, and targets."""
    X, y = dense(n, p, seed=3)
    return LAYOUTS[f"{kind} float64"](X), (y > 0).astype(float)
