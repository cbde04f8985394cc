"""The softmax row by row: loss, residual, curvature and divergence against NumPy and mpmath."""

import mpmath
import numpy as np
import pytest
from support.comparisons import assert_same_bits
from support.kernel_cases import THREADS
from support.problems import softmax_problem

from fastlr.matrix import ClassRows, as_matrix


class ClassCase:
    """Rows of K linear predictors, some of them saturated, with labels, weights (some zero) and a step."""

    def __init__(self, n, K):
        rng = np.random.default_rng(n)
        self.eta = rng.standard_normal((n, K)) * np.where(rng.random((n, 1)) < 0.2, 200.0, 2.0)
        self.label = rng.integers(0, K, n)
        self.weight = rng.random(n) * (rng.random(n) < 0.9)
        self.z = 0.3 * rng.standard_normal((n, K))
        shifted = self.eta - self.eta.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.p = np.exp(self.log_p)


@pytest.mark.parametrize("n, K", [(1, 2), (65, 3), (130, 10), (40, 300)])
def test_rows_of_many_classes(kernels, n, K):
    case = ClassCase(n, K)
    found = []
    for n_threads in THREADS:
        p, residual, h, scratch = (np.full((n, K), np.nan) for _ in range(4))
        loss = kernels.loss_softmax.evaluate(case.eta, case.label, case.weight, p, residual, n_threads)
        kernels.loss_softmax.curve(p, case.weight, case.z, h, n_threads)
        ahead = kernels.loss_softmax.loss(case.eta, case.z, 0.7, case.label, case.weight, scratch, n_threads)
        found.append(np.concatenate([p.ravel(), residual.ravel(), h.ravel(), [loss, ahead]]))
    assert_same_bits(found)
    rows = np.arange(n)
    assert loss == pytest.approx(-float(case.weight @ case.log_p[rows, case.label]), rel=1e-12)
    np.testing.assert_allclose(p, case.p, rtol=1e-11, atol=1e-300)
    others = np.where(np.arange(K) == case.label[:, None], 0.0, case.p)
    expected = others.copy()
    expected[rows, case.label] = -others.sum(axis=1)  # no difference of numbers near one
    np.testing.assert_allclose(residual, case.weight[:, None] * expected, rtol=1e-9, atol=1e-15)
    mean = (case.p * case.z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(h, case.weight[:, None] * case.p * (case.z - mean), rtol=1e-9, atol=1e-15)
    moved = case.eta + 0.7 * case.z
    moved -= moved.max(axis=1, keepdims=True)
    log_q = moved - np.log(np.exp(moved).sum(axis=1, keepdims=True))
    assert ahead == pytest.approx(-float(case.weight @ log_q[rows, case.label]), rel=1e-12)


@pytest.mark.parametrize("size", [1e-7, 1e-3, 0.1])
def test_the_divergence_of_many_classes_keeps_its_digits(kernels, size):
    n, K = 50, 4
    rng = np.random.default_rng(0)
    eta, z = rng.standard_normal((n, K)), size * rng.standard_normal((n, K))
    weight = np.full(n, 1.0 / n)
    p, residual = np.empty((2, n, K))
    kernels.loss_softmax.evaluate(eta, np.zeros(n, np.int64), weight, p, residual, 1)
    arguments = 1.0, 1.0, 1.0, np.zeros(n, np.int64), weight, np.empty((n, K)), 2
    found, cut = kernels.loss_softmax.divergence(eta, p, z, *arguments)
    assert cut == 0
    total = mpmath.mpf(0)
    with mpmath.workdps(50):
        for i in range(n):
            e = [mpmath.exp(mpmath.mpf(x)) for x in eta[i]]
            f = [mpmath.exp(mpmath.mpf(x) + mpmath.mpf(s)) for x, s in zip(eta[i], z[i], strict=True)]
            before, after = [x / sum(e) for x in e], [x / sum(f) for x in f]
            mean = sum(q * mpmath.mpf(s) for q, s in zip(before, z[i], strict=True))
            u = [q + q * (mpmath.mpf(s) - mean) for q, s in zip(before, z[i], strict=True)]
            total += sum(a * mpmath.log(a / b) for a, b in zip(u, after, strict=True)) / n
    assert found == pytest.approx(float(total), rel=1e-3 if size == 1e-7 else 1e-9)


@pytest.mark.parametrize("scale", [0.3, 0.999, 1.0 - 1e-9])
def test_divergence_of_scaled_residuals(scale):
    X, y = softmax_problem(K=4)
    weight = np.random.default_rng(1).random(len(y))
    weight /= weight.sum()
    rows = ClassRows(as_matrix(X), y.astype(np.int64), weight, 4)
    state = rows.state(np.random.default_rng(2).standard_normal((X.shape[1] * 4, 1)), np.zeros(4))
    rows.evaluate(state)
    p, one = state.curvature.astype(np.longdouble), np.eye(4)[y].astype(np.longdouble)
    p /= p.sum(axis=1, keepdims=True)
    u = one + np.longdouble(scale) * (p - one)
    expected = np.sum(weight[:, None] * u * np.log(u / p))
    found, outside = rows.divergence(state, scale=scale)
    assert outside == 0
    assert found == pytest.approx(float(expected), rel=1e-6)
