"""Plain references: the objective, its derivatives and minima, and the steps of solvers, in NumPy and SciPy."""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import brentq, minimize
from scipy.special import expit


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


def logistic_rows(eta, y, weight):
    """Weighted loss (a number), residual and curvature in plain NumPy, for moderate eta."""
    loss = float(np.sum(weight * (np.logaddexp(0.0, eta) - y * eta)))
    return loss, weight * (expit(eta) - y), weight * expit(eta) * expit(-eta)


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


def log_softmax(eta):
    shifted = eta - eta.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax_objective(X, y, coef, intercept, l2=0.0, weight=None):
    """The objective in plain NumPy; coef (K, p)."""
    losses = -log_softmax(X @ coef.T + intercept)[np.arange(len(y)), y]
    return np.average(losses, weights=weight) + 0.5 * np.sum(l2 * coef**2)


def softmax_gradients(X, y, coef, intercept, l2=0.0, weight=None):
    """Its gradients in coef (K, p) and in the intercepts (K,)."""
    residual = np.exp(log_softmax(X @ coef.T + intercept)) - np.eye(len(intercept))[y]
    residual *= (np.ones(len(y)) if weight is None else weight)[:, None] / (
        len(y) if weight is None else np.sum(weight)
    )
    return residual.T @ X + l2 * coef, residual.sum(axis=0)
