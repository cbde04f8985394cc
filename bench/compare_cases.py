"""The selection of bench.compare, and the process that measures one case: `python -m bench.compare_cases <case>`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench.kernels import best_time  # noqa: E402
from bench.memory import peak_bytes, reset_peak  # noqa: E402
from bench.problems import load, make_penalty  # noqa: E402

TOL = 1e-6


@dataclass(frozen=True)
class Case:
    """A problem, and what is done with it.

    Attributes
    ----------
    problem : str
        As `problems.load` takes it.
    prepare : callable
        (X, y) -> a function without arguments, which is measured.
    """

    problem: str
    prepare: Callable[[object, np.ndarray], Callable[[], object]]


def fit(kind: str, value: float) -> Callable:
    """A fit with intercept through the functional entry."""

    def prepare(X, y):
        from fastlr import fit_logistic

        penalty = make_penalty(X, y, kind, value, True)
        return lambda: fit_logistic(X, y, l1=penalty.l1, l2=penalty.l2, tol=TOL)

    return prepare


def predict(X, y):
    """Probabilities of all rows from a model of a few of them."""
    from fastlr import LogisticRegression

    model = LogisticRegression().fit(X[:2000], y[:2000])
    return lambda: model.predict_proba(X)


CASES = {
    "dense L2": Case("dense-100000x50", fit("l2", 1.0)),
    "sparse L2": Case("text-20k-47k", fit("l2", 1.0)),
    "sparse L1": Case("text-20k-47k", fit("l1", 20.0)),
    "wide L1": Case("text-5000x300000x200", fit("l1", 20.0)),
    "dense L1": Case("dense-1000x4000", fit("l1", 20.0)),
    "small fit": Case("dense-200x5", fit("l2", 1.0)),
    "predict": Case("dense-500000x20", predict),
}


def measure(case: Case) -> dict[str, float]:
    """Peak memory of the first call, shortest of the calls that fit into a second; passes and copies of a fit."""
    call = case.prepare(*load(case.problem))
    reset_peak()
    before = peak_bytes()
    result = call()
    found = {"memory": float(peak_bytes() - before)}
    if hasattr(result, "n_passes"):
        found |= {"passes": float(result.n_passes), "copied_bytes": float(result.copied_bytes)}
    del result
    return {"seconds": best_time(call), **found}


def main() -> None:
    """Measure one case and print it as JSON, with the package that was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare_cases", description=__doc__.splitlines()[0])
    parser.add_argument("case", choices=CASES)
    found = measure(CASES[parser.parse_args().case])
    import fastlr

    print(json.dumps({**found, "package": str(Path(fastlr.__file__).parent)}))


if __name__ == "__main__":
    main()
