"""Peak memory of a fit, relative to the bytes of X: what a solver adds to the data that it was given.

    python -m bench.micro.memory [--problem text-400k-50k] [--penalty l2] [--peers fastlr,sklearn-newton-cg]

Each peer fits once in a process of its own.  What counts is the largest resident set during the fit minus the resident
set before it, which already holds X, the peer's preferred form of X and its libraries.  On Linux the kernel's
high-water mark is reset before the fit; elsewhere, or where that is not allowed, the maximum since the start stands in
for it, so that memory freed while X was loaded can hide some of what the fit takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

from bench import CHECKOUT  # noqa: E402
from bench.data.problems import PROBLEMS, load, nbytes  # noqa: E402
from bench.harness.peak_memory import peak_bytes, reset_peak  # noqa: E402
from bench.harness.race import make_race  # noqa: E402
from bench.harness.worker import describe  # noqa: E402
from bench.peers import OURS, PEERS  # noqa: E402

TOLERANCES = {OURS: 1e-6, "sklearn-newton-cg": 1e-5, "sklearn-lbfgs": 1e-5, "liblinear-s0-m": 1e-4}


def measure(problem: str, kind: str, value: float, name: str) -> dict:
    """Load, prepare, fit once; called in a fresh process."""
    X, y = load(problem)
    objective = make_race(problem, kind, value, fit_intercept=False).objective
    peer = PEERS[name]()
    if refusal := peer.refusal(X, objective):
        return {"note": refusal}
    try:
        reset_peak()
        loaded = peak_bytes()
        peer.prepare(X, y, objective, available_cpus())
        prepared = peak_bytes()
        reset_peak()
        before = peak_bytes()
        coef, intercept = peer.fit(TOLERANCES.get(name, 1e-4))
        after = peak_bytes()
        peer.close()
    except Exception as error:  # one peer's failure is a line of the table
        return {"note": describe(error)}
    reached = objective.value(X, y, coef, intercept)
    return {"x": nbytes(X), "prepared": prepared - loaded, "fit": after - before, "objective": reached}


def in_fresh_process(options: argparse.Namespace, name: str) -> dict:
    """Run `measure` in a new interpreter."""
    command = [sys.executable, "-m", "bench.micro.memory", "--problem", options.problem, "--penalty", options.penalty]
    command += ["--value", str(options.value), "--peers", name, "--in-process"]
    finished = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode:
        return {"note": f"exit status {finished.returncode}"}
    return json.loads(finished.stdout.splitlines()[-1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.micro.memory", description=__doc__.splitlines()[0])
    parser.add_argument("--problem", default="text-400k-50k", choices=list(PROBLEMS))
    parser.add_argument("--penalty", default="l2", choices=["l2", "l1", "enet", "none"])
    parser.add_argument("--value", type=float, default=1.0, help="C for l2, the divisor of lambda_max otherwise")
    parser.add_argument("--peers", default=",".join(TOLERANCES))
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_process:
        print(json.dumps(measure(options.problem, options.penalty, options.value, options.peers)))
        return
    load(options.problem)
    print(f"{'peer':<25}{'X MB':>8}{'prepared MB':>13}{'fit MB':>9}{'fit / X':>9}")
    for name in options.peers.split(","):
        found = in_fresh_process(options, name)
        if "note" in found:
            print(f"{name:<25}{found['note']}")
            continue
        sizes = found["x"] / 1e6, found["prepared"] / 1e6, found["fit"] / 1e6, found["fit"] / found["x"]
        print(f"{name:<25}{sizes[0]:>8.0f}{sizes[1]:>13.0f}{sizes[2]:>9.0f}{sizes[3]:>9.3f}", flush=True)


if __name__ == "__main__":
    main()
