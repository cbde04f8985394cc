"""The read bandwidth that kernels are measured against: NumPy reductions of a large array, one thread per CPU.

Run it as `python -m bench.micro.bandwidth`.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

PROBE_BYTES = 400_000_000
REDUCTIONS = (np.add.reduce, np.maximum.reduce)  # NumPy releases the interpreter's lock inside either


def read_bandwidth(n_threads: int | None = None, repeats: int = 10) -> float:
    """Bytes per second that this machine reads from memory.

    Parameters
    ----------
    n_threads : int, optional
        Threads that read at the same time; all available CPUs by default.
    repeats : int
        The best of so many readings by each reduction counts.

    Returns
    -------
    float
        Bytes per second.
    """
    n_threads = n_threads or available_cpus()
    array = np.ones(PROBE_BYTES // 8)
    parts = np.array_split(array, n_threads)
    best = float("inf")
    with ThreadPoolExecutor(n_threads) as threads:
        for reduction in REDUCTIONS * repeats:
            start = time.perf_counter()
            list(threads.map(reduction, parts))
            best = min(best, time.perf_counter() - start)
    return array.nbytes / best


def main() -> None:
    """Print the bandwidth of one thread, and of all CPUs."""
    argparse.ArgumentParser(prog="python -m bench.micro.bandwidth", description=__doc__.splitlines()[0]).parse_args()
    for count in sorted({1, available_cpus()}):
        print(f"{count} threads: {read_bandwidth(count) / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
