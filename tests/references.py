"""Plain references, and problems, for the tests of kernels, matrices and objectives."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit

from fastlr import kernels
from fastlr._environment import CPU_LEVELS


def cpu_levels():
    """The names of the kernel builds that are at hand and that this processor can run."""
    return [level for level in kernels.LEVELS if CPU_LEVELS[level] <= kernels._cpu.cpu_level()]


def load_kernels(level):
    """The kernel modules of one CPU level as attributes of one object."""
    return SimpleNamespace(**kernels.load(level))


def assert_within(actual, expected, magnitude, relative=1e-13):
    """|actual - expected| <= relative * magnitude: `magnitude` is the sum of the absolute terms of `expected`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.all(np.isfinite(actual))
    excess = np.abs(actual - expected) - relative * np.abs(magnitude)
    assert np.all(excess <= 0.0), f"off by {np.abs(actual - expected).max()}"


def assert_same_bits(results):
    """All arrays (or tuples of arrays and numbers) of the list are equal bit by bit."""
    flat = [b"".join(np.asarray(part, dtype=float).tobytes() for part in np.atleast_1d(result)) for result in results]
    assert len(set(flat)) == 1


def logistic_rows(eta, y, weight):
    """Weighted loss (a number), residual and curvature in plain NumPy, for moderate eta."""
    loss = float(np.sum(weight * (np.logaddexp(0.0, eta) - y * eta)))
    return loss, weight * (expit(eta) - y), weight * expit(eta) * expit(-eta)


def dense_layouts(X):
    """The same values in every layout that the dense kernels read in place."""
    n, p = X.shape
    wide = np.full((n, p + 3), np.nan, dtype=X.dtype)
    wide[:, 1 : p + 1] = X
    tall = np.full((2 * n, p), np.nan, dtype=X.dtype)
    tall[::2] = X
    columns = np.full((n, 2 * p), np.nan, dtype=X.dtype, order="F")
    columns[:, ::2] = X
    rows = np.full((n + 5, p), np.nan, dtype=X.dtype, order="F")
    rows[2 : n + 2] = X
    return {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "C, some columns": wide[:, 1 : p + 1],
        "C, every other row": tall[::2],
        "C, rows reversed": np.ascontiguousarray(X[::-1])[::-1],
        "F, every other column": columns[:, ::2],
        "F, some rows": rows[2 : n + 2],
        "F, columns reversed": np.asfortranarray(X[:, ::-1])[:, ::-1],
    }


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


def reference_epochs(X, curvature, gradient, first, mass, l1, l2, lower, upper, coef, tolerance, max_epochs):
    """Cyclic coordinate descent on the quadratic model of an elastic net within bounds, with an explicit Hessian.

    Returns delta, D X delta and the number of epochs.
    """
    hessian = X.T @ (curvature[:, None] * X) + np.diag(l2)
    if mass > 0.0:
        hessian -= np.outer(first, first) / mass
    delta = np.zeros(len(coef))
    epochs, worst = 0, np.inf
    while epochs < max_epochs and worst > tolerance:
        epochs, worst = epochs + 1, 0.0
        for j in range(len(coef)):
            slope, w = gradient[j] + hessian[j] @ delta, coef[j] + delta[j]
            miss = slope + np.sign(w) * l1[j] if w else np.sign(slope) * max(0.0, abs(slope) - l1[j])
            held = (miss > 0.0 and w <= lower[j] + 1e-15) or (miss < 0.0 and w >= upper[j] - 1e-15)
            worst = worst if held else max(worst, abs(miss))
            if hessian[j, j] > 0.0:
                target = hessian[j, j] * w - slope
                target = np.sign(target) * max(0.0, abs(target) - l1[j]) / hessian[j, j]
                delta[j] = np.clip(target, lower[j], upper[j]) - coef[j]
    return delta, curvature * (X @ delta), epochs


