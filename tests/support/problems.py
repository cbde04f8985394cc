"""Problems: random arrays and labels that the tests share."""

import numpy as np
import scipy.sparse as sp


def make_problem(n=300, p=12, density=0.5, seed=0, imbalance=0.3):
    """A dense array with zeros and labels in {0, 1} from a logistic model."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < density)
    X += 0.3 * (X != 0)  # means away from zero, so that the intercept matters
    w = rng.standard_normal(p)
    y = (X @ w + imbalance + rng.logistic(size=n) > 0).astype(float)
    return X, y


def class_problem(n, p, K, seed=0):
    """A dense array with zeros and class numbers from a softmax model, none of them rare."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < 0.7)
    return X, np.argmax(X @ rng.standard_normal((p, K)) + rng.gumbel(size=(n, K)), axis=1)


def label_problem(X, K, seed=1):
    """An indicator of K labels, each from a logistic model in X."""
    rng = np.random.default_rng(seed)
    return (X @ rng.standard_normal((X.shape[1], K)) + rng.logistic(size=(len(X), K)) > 0.5).astype(int)


def as_repeated(X, y, counts):
    """Row i counts[i] times."""
    rows = np.repeat(np.arange(len(y)), counts)
    return X[rows], y[rows]


def random_compressed(n_major, n_minor, density, dtype=np.float64, index=np.int32, form="sorted", seed=0):
    """(indptr, indices, data) with empty slices among them; form "sorted", "unsorted", "duplicates" (not sorted)."""
    rng = np.random.default_rng(seed)
    counts = rng.binomial(n_minor, density, size=n_major)
    counts[rng.random(n_major) < 0.1] = 0
    replace = form == "duplicates"
    slices = [rng.choice(n_minor, size=count, replace=replace) for count in counts]
    if form == "sorted":
        slices = [np.sort(part) for part in slices]
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(index)
    indices = np.concatenate([*slices, []]).astype(index)
    return indptr, indices, rng.standard_normal(len(indices)).astype(dtype)


def densify(indptr, indices, data, n_minor):
    """The compressed matrix as a dense float64 array (n_major, n_minor); duplicates are added up."""
    dense = np.zeros((len(indptr) - 1, n_minor))
    np.add.at(dense, (np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), indices), data.astype(float))
    return dense


def random_matrix(n, p, density, dtype=np.float64, seed=0):
    """A dense (n, p) array with zeros, whose values are exact in `dtype`."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, p)) * (rng.random((n, p)) < density)).astype(dtype)


def softmax_problem(n=400, p=8, K=3, seed=0, signal=2.0):
    """A dense array with zeros, exact in float32, and class numbers from a softmax model, each in some row."""
    rng = np.random.default_rng(seed)
    X = np.round(32.0 * rng.standard_normal((n, p)) + 6.0) / 32.0 * (rng.random((n, p)) < 0.6)
    eta = X @ (signal * rng.standard_normal((p, K)) / np.sqrt(p)) + 0.2 * np.arange(K)
    y = np.argmax(eta + rng.gumbel(size=(n, K)), axis=1)
    y[:K] = np.arange(K)
    return X, y


def rows_of_labels(n, K, seed=0):
    rng = np.random.default_rng(seed)
    eta, Xd = 3.0 * rng.standard_normal((2, n, K))
    label = (rng.random((n, K)) < 0.4).astype(np.uint8)
    weight = rng.random(n) * (rng.random(n) < 0.9)
    factor = rng.random((2, K)) + 0.2
    of_entries = weight[:, None] * np.where(label, factor[1], factor[0])
    return eta, Xd, label, weight, factor, of_entries


# --- separation -------------------------------------------------------------------------------------------------------


def overlapping(n=400, p=4, seed=0):
    """X, labels that the first column tells without separating them, and the generator, for columns to add."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    return X, (X[:, 0] + rng.logistic(size=n) > 0).astype(float), rng


# --- dependent columns ------------------------------------------------------------------------------------------------


def dependent(name, fit_intercept):
    """X with the number of columns too many, those involved and those constant."""
    X, y, rng = overlapping(n=500, p=5)
    match name:
        case "sum":
            return np.hstack([X, X[:, [0]] - 2.0 * X[:, [3]]]), y, 1, (0, 3, 5), ()
        case "constant":
            constant = () if not fit_intercept else (5,)
            return np.hstack([X, np.full((500, 1), 7.1)]), y, 0, (), constant
        case "zero":
            return np.hstack([X, np.zeros((500, 1))]), y, 0, (), (5,)
        case "twins, scales apart":
            return np.hstack([X, 1e6 * X[:, [2]]]), y, 1, (2, 5), ()
        case "levels":
            levels = np.eye(4)[rng.integers(0, 4, 500)]
            involved = (5, 6, 7, 8) if fit_intercept else ()
            return np.hstack([X, levels]), y, int(fit_intercept), involved, ()
        case "far from zero":
            far = 1e5 + np.rint(10 * X[:, [1]])
            return np.hstack([X, far, 3e5 - far]), y, int(fit_intercept), (5, 6) if fit_intercept else (), ()


