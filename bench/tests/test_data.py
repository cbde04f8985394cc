"""Problems by name, and the cache that they are read from."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from bench.data import problems

pytestmark = pytest.mark.usefixtures("cache")


def test_problems_are_reproducible_and_cached():
    for name in ("toy-dense", "toy-text"):
        X, y = problems.load(name)
        again, labels = problems.load(name)
        made, made_labels = problems.GENERATED[name]()
        assert abs(X - again).max() == 0
        assert abs(X - made).max() == 0
        assert (y == labels).all()
        assert (y == made_labels).all()
        assert set(y) == {-1, 1}
        if sp.issparse(X):
            assert X.has_canonical_format
            assert X.indices.dtype == np.int32


def test_unknown_problem_is_named():
    with pytest.raises(ValueError, match="'nothing'"):
        problems.load("nothing")


def test_sizes_name_a_problem():
    assert problems.load("dense-70x6")[0].shape == (70, 6)
    assert problems.load("text-60x90x12")[0].shape == (60, 90)


def test_classes_are_numbered():
    X, y = problems.load_classes("toy")
    again, numbers = problems.load_classes("toy")
    assert (again == X).all()
    assert (y == numbers).all()
    assert set(y) == {0, 1, 2}
    assert y.dtype == np.int64
