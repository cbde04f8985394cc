"""Norms as what they weigh, and smooth: the barrier of the second-order cone.

    l1 |w|  =  min_t l1 t  within  t >= |w|        becomes        min_t  l1 t - mu log(t^2 - |w|^2)

The minimiser is t = (mu + s) / l1 with s = sqrt(mu^2 + l1^2 |w|^2), where t^2 - |w|^2 = 2 mu t / l1.  At the least
point of an objective with k such barriers the objective with the norms themselves is at most 2 k mu above its minimum.
"""

import numpy as np

from audit.wide import WIDE


def penalty(posed, W, mu):
    """What takes the place of posed.penalty(W)."""
    l1 = posed.l1[posed.l1 > 0]
    squares = np.sum(W * W, axis=1)
    t = (mu + np.sqrt(mu**2 + l1**2 * squares[posed.l1 > 0])) / l1
    return np.sum(posed.l2 * squares) / 2 + np.sum(l1 * t - mu * np.log(2 * mu * t / l1))


def derivatives(w, l1, mu):
    """Gradient (q,), and a root (q, q) of the second derivatives of a barrier."""
    norm = np.sqrt(np.sum(w**2))
    s = np.sqrt(mu**2 + (l1 * norm) ** 2)
    t = (mu + s) / l1
    root = np.eye(len(w), dtype=WIDE)
    if norm > 0:
        root += (np.sqrt(mu / s) - 1) * np.multiply.outer(w / norm, w / norm)
    return l1 * w / t, np.sqrt(l1 / t) * root
