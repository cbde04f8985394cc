"""Coordinate descent on a quadratic model, against the same cycle in NumPy."""

import numpy as np
import pytest
from support.references import reference_epochs


class Model:
    """A quadratic model of an elastic net at a random point within bounds, over a dense array (n, p)."""

    def __init__(self, X, with_intercept, l1, l2, lower=-np.inf, upper=np.inf, seed=0):
        rng = np.random.default_rng(seed)
        n, p = X.shape
        self.X = X
        self.curvature = rng.random(n) / n
        self.curvature[::7] = 0.0
        self.first = X.T @ self.curvature
        self.mass = float(self.curvature.sum()) if with_intercept else 0.0
        self.l1, self.l2 = np.broadcast_to(l1, p), np.broadcast_to(l2, p)
        self.lower, self.upper = np.broadcast_to(lower, p), np.broadcast_to(upper, p)
        self.coef = np.clip(rng.standard_normal(p) * (rng.random(p) < 0.5), self.lower, self.upper)
        self.gradient = 0.2 * rng.standard_normal(p)
        self.diagonal = (X**2).T @ self.curvature + self.l2
        if with_intercept:
            self.diagonal = self.diagonal - self.first**2 / self.mass

    def arguments(self):
        """What the kernels take between X and delta."""
        return (
            self.curvature,
            self.gradient,
            self.diagonal,
            self.first,
            self.mass,
            self.l1,
            self.l2,
            self.lower,
            self.upper,
            self.coef,
        )

    def reference(self, tolerance, max_epochs):
        return reference_epochs(
            self.X,
            self.curvature,
            self.gradient,
            self.first,
            self.mass,
            self.l1,
            self.l2,
            self.lower,
            self.upper,
            self.coef,
            tolerance,
            max_epochs,
        )


STRENGTHS = {
    "l1": (0.05, 0.0),
    "elastic net": (0.05, 0.1),
    "l2": (0.0, 0.1),
    "each its own": (np.linspace(0.0, 0.2, 9), np.linspace(0.3, 0.0, 9)),
    "l1, not negative": (0.05, 0.0, 0.0),
    "l2 within bounds": (0.0, 0.1, np.linspace(-1.0, 0.1, 9), np.linspace(-0.5, 1.5, 9)),
    "elastic net within bounds": (0.05, 0.1, np.linspace(-1.0, 0.1, 9), 0.2),
}


def model_matrix(dtype):
    """A (60, 9) array with zeros and one empty column, exact in `dtype`."""
    rng = np.random.default_rng(3)
    X = (rng.standard_normal((60, 9)) + 0.5) * (rng.random((60, 9)) < 0.6)
    X[:, 4] = 0.0
    return X.astype(dtype)


def run_epochs(kernels, X, layout, index, model, tolerance, max_epochs):
    delta, q = np.zeros(X.shape[1]), np.zeros(X.shape[0])
    if layout == "dense":
        none = np.empty(0, dtype=np.int32)
        arrays = none, none, X.ravel(order="F")
    else:
        entries = X.T != 0
        indptr = np.concatenate([[0], np.cumsum(entries.sum(axis=1))]).astype(index)
        arrays = indptr, np.nonzero(entries)[1].astype(index), X.T[entries]
    return delta, q, kernels.coordinate_descent.epochs(*arrays, *model.arguments(), delta, q, tolerance, max_epochs)


@pytest.mark.parametrize("layout, index", [("dense", None), ("csc", np.int32), ("csc", np.int64)])
@pytest.mark.parametrize("with_intercept", [False, True])
@pytest.mark.parametrize("strengths", STRENGTHS)
def test_epochs_are_cyclic_coordinate_descent(kernels, dtype, layout, index, with_intercept, strengths):
    X = model_matrix(dtype)
    model = Model(X.astype(float), with_intercept, *STRENGTHS[strengths])
    for tolerance, max_epochs in ((0.0, 1), (0.0, 4), (1e-3, 100), (1e-12, 2000)):
        delta, q, epochs = run_epochs(kernels, X, layout, index, model, tolerance, max_epochs)
        expected_delta, expected_q, expected_epochs = model.reference(tolerance, max_epochs)
        np.testing.assert_allclose(delta, expected_delta, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(q, expected_q, rtol=1e-9, atol=1e-12)
        assert abs(epochs - expected_epochs) <= (1 if tolerance == 1e-12 else 0)


@pytest.mark.parametrize("layout", ["dense", "csc"])
def test_epochs_go_on_until_the_tolerance_or_the_limit(kernels, layout):
    X = model_matrix(np.float64)
    model = Model(X, True, 0.05, 0.0)
    few = run_epochs(kernels, X, layout, np.int32, model, 0.0, 3)[2]
    enough = run_epochs(kernels, X, layout, np.int32, model, np.inf, 100)[2]
    many = run_epochs(kernels, X, layout, np.int32, model, 1e-8, 1000)[2]
    assert (few, enough) == (3, 1)
    assert 3 < many < 1000


@pytest.mark.parametrize("layout", ["dense", "csc"])
def test_epochs_set_coefficients_to_exact_zero_also_of_empty_columns(kernels, layout):
    X = model_matrix(np.float64)
    model = Model(X, True, 10.0, 0.0)
    model.coef[4] = 0.7
    delta, _, _ = run_epochs(kernels, X, layout, np.int32, model, 0.0, 3)
    np.testing.assert_array_equal(model.coef + delta, np.zeros(9))
