"""The logistic losses of several labels at once, against NumPy and against those of one label."""

import numpy as np
import pytest
from scipy.special import expit, xlogy
from support.problems import rows_of_labels


def loss(eta, y):
    return np.logaddexp(0.0, eta) - y * eta


@pytest.mark.parametrize("n, K", [(1, 1), (3, 2), (64, 3), (130, 20), (9, 600), (1000, 9)])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_rows_of_labels(kernels, n, K, n_threads):
    eta, Xd, label, weight, factor, s = rows_of_labels(n, K)
    weighing = label, weight, factor, n_threads
    residual, curvature = np.empty((2, n, K))
    losses = kernels.loss_labels.evaluate(eta, label, weight, factor, residual, curvature, n_threads)
    sigma = expit(eta)
    np.testing.assert_allclose(losses, (s * loss(eta, label)).sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(residual, s * (sigma - label), rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(curvature, s * sigma * expit(-eta), rtol=1e-12)
    shift = np.linspace(-1.0, 2.0, K)
    first, second = kernels.loss_labels.slopes(eta, shift, *weighing)
    np.testing.assert_allclose(first, (s * (expit(eta + shift) - label)).sum(axis=0), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(second, (s * expit(eta + shift) * expit(-eta - shift)).sum(axis=0), rtol=1e-12)
    ahead = kernels.loss_labels.losses(eta, Xd, shift, *weighing)
    np.testing.assert_allclose(ahead, (s * loss(eta + shift * Xd, label)).sum(axis=0), rtol=1e-12)
    curved = np.empty((n, K))
    sums = kernels.loss_labels.bend(curvature, Xd, curved, n_threads)
    np.testing.assert_allclose(curved, curvature * Xd, rtol=1e-15)
    np.testing.assert_allclose(sums, (curvature * Xd).sum(axis=0), rtol=1e-10, atol=1e-13)
    moved = Xd.copy()
    kernels.loss_labels.move(curvature, shift, moved, curved, n_threads)
    np.testing.assert_allclose(moved, Xd + shift, rtol=1e-15)
    np.testing.assert_allclose(curved, curvature * (Xd + shift), rtol=1e-12, atol=1e-17)


@pytest.mark.parametrize("back", [0.0, 1.0])
def test_divergence_of_labels(kernels, back):
    eta, Xd, label, weight, factor, s = rows_of_labels(200, 5)
    t, scale = np.linspace(0.0, 1.0, 5), np.linspace(0.3, 1.0, 5)
    sigma = expit(eta)
    u = label + scale * (sigma - label + back * sigma * (1 - sigma) * Xd)
    inside = np.clip(u, 0.0, 1.0)
    ahead = eta + t * Xd
    expected = xlogy(inside, inside) + xlogy(1 - inside, 1 - inside) + loss(ahead, inside)
    divergence, cut = kernels.loss_labels.divergence(eta, Xd, t, scale, back, label, weight, factor, 2)
    np.testing.assert_allclose(divergence, (s * expected).sum(axis=0), rtol=1e-11)
    np.testing.assert_array_equal(cut, (u != inside).sum(axis=0))
    assert (cut > 0).any() == (back == 1.0)


@pytest.mark.parametrize("n", [7, 500])
def test_a_column_does_not_depend_on_its_neighbours(kernels, n):
    eta, _, label, weight, factor, _ = rows_of_labels(n, 13)
    residual, curvature = np.empty((2, n, 13))
    together = kernels.loss_labels.evaluate(eta, label, weight, factor, residual, curvature, 1)
    for k in range(13):
        one = [np.ascontiguousarray(array[:, [k]]) for array in (eta, label, factor)]
        mine, of_mine = np.empty((2, n, 1))
        alone = kernels.loss_labels.evaluate(one[0], one[1], weight, one[2], mine, of_mine, 1)[0]
        assert alone == pytest.approx(together[k], rel=1e-14)
        assert of_mine[:, 0].tobytes() == curvature[:, k].tobytes()
        assert mine[:, 0].tobytes() == residual[:, k].tobytes()
