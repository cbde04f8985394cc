"""Fits while other processes want the same cores: one that is always busy on each CPU, against the same fit without.

python -m bench.micro.shared_cores

With fair sharing a fit takes twice its quiet time.  What it takes beyond that is waiting: a thread that has lost its
core holds up all that meet it at the end of a parallel loop.  The goal is a factor of at most 3.  Needs a machine that
does nothing else, or the quiet time is none.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.harness.environment import clear_blas_overrides, machine_info

clear_blas_overrides()

from bench.data.problems import load  # noqa: E402
from bench.harness.penalty import make_penalty  # noqa: E402
from bench.harness.timing import seconds_of  # noqa: E402

#: Problem, penalty, and C or the divisor of lambda_max.
CASES = (("text-20k-47k", "l2", 1.0), ("dense-500k-50", "l2", 1.0), ("text-20k-47k", "l1", 10.0))
ROUNDS = 5
GOAL = 3.0
BUSY = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])}); print(flush=True)\nwhile True: pass"


@contextmanager
def busy_cores() -> Iterator[None]:
    """One process in an endless loop on each CPU that this process may use."""
    processes = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(cpu)], stdout=subprocess.PIPE)
        for cpu in sorted(os.sched_getaffinity(0))
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()  # it is running
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def median_time(fit) -> float:
    """Median seconds of ROUNDS fits, after one that does not count."""
    times = []
    for _ in range(ROUNDS + 1):
        times.append(seconds_of(fit))
    return statistics.median(times[1:])


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.micro.shared_cores", description=__doc__.splitlines()[0]).parse_args()
    from fastlr import fit_logistic

    info = machine_info()
    print(f"{info['cpu']}, {info['cpus']} CPUs, settings {info['settings']}")
    print(f"{'problem':<15}{'penalty':<9}{'quiet ms':>10}{'shared ms':>11}{'ratio':>7}  goal {GOAL:g}")
    for problem, kind, value in CASES:
        X, y = load(problem)
        penalty = make_penalty(X, y, kind, value, fit_intercept=False)
        options = {"l2": penalty.l2, "l1": penalty.l1}

        def fit(X=X, y=y, options=options):
            return fit_logistic(X, y, fit_intercept=False, **options)

        quiet = median_time(fit)
        with busy_cores():
            shared = median_time(fit)
        ratio = shared / quiet
        met = "met" if ratio <= GOAL else "missed"
        print(f"{problem:<15}{kind:<9}{1e3 * quiet:>10.1f}{1e3 * shared:>11.1f}{ratio:>7.2f}  {met}", flush=True)


if __name__ == "__main__":
    main()
