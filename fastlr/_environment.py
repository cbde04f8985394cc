"""What the process may use: CPU level and threads.  The one module that reads the environment."""

import math
import os
import threading
import time
from contextlib import contextmanager
from functools import lru_cache

CPU_LEVELS = {"baseline": 0, "v3": 3, "v4": 4}

_forked = False


def _note_fork() -> None:
    """A forked child keeps one thread: libgomp's other threads did not survive the fork, and it would wait for them."""
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


@contextmanager
def short_waits():
    """While OpenMP is loaded: threads that wait for others spin for microseconds, then sleep.

    libgomp reads the length of its spinning only then, and spins for a long time by default.  On cores shared with
    other processes that lets a waiting thread burn the time slice its partner needs (measured with both cores held by
    other processes: a fit of 20 ms took 1.0 s by default, 0.2 s with short waits).  What the user has set is kept.
    """
    if any(os.environ.get(name) for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")):
        yield
        return
    os.environ["GOMP_SPINCOUNT"] = "2000"
    try:
        yield
    finally:
        del os.environ["GOMP_SPINCOUNT"]


def choose_cpu_level(supported: int, built: list[str]) -> str:
    """The name of the kernel build to load: FASTLR_CPU if set, else the highest that this processor supports.

    Parameters
    ----------
    supported : int
        What the processor can run: 0, 3 or 4.
    built : list of str
        Names of the builds at hand, a subset of CPU_LEVELS.

    Raises
    ------
    ImportError
        If FASTLR_CPU names no build, or one that this processor cannot run; if it can run none.
    """
    usable = [name for name in built if CPU_LEVELS[name] <= supported]
    if not usable:
        raise ImportError(
            f"fastlr was built for {', '.join(built)} alone, which this processor cannot run: build it here, or with "
            "FASTLR_LEVELS=all"
        )
    wanted = os.environ.get("FASTLR_CPU")
    if not wanted:
        return max(usable, key=CPU_LEVELS.__getitem__)
    if wanted not in usable:
        raise ImportError(f"FASTLR_CPU={wanted!r}: expected one of {usable} on this machine")
    return wanted


def _cgroup_limit() -> int | None:
    """CPUs granted by the control group (cpu.max or cfs quota), or None."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()[:2]
    except (OSError, ValueError):
        try:
            with open("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") as quota_file:
                quota = quota_file.read().strip()
            with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as period_file:
                period = period_file.read().strip()
        except OSError:
            return None
    if quota in ("max", "-1"):
        return None
    return max(1, math.ceil(int(quota) / int(period)))


@lru_cache(maxsize=1)
def _cgroup_limit_in(second: int) -> int | None:
    """The limit as first read in this second: reading it takes as long as a small fit."""
    return _cgroup_limit()


def available_cpus() -> int:
    """CPUs this process may use: affinity, control group, OMP_NUM_THREADS (how loky tells workers their share)."""
    affinity = getattr(os, "sched_getaffinity", None)
    limits = [len(affinity(0)) if affinity else os.cpu_count() or 1, _cgroup_limit_in(int(time.monotonic()))]
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if wanted.isdigit() and int(wanted) > 0:
        limits.append(int(wanted))
    return min(limit for limit in limits if limit)


@contextmanager
def blas_threads(n_threads: int):
    """While NumPy's linear algebra is called: so many threads for BLAS and LAPACK, whose own default is all CPUs."""
    from threadpoolctl import threadpool_limits  # looks for libraries, which takes a millisecond

    with threadpool_limits(limits=n_threads, user_api="blas"):
        yield


def resolve_threads(n_threads: int | None) -> int:
    """The number of threads for one fit.

    None means all CPUs this process may use in the main thread, and one in any other thread.  Negative numbers count
    back from all CPUs, as in joblib (-1 is all).  In a forked child it is always one.
    """
    if _forked:
        return 1
    if n_threads is None:
        return available_cpus() if threading.current_thread() is threading.main_thread() else 1
    if n_threads < 0:
        return max(1, available_cpus() + 1 + n_threads)
    return n_threads
