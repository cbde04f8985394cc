"""The problems that are raced: generated and real data, each with its variants of penalty.

A problem is a name (`dense-500k-50`, `a9a`, ..., or sizes: `dense-3000x50`, `text-2000x9000x60`, `one-hot-4000x25x12`)
and yields (X, y) with X a C-ordered float64 array or a canonical CSR matrix and y in {-1, +1}.  Generated and parsed
data are kept in a cache folder, `fastlr-bench` below the system's folder for temporary files or the one that
FASTLR_BENCH_CACHE names.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from bench.objective import Penalty, lambda_max
from bench.real_sets import REAL_SETS

DEFAULT_VARIANTS = (("l2", 1.0), ("l1", 10.0), ("l1", 20.0), ("l1", 100.0), ("enet", 20.0))


def text(n: int, p: int, nnz: int, seed: int = 0, k: int = 4000, noise: float = 0.3):
    """A Zipfian tf-idf matrix: row-normalised, sorted CSR, int32 indices; about nnz entries a row, k true features."""
    r = np.random.default_rng(seed)
    pr = 1 / np.arange(1, p + 1) ** 0.9
    cols_of = r.permutation(p)  # hot columns are scattered, as in a real vocabulary
    lens = np.maximum(5, r.lognormal(np.log(nnz) - 0.3, 0.7, n)).astype(int)
    cols = cols_of[np.searchsorted(np.cumsum(pr / pr.sum()), r.random(lens.sum())).clip(0, p - 1)]
    X = sp.csr_matrix((np.ones(lens.sum()), (np.repeat(np.arange(n), lens), cols)), shape=(n, p))
    X.sum_duplicates()
    df = np.bincount(X.indices, minlength=p)
    X.data = (1 + np.log(X.data)) * np.log(n / (1 + df[X.indices]) + 1)
    norms = np.sqrt(np.asarray(X.multiply(X).sum(1)).ravel())
    X = sp.csr_matrix(sp.diags(1 / np.maximum(norms, 1e-12)) @ X)
    X.sort_indices()
    w = np.zeros(p)
    idx = cols_of[r.choice(min(p, 20000), min(k, p), replace=False)]
    w[idx] = r.normal(size=len(idx)) * 3
    z = X @ w
    z = (z - np.median(z)) / z.std() * 3 + noise * r.logistic(size=n)
    return X, np.where(z > 0, 1.0, -1.0)


def dense(n: int, p: int, seed: int = 0, rho: float = 0.5):
    """Gaussian columns, each correlated by rho with the one before."""
    r = np.random.default_rng(seed)
    X = r.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    w = r.normal(size=p) / np.sqrt(p) * 2
    return X, np.where(X @ w + r.logistic(size=n) > 0.5, 1.0, -1.0)


def classes(n: int, p: int, K: int, seed: int = 0):
    """Independent Gaussian columns and K classes 0, ..., K - 1 (for softmax)."""
    r = np.random.default_rng(seed)
    X = r.standard_normal((n, p))
    W = r.standard_normal((p, K)) * 0.15
    return X, (X @ W + r.gumbel(size=(n, K))).argmax(1).astype(float)


def one_hot(n: int, groups: int, levels: int, seed: int = 0):
    """A table of categorical columns, each of so many levels with Zipfian frequencies, one-hot: CSR, all values 1."""
    r = np.random.default_rng(seed)
    share = np.cumsum(1 / np.arange(1, levels + 1))
    cols = np.searchsorted(share / share[-1], r.random((n, groups))) + levels * np.arange(groups)
    indptr = np.arange(0, n * groups + 1, groups)
    X = sp.csr_matrix((np.ones(n * groups), cols.ravel(), indptr), shape=(n, groups * levels))
    return X, np.where(X @ r.normal(size=groups * levels) * 0.5 + r.logistic(size=n) > 0.5, 1.0, -1.0)


def class_numbers(X, K: int) -> np.ndarray:
    """A class number in 0, ..., K - 1 for each row of X, drawn from a softmax of its columns."""
    r = np.random.default_rng(K)
    score = X @ r.normal(size=(X.shape[1], K))
    return (score / score.std() + r.gumbel(size=score.shape)).argmax(axis=1)


GENERATED: dict[str, Callable] = {
    "toy-dense": lambda: dense(400, 8),
    "toy-text": lambda: text(300, 500, 20),
    "dense-500k-50": lambda: dense(500_000, 50),
    "dense-60k-800": lambda: dense(60_000, 800, rho=0.7),
    "dense-2k-10k": lambda: dense(2_000, 10_000, rho=0.3),
    "text-20k-47k": lambda: text(20_242, 47_236, 74),
    "text-400k-50k": lambda: text(400_000, 50_000, 60, seed=2),
    "text-20k-1.3M": lambda: text(20_000, 1_300_000, 455, seed=1),
}
PROBLEMS: dict[str, Callable] = {**GENERATED, **REAL_SETS}
#: rows x columns; rows x columns x entries a row; rows x categorical columns x levels
SIZED = re.compile(r"dense-\d+x\d+|(text|one-hot)-\d+x\d+x\d+")


def maker(name: str) -> Callable:
    """The function that makes a problem; ValueError where the name is not known."""
    if name in PROBLEMS:
        return PROBLEMS[name]
    if SIZED.fullmatch(name):
        kind, _, sizes = name.rpartition("-")
        return partial({"dense": dense, "text": text, "one-hot": one_hot}[kind], *map(int, sizes.split("x")))
    raise ValueError(f"unknown problem {name!r}; known: {', '.join(PROBLEMS)}, and sizes such as dense-3000x50")


def cache_folder() -> Path:
    """Where generated and parsed data lie."""
    return Path(os.environ.get("FASTLR_BENCH_CACHE") or Path(tempfile.gettempdir()) / "fastlr-bench")


def load(name: str):
    """The data of one problem, made at the first call and read from the cache afterwards.

    Parameters
    ----------
    name : str
        A key of PROBLEMS, or sizes.

    Returns
    -------
    X : ndarray of shape (n, p) or csr_matrix of shape (n, p)
        float64; C-ordered, or in canonical format with int32 indices.
    y : ndarray of shape (n,)
        Labels -1 and +1.
    """
    make = maker(name)
    folder = cache_folder() / name
    if not folder.exists():
        _store(folder, *make())
    return _restore(folder)


def _store(folder: Path, X, y: np.ndarray) -> None:
    """Write the arrays beside the final folder, then rename it: another process sees all or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=folder.name, dir=folder.parent))
    np.save(partial / "y.npy", y.astype(np.float64))
    if sp.issparse(X):
        X = sp.csr_matrix(X, dtype=np.float64)
        X.sum_duplicates()
        for part in ("data", "indices", "indptr"):
            np.save(partial / f"{part}.npy", getattr(X, part))
        np.save(partial / "shape.npy", np.array(X.shape))
    else:
        np.save(partial / "X.npy", np.ascontiguousarray(X, dtype=np.float64))
    try:
        partial.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(partial)


