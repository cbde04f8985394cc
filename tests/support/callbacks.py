"""Histories, callbacks that raise, and how several fits are made at once."""

import numpy as np

from fastlr import Progress


def history(gaps, times=None, target=1e-6):
    """Points of a fit with these gaps, one a second unless times are given."""
    times = range(len(gaps)) if times is None else times
    return [
        Progress(i, float(i), float(t), 1.0, gap, target, 1.0, 1)
        for i, (gap, t) in enumerate(zip(gaps, times, strict=True))
    ]


NAMES = np.array(["ant", "bee", "cat", "dog"])
#: How K separate fits are made: one by one, in lockstep, in lanes of the dual.
WAYS = [("newton_small", "C"), ("newton_cg", "C"), ("dual_coordinate_descent", "csr")]


def interrupt(progress):
    raise KeyboardInterrupt


def fail(progress):
    raise RuntimeError("from the callback")
