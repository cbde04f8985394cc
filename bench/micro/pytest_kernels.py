"""The passes of bench.micro.kernels under pytest-benchmark: `python -m pytest bench/micro/pytest_kernels.py`.

extra_info holds GB/s and the share of the read bandwidth.  Its name keeps it out of the tests: it measures, on large
problems, and checks nothing.
"""

from __future__ import annotations

import pytest

from bench.harness.environment import available_cpus
from bench.micro import kernels
from bench.micro.bandwidth import read_bandwidth

pytest.importorskip("pytest_benchmark")
pytest.importorskip("fastlr.matrix")


@pytest.fixture(scope="module")
def limit() -> float:
    """Bytes per second that the machine reads."""
    return read_bandwidth()


@pytest.mark.parametrize("operation", kernels.OPERATIONS)
@pytest.mark.parametrize(("problem", "layout"), kernels.CASES)
def test_pass(benchmark, limit: float, problem: str, layout: str, operation: str) -> None:
    measured = kernels.make_pass(problem, layout, operation, available_cpus())
    benchmark.group = f"{operation}, {problem}"
    benchmark.pedantic(measured.call, rounds=20, warmup_rounds=2)
    rate = measured.bytes / benchmark.stats.stats.min
    benchmark.extra_info["GB/s"] = round(rate / 1e9, 2)
    benchmark.extra_info["share of read bandwidth"] = round(rate / limit, 3)
