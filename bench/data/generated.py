"""Generated data: text, dense and one-hot tables of two classes, and Gaussian columns of K classes."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp


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
