"""The group penalty against its conjugate, and where steps reach zero."""

import numpy as np
import pytest

from fastlr.penalties.elastic_net import ElasticNet
from fastlr.penalties.group import GroupPenalty


def test_the_group_penalty_and_its_conjugate():
    rng = np.random.default_rng(0)
    penalty = GroupPenalty(0.3, np.repeat([[0.5], [0.0], [2.0], [0.1]], 3, axis=0), (12, 1), 3)
    coef, adjoint, step = (rng.standard_normal((12, 1)) for _ in range(3))
    coef[6:9] = 0.0
    adjoint[3:6] *= 0.2 / np.linalg.norm(adjoint[3:6])

    def share(j):
        w, z, l2 = coef[3 * j : 3 * j + 3, 0], -adjoint[3 * j : 3 * j + 3, 0], penalty.l2[3 * j, 0]
        excess = max(np.linalg.norm(z) - 0.3, 0.0)
        conjugate = excess**2 / (2 * l2) if l2 > 0.0 else 0.0
        return 0.3 * np.linalg.norm(w) + 0.5 * l2 * w @ w + conjugate - z @ w

    assert penalty.dual_scale(adjoint) == 1.0
    assert penalty.dual_scale(3.0 * adjoint) == pytest.approx(0.5)
    assert penalty.gap(coef, adjoint) == pytest.approx(sum(share(j) for j in range(4)), rel=1e-12)
    change = penalty.absolute(coef + step) - penalty.absolute(coef)
    assert penalty.absolute_change(coef, step) == pytest.approx(change, rel=1e-12)
    assert penalty.absolute_change(coef, 1e-30 * step) != 0.0
    assert not hasattr(penalty, "prox")  # that of single coefficients would be wrong


def test_steps_end_at_kinks():
    coef, step = np.array([[1.0], [0.3], [-2.0], [0.5]]), np.array([[-4.0], [-0.9], [1.0], [1.0]])
    plain = ElasticNet(0.1, 0.0, (4, 1))
    np.testing.assert_array_equal(plain.clipped(coef, step), [[-1.0], [-0.3], [1.0], [1.0]])
    reached, share = plain.cut(coef, step)
    assert share == 0.25
    assert reached[0, 0] == -1.0
    np.testing.assert_array_equal(reached[1:], 0.25 * step[1:])
    grouped = GroupPenalty(0.1, 0.0, (4, 1), 2)
    np.testing.assert_array_equal(grouped.clipped(coef, step), [[-1.0], [-0.3], [1.0], [1.0]])
    reached, share = grouped.cut(coef, step)
    assert share == pytest.approx((1.0 + 0.09) / (4.0 + 0.27))
    np.testing.assert_array_equal(reached, share * step)