def _restore(folder: Path):
    y = np.load(folder / "y.npy")
    if (folder / "X.npy").exists():
        return np.load(folder / "X.npy"), y
    parts = [np.load(folder / f"{part}.npy") for part in ("data", "indices", "indptr")]
    X = sp.csr_matrix(tuple(parts), shape=tuple(np.load(folder / "shape.npy")), copy=False)
    X.has_canonical_format = True
    return X, y


def make_penalty(X, y: np.ndarray, kind: str, value: float, fit_intercept: bool, l1_ratio: float = 0.5) -> Penalty:
    """The penalty of a race.

    Parameters
    ----------
    kind : {"l2", "l1", "enet", "none"}
        For "l2", `value` is scikit-learn's C (l2 = 1 / (C n)).  For "l1" and "enet" it is the divisor d:
        l1 = lambda_max / d, and l2 = l1 (1 - l1_ratio) / l1_ratio for the elastic net.
    """
    name = label(kind, value, l1_ratio)
    if kind == "none":
        return Penalty(0.0, 0.0, name)
    if kind == "l2":
        return Penalty(1 / (value * len(y)), 0.0, name)
    l1 = lambda_max(X, y, fit_intercept) / value
    return Penalty(l1 * (1 - l1_ratio) / l1_ratio if kind == "enet" else 0.0, l1, name)


def label(kind: str, value: float, l1_ratio: float = 0.5) -> str:
    """How files name a penalty."""
    return {"none": "none", "l2": f"l2-C{value:g}", "l1": f"l1-{value:g}", "enet": f"enet{l1_ratio:g}-{value:g}"}[kind]
