"""Dual ascent: epochs against the same epoch in NumPy, and those of several labels against those of one."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit
from support.layouts import as_layout
from support.problems import rows_of_labels
from support.references import (
    reference_dual_epoch,
)


class DualCase:
    """A consistent dual state over a sparse-ish matrix, and the arguments of an epoch."""

    def __init__(self, dtype, n_blocks, free, inverse, n=70, m=9):
        rng = np.random.default_rng(0)
        self.X = ((rng.standard_normal((n, m)) + 0.3) * (rng.random((n, m)) < 0.5)).astype(dtype)
        self.group = 4
        self.order = rng.permutation(-(-n // self.group)).astype(np.intp)
        self.y = np.where(rng.random(n) < 0.2, rng.random(n), np.round(rng.random(n)))
        self.weight = rng.random(n) / n
        self.weight[3] = 0.0
        self.offset = rng.standard_normal(n)
        self.own = rng.random(n) * (rng.random(n) < 0.5)
        self.inverse, self.free = inverse, free
        self.logit = rng.standard_normal(n)
        self.residual = expit(self.logit) - self.y
        coef = -inverse * (self.X.T.astype(float) @ (self.weight * self.residual))
        self.weights = np.tile(np.concatenate([coef, [0.0, 0.2]]), (n_blocks, 1))

    @property
    def norms(self):
        return self.X.astype(float) ** 2 @ self.inverse + self.own + self.free

    def arguments(self):
        return (
            self.order,
            self.group,
            self.y,
            self.weight,
            self.offset,
            self.norms,
            self.own,
            self.inverse,
            self.free,
            self.logit,
            self.residual,
            self.weights,
        )

    def reference(self):
        return reference_dual_epoch(
            self.X.astype(float),
            self.order,
            self.group,
            self.y,
            self.weight,
            self.offset,
            self.own,
            self.inverse,
            self.free,
            self.logit,
            self.residual,
            self.weights,
        )

    def run(self, kernels, layout, index, n_threads):
        if layout == "C":
            return kernels.dual_ascent.dense_epoch(self.X, *self.arguments(), n_threads)
        X = as_layout(self.X, "csr", self.X.dtype, index)
        return kernels.dual_ascent.sparse_epoch(X.indptr, X.indices, X.data, *self.arguments(), n_threads)


INVERSES = {"scalar": np.broadcast_to(20.0, 9), "weak": np.broadcast_to(300.0, 9), "array": np.geomspace(1.0, 300.0, 9)}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout, index", [("C", None), ("csr", np.int32), ("csr", np.int64)])
@pytest.mark.parametrize("n_blocks", [1, 2, 3])
@pytest.mark.parametrize("free", [0.0, 5.0])
@pytest.mark.parametrize("inverse", INVERSES)
def test_an_epoch_is_that_of_the_reference(kernels, dtype, layout, index, n_blocks, free, inverse):
    case, expected = (DualCase(dtype, n_blocks, free, INVERSES[inverse]) for _ in range(2))
    for _ in range(3):
        gain = case.run(kernels, layout, index, n_threads=2)
        expected_gain = expected.reference()
        assert gain == pytest.approx(expected_gain, rel=1e-6)
        np.testing.assert_allclose(case.logit, expected.logit, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(case.residual, expected.residual, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(case.weights, expected.weights, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("start", [-600.0, -20.0, 0.0, 3.0, 600.0])
@pytest.mark.parametrize("a", [1e-9, 1e-2, 1.0, 1e3, 1e9, 1e15])
@pytest.mark.parametrize("offset", [-1e3, -5.0, 0.1, 40.0, 1e5])
def test_nine_tenths_of_the_distance_to_the_maximum_in_a_row_are_covered(kernels, a, start, offset, y):
    logit, weights = np.array([start]), np.zeros((1, 3))
    residual = (1 - y) * expit(logit) - y * expit(-logit)
    weights[0, 0] = -a * residual[0]
    rows = (np.ones(1), np.array([offset]), np.array([a]), np.zeros(1), np.broadcast_to(a, 1))
    error, c = weights[0, 0] + offset - start, weights[0, 0] + offset + a * residual[0]
    kernels.dual_ascent.dense_epoch(
        np.ones((1, 1)), np.zeros(1, np.intp), 1, np.array([y]), *rows, 0.0, logit, residual, weights, 1
    )
    assert residual[0] == pytest.approx((1 - y) * expit(logit[0]) - y * expit(-logit[0]), rel=1e-12, abs=1e-300)
    assert abs(logit[0] + a * residual[0] - c) <= 0.1 * abs(error) + 1e-14 * (abs(start) + a + abs(c))


@pytest.mark.parametrize("layout", ["C", "csr"])
def test_epochs_give_the_same_bits_for_any_number_of_threads(kernels, layout):
    outcomes = []
    for n_threads in (1, 2, 3):
        case = DualCase(np.float64, 2, 5.0, INVERSES["scalar"])
        case.run(kernels, layout, np.int32, n_threads)
        outcomes.append((case.logit.tobytes(), case.residual.tobytes(), case.weights.tobytes()))
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_equal_weights_and_no_offset_may_come_short(kernels):
    short, long = (DualCase(np.float64, 2, 0.0, INVERSES["scalar"]) for _ in range(2))
    short.weight, short.offset = np.full(5, 0.01), np.zeros(1)
    long.weight, long.offset = np.full(70, 0.01), np.zeros(70)
    assert short.run(kernels, "csr", np.int32, 1) == long.run(kernels, "csr", np.int32, 1)
    np.testing.assert_array_equal(short.weights, long.weights)


@pytest.mark.parametrize("scale", [1.0, 0.5, 1e-3])
def test_scaled_residuals_are_a_dual_point(kernels, scale):
    eta = np.array([-800.0, -30.0, -1.0, 0.0, 2.0, 40.0, 800.0, 3.0])
    y = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.3])
    logit, residual = np.empty((2, len(eta)))
    kernels.dual_ascent.scaled_residuals(eta, y, scale, logit, residual)
    np.testing.assert_allclose(residual, scale * ((1 - y) * expit(eta) - y * expit(-eta)), rtol=1e-13)
    np.testing.assert_allclose((1 - y) * expit(logit) - y * expit(-logit), residual, rtol=1e-10, atol=1e-300)
    assert np.isfinite(logit).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("width", [4, 8, 12, 16])
@pytest.mark.parametrize("uniform", [False, True])
def test_an_epoch_of_several_labels_is_one_epoch_each(kernels, dtype, index, width, uniform):
    rng = np.random.default_rng(0)
    n, p = 90, 40
    X = sp.random_array((n, p), density=0.2, format="csr", rng=rng, dtype=dtype)
    indptr, indices = X.indptr.astype(index), X.indices.astype(index)
    _, _, label, weight, factor, s = rows_of_labels(n, 2 * width)
    inverse = np.broadcast_to(3.0, (p,)) if uniform else rng.random(p) + 1.0
    norms = (X.toarray().astype(float) ** 2) @ inverse
    order, free = rng.permutation(-(-n // 16)).astype(np.intp), 0.1
    logit = rng.standard_normal((n, 2 * width))
    residual = expit(logit) - label
    weights = np.zeros((p + 2, 2 * width))
    weights[:p] = -inverse[:, None] * (X.T @ (s * residual))

    def blocks(array):
        return np.ascontiguousarray(array.reshape(len(array), 2, width).transpose(1, 0, 2))

    moving = [blocks(array.copy()) for array in (logit, residual, weights)]
    gains = kernels.dual_ascent_labels.epoch(
        indptr,
        indices,
        X.data,
        order,
        16,
        blocks(label),
        weight,
        blocks(factor),
        norms + free,
        np.zeros(n),
        inverse,
        free,
        *moving,
        2,
    )
    for k in range(2 * width):
        single = [np.ascontiguousarray(array[:, k]) for array in (logit, residual)]
        w = weights[:, k][None].copy()
        y = label[:, k].astype(float)
        rest = np.ascontiguousarray(s[:, k]), np.zeros(1), norms + free, np.zeros(n), inverse, free
        gain = kernels.dual_ascent.sparse_epoch(indptr, indices, X.data, order, 16, y, *rest, *single, w, 1)
        b, lane = divmod(k, width)
        assert gains[b, lane] == pytest.approx(gain, rel=1e-9)
        for found, expected in zip(moving, (*single, w[0]), strict=True):
            np.testing.assert_allclose(found[b, :, lane], expected, rtol=1e-9, atol=1e-11)
