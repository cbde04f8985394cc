"""Problems and plain references shared by the tests."""

import os
import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.special import expit

from fastlr import fit_logistic

LAYOUTS = ("C", "F", "csr", "csc")


def as_layout(X, layout, dtype=np.float64, index=np.int32):
    """X (a dense array) in one of the four layouts."""
    if layout in ("C", "F"):
        return np.asarray(X, dtype=dtype, order=layout)
    compressed = {"csr": sp.csr_array, "csc": sp.csc_array}[layout](np.asarray(X, dtype=dtype))
    compressed.indices = compressed.indices.astype(index)
    compressed.indptr = compressed.indptr.astype(index)
    return compressed


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


def objective(X, y, coef, intercept, l1=0.0, l2=0.0, weight=None):
    """The core objective in plain NumPy."""
    eta = X @ coef + intercept
    loss = np.logaddexp(0, eta) - y * eta
    return np.average(loss, weights=weight) + 0.5 * np.sum(l2 * coef**2) + np.sum(l1 * np.abs(coef))


def null_objective(y, weight=None, fit_intercept=True):
    """Objective at coef = 0 with the best intercept: the yardstick of tol."""
    if not fit_intercept:
        return float(np.log(2.0))
    rate = np.average(y, weights=weight)
    return float(-(rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))


def exact_objective(X, y, coef, intercept, l1=0.0, l2=0.0, weight=None, offset=0.0):
    """The core objective in extended precision, X dense."""
    wide = np.longdouble
    eta = X.astype(wide) @ coef.astype(wide) + wide(intercept) + np.asarray(offset, wide)
    loss = np.maximum(eta, 0) + np.log1p(np.exp(-np.abs(eta))) - y.astype(wide) * eta
    weight = np.ones(len(y), wide) if weight is None else np.asarray(weight, wide)
    coef = coef.astype(wide)
    penalty = np.sum(np.asarray(l2, wide) * coef**2) / 2 + np.sum(np.asarray(l1, wide) * np.abs(coef))
    return np.sum(weight * loss) / weight.sum() + penalty


def smooth_gradient(X, y, coef, intercept, l2=0.0, weight=None):
    """Gradient of loss and l2 in the coefficients, and in the intercept; X dense or sparse."""
    residual = expit(X @ coef + intercept) - y
    residual *= 1.0 / len(y) if weight is None else weight / np.sum(weight)
    return X.T @ residual + l2 * coef, float(residual.sum())


def subgradient(X, y, coef, intercept, l1=0.0, l2=0.0, weight=None):
    """The subgradient of least norm in the coefficients, and the derivative in the intercept."""
    gradient, slope = smooth_gradient(X, y, coef, intercept, l2, weight)
    at_zero = np.sign(gradient) * np.maximum(np.abs(gradient) - l1, 0.0)
    return np.where(coef == 0.0, at_zero, gradient + l1 * np.sign(coef)), slope


def one_coordinate_decrease(X, y, coef, intercept, l1=0.0, l2=0.0, weight=None, fit_intercept=True):
    """A lower bound of the suboptimality, whatever the solver says: what a step in one coefficient gains at least.

    The objective in coefficient j alone has curvature at most L_j = sum_i s_i x_ij^2 / 4 + l2_j, so that a proximal
    gradient step of length 1/L_j from w_j to w lowers it by at least L_j (w - w_j)^2 / 2.
    """
    share = np.full(len(y), 1.0 / len(y)) if weight is None else weight / np.sum(weight)
    squares = X.power(2) if sp.issparse(X) else X * X
    gradient, slope = smooth_gradient(X, y, coef, intercept, l2, weight)
    bound = 0.25 * (squares.T @ share) + l2
    used = bound > 0.0
    bound, coef, gradient = bound[used], coef[used], gradient[used]
    threshold = (np.broadcast_to(l1, used.shape)[used]) / bound
    moved = coef - gradient / bound
    moved = np.sign(moved) * np.maximum(np.abs(moved) - threshold, 0.0)
    gains = 0.5 * bound * (moved - coef) ** 2
    return max(float(gains.max(initial=0.0)), 2.0 * slope**2 if fit_intercept else 0.0)


def as_repeated(X, y, counts):
    """Row i counts[i] times."""
    rows = np.repeat(np.arange(len(y)), counts)
    return X[rows], y[rows]


def in_this_folder():
    """Options of subprocess.run for a Python that finds the tests and the same fastlr as this one."""
    folders = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return {"env": os.environ | {"PYTHONPATH": folders}, "text": True, "capture_output": True}


def coef_of(X, y, penalty, n_threads=None):
    return fit_logistic(X, y, **penalty, n_threads=n_threads).coef