def indicator_problem(n=400, p=6, K=4):
    """A dense array with zeros, exact in float32, and an indicator of labels that overlap."""
    X, _ = softmax_problem(n, p)
    return X, label_problem(X, K)


def predictor_problem(n, K=None, seed=0):
    """(targets, linear predictors, weights, a direction) of two classes, (n,), or of K, (n, K)."""
    rng = np.random.default_rng(seed)
    weight = rng.random(n)
    if K is None:
        return rng.random(n), rng.normal(0, 2, n), weight, rng.normal(size=n)
    shares = rng.dirichlet(np.ones(K), n)
    return shares, rng.normal(0, 2, (n, K)), weight, rng.normal(size=(n, K))


def scaled_problem(n=300, p=12, seed=0):
    """make_problem with columns of standard deviation one."""
    X, y = make_problem(n, p, seed=seed)
    return X / X.std(axis=0), y


def partly_far_problem(far, K=2, n=400, seed=0):
    """(X, y, X less its offset): two rows in five have a 0 in a column that lies `far` away elsewhere, and class 0."""
    rng = np.random.default_rng(seed)
    Z = rng.standard_normal((n, 2))
    absent = rng.random(n) < 0.4
    X = Z + np.where(absent, 0.0, far)[:, None] * [1.0, 0.0]
    scores = np.column_stack([-Z[:, 0], Z[:, 0] + Z[:, 1], Z[:, 0] - Z[:, 1]])[:, :K]
    y = np.where(absent, 0, np.argmax(scores + rng.gumbel(size=(n, K)), axis=1))
    return X, y, X - [far, 0.0]


def repeated_columns(n=60, p=40, dtype=np.float64, index=np.int32, seed=0):
    """CSR with columns twice and three times over, many of one entry, and empty ones; and class numbers."""
    rng = np.random.default_rng(seed)
    base = sp.random_array((n, p), density=0.2, rng=rng, format="csc")
    single = sp.csc_array((rng.uniform(0.5, 2.0, 3 * n), (rng.integers(n // 2, size=3 * n), np.arange(3 * n))))
    single.resize(n, 3 * n)
    order = rng.permutation(2 * p + p // 2 + 3 * n + 4)
    X = sp.hstack([base, base, base[:, : p // 2], single, sp.csc_array((n, 4))], format="csc")[:, order].tocsr()
    X = sp.csr_array((X.data.astype(dtype), X.indices.astype(index), X.indptr.astype(index)), shape=X.shape)
    y = rng.integers(3, size=n)
    return X, y


def rare_columns():
    """A sparse array with a few frequent and many rare columns, and class numbers."""
    rng = np.random.default_rng(0)
    parts = [sp.random_array((300, p), density=density, rng=rng) for p, density in ((300, 0.05), (2000, 0.003))]
    y = rng.integers(0, 4, 300)
    y[:4] = np.arange(4)
    return sp.hstack(parts, format="csr"), y


def wide_problem(n=200, p=3000, seed=0, shift=0.0):
    """Sparse rows, more columns than rows, a third of the columns with one entry or none."""
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, p + 1) ** 0.8
    X = (rng.random((n, p)) < np.minimum(0.5, 40 * popularity / popularity.sum())) * (rng.random((n, p)) + 0.5)
    y = (X @ (rng.standard_normal(p) * (rng.random(p) < 0.2)) + shift + rng.logistic(size=n) > 0).astype(float)
    return X, y


def few_useful_columns(n, p, useful, seed=0):
    """A dense array, few columns of which have many entries and tell the labels, and the others have two."""
    rng = np.random.default_rng(seed)
    X = np.zeros((n, p))
    X[:, :useful] = rng.standard_normal((n, useful)) * (rng.random((n, useful)) < 0.3)
    for j in range(useful, p):
        X[rng.choice(n, 2, replace=False), j] = rng.standard_normal(2)
    order = rng.permutation(p)
    y = (X[:, :useful] @ rng.standard_normal(useful) + rng.logistic(size=n) > 0).astype(float)
    return X[:, order], y
