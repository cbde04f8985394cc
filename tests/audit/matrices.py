"""Random X: what its columns hold, and how it is stored."""

import numpy as np
import scipy.sparse as sp

LAYOUTS = ("C", "F", "strided", "reversed", "csr", "csr", "csr unsorted", "csc", "csc unsorted")


def columns(rng, n, p):
    """(X (n, p) float64, words that tell what was done to it)."""
    kind = rng.choice(
        ["normal", "normal", "uniform", "binary", "one-hot", "sparse", "counts", "heavy", "factor"],
        p=[0.2, 0.15, 0.1, 0.1, 0.12, 0.13, 0.08, 0.06, 0.06],
    )
    X, words = _BASES[kind](rng, n, p), [str(kind)]
    for word, chance, change in _CHANGES:
        if rng.random() < chance:
            told = change(rng, X)
            if told is not None:
                words.append(f"{word} {told}".strip())
    return X, words


def _one_hot(rng, n, p):
    """Blocks of indicators; those of a block add up to one unless a level has been left out."""
    X, begin = np.zeros((n, p)), 0
    while begin < p:
        levels = int(rng.integers(2, 8))
        level = rng.integers(0, levels, n)
        for j in range(begin, min(p, begin + levels - (rng.random() < 0.3))):
            X[level == j - begin, j] = 1.0
        begin += levels
    return X


def _factor(rng, n, p):
    return rng.standard_normal((n, 1)) + rng.standard_normal((n, p)) * 10.0 ** rng.uniform(-4, -1)


_BASES = {
    "normal": lambda rng, n, p: rng.standard_normal((n, p)),
    "uniform": lambda rng, n, p: rng.random((n, p)),
    "binary": lambda rng, n, p: (rng.random((n, p)) < rng.uniform(0.1, 0.6, p)) * 1.0,
    "one-hot": _one_hot,
    "sparse": lambda rng, n, p: rng.standard_normal((n, p)) * (rng.random((n, p)) < rng.uniform(0.05, 0.5)),
    "counts": lambda rng, n, p: rng.poisson(rng.uniform(0.2, 5.0, p), (n, p)) * 1.0,
    "heavy": lambda rng, n, p: rng.standard_t(1.5, (n, p)),
    "factor": _factor,
}


def spread(X):
    """Standard deviations of columns; one for a constant column."""
    return np.where(np.ptp(X, axis=0) > 0.0, X.std(axis=0), 1.0)


def _some(rng, p):
    """Between one and all of p columns."""
    return rng.choice(p, int(rng.integers(1, p + 1)), replace=False)


def _scales(rng, X):
    widest = rng.choice([1.0, 3.0, 6.0])
    X *= 10.0 ** rng.uniform(-widest, widest, X.shape[1])
    return f"10^+-{widest:g}"


def _far(rng, X):
    """Means of up to 1e9 standard deviations."""
    which = _some(rng, X.shape[1])
    power = rng.uniform(0.0, 9.0)
    X[:, which] += (spread(X) * rng.choice([-1.0, 1.0], X.shape[1]) * 10.0**power)[which]
    return f"10^{power:.1f}"


def _pairs(rng, X):
    p = X.shape[1]
    if p < 2:
        return None
    chosen = rng.permutation(p)[: 2 * int(rng.integers(1, 1 + min(3, p // 2)))]
    return chosen[::2], chosen[1::2]


def _near(rng, X):
    pairs = _pairs(rng, X)
    if pairs is None:
        return None
    power = rng.uniform(-9.0, -2.0)
    X[:, pairs[1]] = X[:, pairs[0]] + 10.0**power * rng.standard_normal((len(X), len(pairs[0])))
    return f"10^{power:.1f}"


def _dependent(rng, X):
    pairs = _pairs(rng, X)
    if pairs is None:
        return None
    how = rng.choice(["twice", "+ 273.15", "times -3", "sum"])
    first, second = pairs
    X[:, second] = {
        "twice": lambda: X[:, first],
        "+ 273.15": lambda: X[:, first] + 273.15,
        "times -3": lambda: -3.0 * X[:, first],
        "sum": lambda: X[:, first] + X[:, :1],
    }[str(how)]()
    return str(how)


def _constant(rng, X):
    X[:, rng.integers(X.shape[1])] = rng.choice([0.0, 1.0, -7.3, 1e5])
    return ""


_CHANGES = (
    ("near-dependent", 0.1, _near),
    ("dependent", 0.12, _dependent),
    ("scales", 0.2, _scales),
    ("far", 0.2, _far),
    ("constant", 0.07, _constant),
)


def stored(rng, X, layout, dtype, index):
    """X in a layout; as float32 its entries are rounded."""
    X = X.astype(dtype)
    n, p = X.shape
    if layout == "F":
        return np.asfortranarray(X)
    if layout == "strided":
        wide = np.zeros((2 * n, 3 * p), dtype=dtype)
        wide[::2, ::3] = X
        return wide[::2, ::3]
    if layout == "reversed":
        return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    if layout == "C":
        return np.ascontiguousarray(X)
    matrix = (sp.csr_array if layout.startswith("csr") else sp.csc_array)(X)
    if layout.endswith("unsorted"):
        for k in range(len(matrix.indptr) - 1):
            part = slice(matrix.indptr[k], matrix.indptr[k + 1])
            order = rng.permutation(part.stop - part.start)
            matrix.indices[part], matrix.data[part] = matrix.indices[part][order], matrix.data[part][order]
        matrix.has_sorted_indices = False
    matrix.indices, matrix.indptr = matrix.indices.astype(index), matrix.indptr.astype(index)
    return matrix


def dense(X):
    """The entries of a stored X, (n, p) float64."""
    return np.asarray(X.toarray() if sp.issparse(X) else X, dtype=np.float64)
