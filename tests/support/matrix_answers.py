"""What a matrix answers to every pass, and what it should; matrices of any size on any number of threads."""

from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import numpy as np

from fastlr.losses.logistic import LogisticLoss
from fastlr.matrix import as_matrix, base
from support.comparisons import assert_same_bits, assert_within
from support.kernel_cases import THREADS
from support.references import logistic_rows

COMPRESSED = ("csr", "csc")


@contextmanager
def threads_for_any_size():
    """as_matrix gives small X as many threads as asked for."""
    with mock.patch.object(base, "ENTRIES_PER_THREAD", 1):
        yield


def vectors(n, p, seed=0):
    """What passes take: v over columns; u (signed, with zeros), d (positive), eta, y and weight over rows."""
    rng = np.random.default_rng(seed)
    v = rng.standard_normal(p) * (rng.random(p) < 0.8)
    u = rng.standard_normal(n) * (rng.random(n) < 0.8)
    y = rng.choice([0.0, 1.0, 0.3], size=n)
    return SimpleNamespace(v=v, u=u, d=rng.random(n), eta=rng.standard_normal(n), y=y, weight=rng.random(n))


def answers(matrix, given):
    """The results of all passes over a matrix, by name."""
    n, p = matrix.shape
    eta, Xd, product = given.eta.copy(), np.full(n, np.nan), np.full(p, np.nan)
    matrix.forward(given.v, 0.3, eta)
    matrix.hessian_product(given.d, given.v, -0.2, Xd, product)
    first, second = matrix.adjoint_pair(given.u, given.d)
    loss, loss_eta, curvature, gradient = loss_gradient(matrix, given, given.weight)
    return {
        "forward": eta,
        "adjoint": matrix.adjoint(given.u),
        "adjoint_pair, first": first,
        "adjoint_pair, second": second,
        "squares": matrix.squares(given.d),
        "hessian_product, image": Xd,
        "hessian_product": product,
        "gram": matrix.gram(given.u),
        "loss_gradient, loss": np.array([loss]),
        "loss_gradient, eta": loss_eta,
        "loss_gradient, curvature": curvature,
        "loss_gradient": gradient,
    }


def loss_gradient(matrix, given, weight):
    """(loss, eta, curvature, gradient) of the fused pass."""
    eta, residual, curvature = given.eta.copy(), *np.full((2, matrix.shape[0]), np.nan)
    loss = LogisticLoss(given.y, weight, matrix.n_threads)
    value, gradient = matrix.loss_gradient(given.v, -0.2, loss, eta, residual, curvature)
    return value, eta, curvature, gradient


def expected_answers(X, given):
    """The same by NumPy in float64, each with its magnitude."""
    exact, size = X.astype(float), np.abs(X.astype(float))
    Xd, Xd_size = exact @ given.v - 0.2, size @ np.abs(given.v) + 0.2
    u, d = given.u, given.d
    eta, eta_size = Xd + given.eta, Xd_size + np.abs(given.eta)
    loss, residual, curvature = logistic_rows(eta, given.y, given.weight)
    return {
        "forward": (Xd + 0.5 + given.eta, Xd_size + 0.5 + np.abs(given.eta)),
        "adjoint": (exact.T @ u, size.T @ np.abs(u)),
        "adjoint_pair, first": (exact.T @ u, size.T @ np.abs(u)),
        "adjoint_pair, second": (exact.T @ d, size.T @ d),
        "squares": ((exact**2).T @ d, (exact**2).T @ d),
        "hessian_product, image": (Xd, Xd_size),
        "hessian_product": (exact.T @ (d * Xd), size.T @ (d * Xd_size)),
        "gram": (exact.T @ (u[:, None] * exact), size.T @ (np.abs(u)[:, None] * size)),
        "loss_gradient, loss": (np.array([loss]), np.array([given.weight @ (1.0 + eta_size)])),
        "loss_gradient, eta": (eta, eta_size),
        "loss_gradient, curvature": (curvature, given.weight * (1.0 + eta_size)),
        "loss_gradient": (exact.T @ residual, size.T @ (given.weight * (1.0 + eta_size))),
    }


def check_answers(matrix, X, given):
    found, expected = answers(matrix, given), expected_answers(X, given)
    assert found.keys() == expected.keys()
    for name, (want, magnitude) in expected.items():
        assert_within(found[name], want, magnitude, relative=1e-12)
    return found


def check_for_all_threads(X, values, given):
    """All passes are right, and their bits do not depend on the number of threads."""
    found = []
    for n_threads in THREADS:
        matrix = as_matrix(X, n_threads)
        assert matrix.copied_bytes == 0
        found.append(check_answers(matrix, values, given))
    for name in found[0]:
        assert_same_bits([each[name] for each in found])


def bound_rows(X, weighted=True, offset=False, n_threads=1, seed=0):
    """(rows, y, weight, offset) over X."""
    rng = np.random.default_rng(seed)
    n = X.shape[0]
    y = (rng.random(n) < 0.4).astype(float)
    weight = rng.random(n) if weighted else np.ones(n)
    weight /= weight.sum()
    offset = rng.standard_normal(n) if offset else None
    return as_matrix(X, n_threads).bind(y, weight, offset), y, weight, offset
