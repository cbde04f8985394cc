"""The environment that a measurement runs in: cleared before it, recorded with it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time

BLAS_OVERRIDES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "FASTLR_CPU", "OMP_WAIT_POLICY")
DISTRIBUTIONS = (
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-learn-intelex",
    "liblinear-multicore",
    "snapml",
    "celer",
    "skglm",
    "glum",
    "tabmat",
    "fastlr-solver",
)


def clear_blas_overrides() -> None:
    """Remove the variables that slow OpenBLAS; start the process again if NumPy has already read them.

    OpenBLAS reads them when it is loaded, so removing them helps only before the first import of NumPy.
    """
    found = [name for name in BLAS_OVERRIDES if os.environ.pop(name, None) is not None]
    if found and "numpy" in sys.modules:
        os.execv(sys.executable, sys.orig_argv)


def available_cpus() -> int:
    """CPUs that this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def busy_share(seconds: float = 0.5) -> float | None:
    """The share of the machine's CPUs that others use while this process sleeps; None where Linux does not tell."""

    def ticks() -> tuple[int, int]:
        with open("/proc/stat") as file:
            counts = [int(count) for count in file.readline().split()[1:9]]
        return sum(counts), counts[3] + counts[4]  # all, and idle or waiting for a disk

    try:
        before = ticks()
        time.sleep(seconds)
        after = ticks()
    except OSError:
        return None
    passed = max(after[0] - before[0], 1)
    return round(1 - (after[1] - before[1]) / passed, 2)


def versions() -> dict[str, str]:
    """Installed versions of every library that takes part, the missing ones left out."""
    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def thread_pools() -> list[dict[str, object]]:
    """The BLAS and OpenMP libraries loaded in this process: kernel, version, threads (no file paths)."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    keep = ("internal_api", "version", "architecture", "threading_layer", "num_threads")
    return [{key: pool[key] for key in keep if pool.get(key) is not None} for pool in threadpool_info()]


def machine_info() -> dict[str, object]:
    """What a reader needs to judge the figures: processor, CPUs, system, versions, settings of threads."""
    return {
        "cpu": cpu_model(),
        "cpus": available_cpus(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
        "settings": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
    }
