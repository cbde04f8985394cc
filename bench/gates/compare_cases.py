"""The selection of bench.compare, and the process that measures one case: `python -m bench.gates.compare_cases <case>`.

The process makes one call and prints a line of JSON: the package it imported, and what that call took besides time.
Each line that it reads then is answered by one with the seconds of a call.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench.data.generated import class_numbers  # noqa: E402
from bench.data.problems import load  # noqa: E402
from bench.harness.peak_memory import peak_bytes, reset_peak  # noqa: E402
from bench.harness.penalty import make_penalty  # noqa: E402

TOL = 1e-6
SHORT = 0.02  # seconds: calls that take less are repeated for so long, and the shortest counts


@dataclass(frozen=True)
class Case:
    """A problem, and the call on it that is measured.

    Attributes
    ----------
    problem : str
        As `bench.data.problems.load` takes it.
    prepare : callable
        (X, y) -> a function without arguments, which is measured.
    """

    problem: str
    prepare: Callable[[object, np.ndarray], Callable[[], object]]


def fit(kind: str, value: float, **arguments) -> Callable:
    """A fit of two classes with intercept through the functional entry."""

    def prepare(X, y):
        from fastlr import fit_logistic

        penalty = make_penalty(X, y, kind, value, True)
        return lambda: fit_logistic(X, y, l1=penalty.l1, l2=penalty.l2, tol=TOL, **arguments)

    return prepare


def softmax(K: int, **arguments) -> Callable:
    """A softmax of K classes with intercepts; C = 1 if no strength is given."""

    def prepare(X, y):
        from fastlr import fit_softmax

        numbers, strengths = class_numbers(X, K), arguments or {"l2": 1 / len(y)}
        return lambda: fit_softmax(X, numbers, K, tol=TOL, **strengths)

    return prepare


def one_vs_rest(K: int, **arguments) -> Callable:
    """K fits of one class against the rest; C = 1 if no strength is given."""

    def prepare(X, y):
        from fastlr import fit_one_vs_rest

        numbers, strengths = class_numbers(X, K), arguments or {"l2": 1 / len(y)}
        return lambda: fit_one_vs_rest(X, numbers, K, tol=TOL, **strengths)

    return prepare


def predict(X, y):
    """Probabilities of all rows from a model of a few of them."""
    from fastlr import LogisticRegression

    model = LogisticRegression().fit(X[:2000], y[:2000])
    return lambda: model.predict_proba(X)


def predict_classes(X, y):
    """Probabilities of ten classes for all rows, from a model of a few of them."""
    from fastlr import LogisticRegression

    model = LogisticRegression(tol=1e-3).fit(X[:2000], class_numbers(X[:2000], 10))
    return lambda: model.predict_proba(X)


TABLE, TEXT = "one-hot-100000x20x200", "text-6000x30000x60"
CASES = {
    "dense L2": Case("dense-100000x50", fit("l2", 1.0)),
    "sparse L2": Case("text-20k-47k", fit("l2", 1.0)),  # the dual
    "sparse Newton": Case("text-20k-47k", fit("l2", 1.0, solver="newton_cg")),
    "wide L2": Case("text-5000x300000x200", fit("l2", 1.0)),  # the dual, columns renumbered
    "dual, dense": Case("dense-2000x600", fit("l2", 1.0, solver="dual_coordinate_descent")),
    "sparse L1": Case("text-20k-47k", fit("l1", 20.0)),
    "wide L1": Case("text-5000x300000x200", fit("l1", 20.0)),
    "dense L1": Case("dense-1000x4000", fit("l1", 20.0)),
    "elastic net": Case("text-20k-47k", fit("enet", 20.0)),
    "one-hot L2": Case(TABLE, fit("l2", 1.0)),
    "one-hot L1": Case(TABLE, fit("l1", 20.0)),
    "bounds L2": Case("dense-2000x600", fit("l2", 1.0, bounds=(0.0, None))),
    "bounds L1": Case("dense-2000x600", fit("l1", 20.0, bounds=(0.0, None))),
    "softmax": Case("dense-20000x100", softmax(10)),
    "softmax text": Case(TEXT, softmax(10)),
    "softmax L1": Case(TEXT, softmax(10, l1=2e-4)),
    "softmax group": Case("dense-5000x60", softmax(5, l1=1e-2, group_penalty=True)),
    "ovr dual": Case(TEXT, one_vs_rest(10)),
    "ovr lockstep": Case("dense-20000x100", one_vs_rest(10)),
    "ovr L1": Case(TEXT, one_vs_rest(10, l1=2e-4)),
    "small fit": Case("dense-200x5", fit("l2", 1.0)),
    "predict": Case("dense-500000x20", predict),
    "predict 10": Case("dense-100000x50", predict_classes),
}


def first_call(call: Callable[[], object]) -> dict[str, float]:
    """Peak memory of a call; the sum of the passes of its fits, and the most bytes that one of them copied."""
    reset_peak()
    before = peak_bytes()
    result = call()
    found = {"memory": float(peak_bytes() - before)}
    results = result if isinstance(result, tuple) else (result,)
    if hasattr(results[0], "n_passes"):
        found["passes"] = float(sum(each.n_passes for each in results))
        found["copied_bytes"] = float(max(each.copied_bytes for each in results))
    return found


def seconds(call: Callable[[], object]) -> float:
    """Seconds of one call, or of the shortest of as many as fit into SHORT."""
    shortest, end = float("inf"), time.perf_counter() + SHORT
    while shortest == float("inf") or time.perf_counter() < end:
        began = time.perf_counter()
        call()
        shortest = min(shortest, time.perf_counter() - began)
    return shortest


def main() -> None:
    """Measure one case: one call for each line that is read."""
    parser = argparse.ArgumentParser(prog="python -m bench.gates.compare_cases", description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    case = CASES[parser.parse_args().case]
    call = case.prepare(*load(case.problem))
    found = first_call(call)
    import fastlr

    print(json.dumps({**found, "package": str(Path(fastlr.__file__).parent)}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(seconds(call)), flush=True)


if __name__ == "__main__":
    main()
