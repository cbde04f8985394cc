"""Comparisons of arrays: within a bound of rounding, and bit by bit."""

import numpy as np


def assert_within(actual, expected, magnitude, relative=1e-13):
    """|actual - expected| <= relative * magnitude: `magnitude` is the sum of the absolute terms of `expected`."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.all(np.isfinite(actual))
    excess = np.abs(actual - expected) - relative * np.abs(magnitude)
    assert np.all(excess <= 0.0), f"off by {np.abs(actual - expected).max()}"


def assert_same_bits(results):
    """All arrays (or tuples of arrays and numbers) of the list are equal bit by bit."""
    flat = [b"".join(np.asarray(part, dtype=float).tobytes() for part in np.atleast_1d(result)) for result in results]
    assert len(set(flat)) == 1
