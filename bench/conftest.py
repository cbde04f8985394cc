"""Before any test module of this folder is imported.

`clear_blas_overrides` would start the process again, and pytest holds its output back: the variables go here, where
nothing is measured and the BLAS that is loaded may stay.
"""

import os

import pytest

from bench.harness.environment import BLAS_OVERRIDES

for name in BLAS_OVERRIDES:
    os.environ.pop(name, None)


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    """A cache folder that the tests share."""
    monkeypatch.setenv("FASTLR_BENCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
