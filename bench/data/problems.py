"""The data sets by name: (X, y) of two classes, y in {-1, +1}, and of K classes, y in {0, ..., K - 1}.

A problem of two classes is named (`dense-500k-50`, `a9a`, ...) or given by its sizes: `dense-3000x50`,
`text-2000x9000x60` (rows x columns x entries a row), `one-hot-4000x25x12` (rows x categorical columns x levels).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import scipy.sparse as sp

from bench.data.cache import cached
from bench.data.class_sets import CLASS_SETS
from bench.data.generated import dense, one_hot, text
from bench.data.real_sets import REAL_SETS

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
SIZED = re.compile(r"dense-\d+x\d+|(text|one-hot)-\d+x\d+x\d+")


def maker(name: str) -> Callable:
    """The function that makes a problem; ValueError where the name is not known."""
    if name in PROBLEMS:
        return PROBLEMS[name]
    if SIZED.fullmatch(name):
        kind, _, sizes = name.rpartition("-")
        return partial({"dense": dense, "text": text, "one-hot": one_hot}[kind], *map(int, sizes.split("x")))
    raise ValueError(f"unknown problem {name!r}; known: {', '.join(PROBLEMS)}, and sizes such as dense-3000x50")


def load(name: str):
    """The data of a problem of two classes.

    Parameters
    ----------
    name : str
        A key of PROBLEMS, or sizes.

    Returns
    -------
    X : ndarray of shape (n, p) or csr_matrix of shape (n, p)
        float64; C-ordered, or in canonical format with int32 indices.
    y : ndarray of shape (n,)
        Labels -1.0 and +1.0.
    """
    return cached(name, maker(name))


def load_classes(name: str):
    """The data of a problem of K classes.

    Parameters
    ----------
    name : str
        A key of CLASS_SETS.

    Returns
    -------
    X : ndarray of shape (n, p) or csr_matrix of shape (n, p)
        float32 or float64.
    y : ndarray of shape (n,)
        Class numbers 0, ..., K - 1, int64.
    """
    return cached(f"{name}-classes", CLASS_SETS[name])


def nbytes(X) -> int:
    """Bytes of X: what one reading of it moves."""
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else X.nbytes
