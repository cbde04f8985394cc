"""The cache folder: data, optima, matched strengths and builds, kept between runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp


def cache_folder() -> Path:
    """The folder that FASTLR_BENCH_CACHE names, or `fastlr-bench` below the system's folder for temporary files."""
    return Path(os.environ.get("FASTLR_BENCH_CACHE") or Path(tempfile.gettempdir()) / "fastlr-bench")


def cached(name: str, make: Callable):
    """(X, y) of a data set, made at the first call and read from the cache afterwards.

    Parameters
    ----------
    name : str
        The subfolder of the cache.
    make : callable
        Makes (X, y), without arguments.

    Returns
    -------
    X : ndarray of shape (n, p) or csr_matrix of shape (n, p)
        Of the dtype that it was made with; C-ordered, or in canonical format.
    y : ndarray of shape (n,)
    """
    folder = cache_folder() / name
    if not folder.exists():
        _store(folder, *make())
    return _restore(folder)


def _store(folder: Path, X, y: np.ndarray) -> None:
    """Write the arrays beside the final folder, then rename it: another process sees all or nothing."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=folder.name, dir=folder.parent))
    np.save(partial / "y.npy", y)
    if sp.issparse(X):
        X = sp.csr_matrix(X)
        X.sum_duplicates()
        for part in ("data", "indices", "indptr"):
            np.save(partial / f"{part}.npy", getattr(X, part))
        np.save(partial / "shape.npy", np.array(X.shape))
    else:
        np.save(partial / "X.npy", np.ascontiguousarray(X))
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