def reference_dual_epoch(X, order, group, y, weight, offset, own, inverse, free, logit, residual, weights):
    """One epoch of kernels.dual_ascent over dense X (n, m), one row at a time and block after block; returns the gain.

    logit, residual and weights (n_blocks, m + 2) move along.
    """
    n_blocks = len(weights)
    weights[:, -1] -= free * np.sum(weight * residual)
    gain = 0.0
    for w, groups in zip(
        weights, np.split(order, [b * len(order) // n_blocks for b in range(1, n_blocks)]), strict=True
    ):
        for i in np.concatenate([np.arange(g * group, min(len(y), (g + 1) * group)) for g in groups]):
            a = weight[i] * (X[i] ** 2 @ inverse + own[i] + free)
            eta = X[i] @ w[:-2] + w[-1] + offset[i] - weight[i] * residual[i] * own[i]
            error, old = eta - logit[i], residual[i]
            logit[i] = reference_root(logit[i], error, a, eta + a * old, y[i], old)
            residual[i] = expit(logit[i]) - y[i]
            gain += 0.5 * weight[i] * error * (residual[i] - old)
            change = n_blocks * weight[i] * (residual[i] - old)
            w[:-2] -= change * inverse * X[i]
            w[-1] -= free * change
    weights[:] = weights.mean(axis=0)
    return gain


def reference_root(z, error, a, c, y, residual):
    """z + a (sigma(z) - y) = c by one Newton step, and more until nine tenths of the error are gone."""
    low, high = c - a * (1 - y), c + a * y
    u = y + residual
    z = min(max(z + error / (1 + a * u * (1 - u)), low), high)
    while abs(miss := z + a * (expit(z) - y) - c) > 0.1 * abs(error) + 1e-13:
        low, high = (low, z) if miss > 0 else (z, high)
        z -= miss / (1 + a * expit(z) * expit(-z))
        if not low < z < high:
            z = (low + high) / 2
    return z


def best_intercept(X, y, coef, weight, offset=0.0):
    """The intercept where the weighted loss is least at `coef`, by bisection on its derivative."""
    eta = X @ coef + offset
    bound = np.abs(eta).max() + 50.0
    return brentq(lambda b: np.sum(weight * (expit(eta + b) - y)), -bound, bound, xtol=1e-15, rtol=1e-15, maxiter=500)


def reference_minimum(X, y, weight, l1, l2, fit_intercept, offset=0.0):
    """(least value, coef, intercept) of the core objective by SciPy's L-BFGS-B on the positive and negative parts.

    The value is never below the true minimum.
    """
    p = X.shape[1]
    l1, l2 = np.broadcast_to(l1, p), np.broadcast_to(l2, p)

    def split(z):
        coef, intercept = z[:p] - z[p : 2 * p], z[-1] if fit_intercept else 0.0
        eta = X @ coef + intercept + offset
        residual = weight * (expit(eta) - y)
        smooth = X.T @ residual + l2 * coef
        f = np.sum(weight * (np.logaddexp(0.0, eta) - y * eta)) + 0.5 * np.sum(l2 * coef**2)
        gradient = np.concatenate([smooth + l1, l1 - smooth, [residual.sum()][: 1 if fit_intercept else 0]])
        return f + np.sum(l1 * (z[:p] + z[p : 2 * p])), gradient

    bounds = [(0, None)] * (2 * p) + [(None, None)] * fit_intercept
    found = minimize(
        split,
        np.zeros(2 * p + fit_intercept),
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30},
    )
    coef, intercept = found.x[:p] - found.x[p : 2 * p], float(found.x[-1]) if fit_intercept else 0.0
    eta = X @ coef + intercept + offset
    loss = np.sum(weight * (np.logaddexp(0.0, eta) - y * eta))
    return loss + 0.5 * np.sum(l2 * coef**2) + np.sum(l1 * np.abs(coef)), coef, intercept


def run_python(code, timeout=120, **environment):
    """Run a script in a fresh interpreter; returns the CompletedProcess.  A value of None removes the variable."""
    inherited = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={name: value for name, value in inherited.items() if value is not None},
    )


def random_matrix(n, p, density, dtype=np.float64, seed=0):
    """A dense (n, p) array with zeros, whose values are exact in `dtype`."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, p)) * (rng.random((n, p)) < density)).astype(dtype)


def scrambled(X, split_entries=False, seed=0):
    """A CSR or CSC array with the same values, in random order; with `split_entries` each entry is the sum of two.

    The parts are exact: the sums of duplicates equal the entries bit by bit.
    """
    rng = np.random.default_rng(seed)
    indptr, indices, data = X.indptr, X.indices, X.data
    major = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    if split_entries:
        major, indices, data = np.tile(major, 2), np.tile(indices, 2), np.tile(data * X.dtype.type(0.5), 2)
        indptr = (2 * indptr).astype(indptr.dtype)
    order = rng.permutation(len(major))
    order = order[np.argsort(major[order], kind="stable")]
    result = type(X)(X.shape, dtype=X.dtype)
    result.data, result.indices, result.indptr = data[order], indices[order].astype(X.indices.dtype), indptr
    result.has_sorted_indices = result.has_canonical_format = False
    return result
