"""The main job, beside scikit-learn: two data sets that it ships, a generated one-hot table, a generated text.

    python -m bench.demo

Both libraries get the same arrays and the same objective, and each stops at the loosest tolerance of a common ladder
that brings it within 1e-6 of the optimum, relative to it.  Suboptimality is computed here, in NumPy, from the
coefficients, against a fit at tol = 1e-11.  Both are warm: threads have started and the same fit has been made before.
Short fits are repeated in turn and the shortest counts.  scikit-learn runs the fastest of the solvers tried; where one
is named, the others took longer.  No intercept, because its liblinear would penalise it.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
import sklearn  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression  # noqa: E402

import fastlr  # noqa: E402
from bench.data.generated import dense, one_hot, text  # noqa: E402
from bench.data.sklearn_sets import breast_cancer, digits  # noqa: E402
from bench.harness.penalty import Penalty  # noqa: E402
from bench.harness.two_classes import objective  # noqa: E402

TARGET, TIGHT = 1e-6, 1e-11
TOLERANCES = [10 ** (-half / 2) for half in range(2, 21)]
LONG, TOGETHER = 1.0, 0.4  # seconds of a round of fits that is not repeated, and for how long others are
SMOOTH = ("newton-cholesky", "newton-cg", "lbfgs", "liblinear")
READ_ON = "Read on: README.md, docs/guide.md (use), docs/benchmarks/ (races); `make docs` builds the pages."


@dataclass(frozen=True)
class Problem:
    """A fit that both libraries make.

    Attributes
    ----------
    X, y :
        The data, y in {-1, +1}.
    penalty : Penalty
        L2 or L1.
    solvers : tuple of str
        scikit-learn's, of which the fastest counts.
    loosest : float
        The tolerance that ladders begin at: looser ones are known to fall short.
    """

    X: object
    y: np.ndarray
    penalty: Penalty
    solvers: tuple[str, ...]
    loosest: float

    def model(self, estimator: Callable, tol: float, **options):
        """An estimator of either library for this problem; not fitted."""
        return estimator(
            C=self.penalty.inverse_strength(len(self.y)),
            l1_ratio=self.penalty.l1_ratio,
            tol=tol,
            fit_intercept=False,
            max_iter=2000,
            random_state=0,
            **options,
        )

    def objective(self, model) -> float:
        """The objective at the coefficients of a fitted model."""
        return objective(self.X, self.y, model.coef_[0], 0.0, self.penalty)


@dataclass
class Entry:
    """One library's fit at the tolerance that was enough, or None where none was."""

    solver: str
    fit: Callable
    model: object
    seconds: float
    excess: float


def enter(problem: Problem, make: Callable, solver: str, least: float) -> Entry | None:
    """The fit at the loosest tolerance that reaches the target; None where none does."""
    for tol in (tol for tol in TOLERANCES if tol <= problem.loosest):
        fit = partial(_fit, problem, make, tol)
        model, seconds = timed(fit)
        excess = problem.objective(model) / least - 1.0
        if excess <= TARGET:
            return Entry(solver, fit, model, seconds, excess)
    return None


def _fit(problem: Problem, make: Callable, tol: float):
    return make(tol).fit(problem.X, problem.y)


def timed(fit: Callable) -> tuple[object, float]:
    """(what the call returns, its seconds)."""
    began = time.perf_counter()
    model = fit()
    return model, time.perf_counter() - began


def race(problem: Problem) -> tuple[Entry | None, Entry | None]:
    """Our entry and scikit-learn's best; the seconds of short fits are the least of several in turn."""
    make = partial(problem.model, fastlr.LogisticRegression)
    least = problem.objective(_fit(problem, make, TIGHT))
    ours = enter(problem, make, "", least)
    found = []
    for solver in problem.solvers:
        theirs = enter(problem, partial(problem.model, SklearnLogisticRegression, solver=solver), solver, least)
        found += [theirs] if theirs else []
    entries = [entry for entry in (ours, *found) if entry]
    if sum(entry.seconds for entry in entries) < LONG:
        repeat(entries)
    return ours, min(found, key=lambda entry: entry.seconds, default=None)


def repeat(entries: list[Entry]) -> None:
    """Make the fits again in turn, at least once, and keep the shortest time of each."""
    end = time.perf_counter() + TOGETHER
    while time.perf_counter() < end:
        for entry in entries:
            _, seconds = timed(entry.fit)
            entry.seconds = min(entry.seconds, seconds)


def line(problem: Problem, ours: Entry | None, theirs: Entry | None) -> str:
    """One row of the table."""
    kind = problem.penalty.label
    if ours is None or theirs is None:
        late = " and ".join(name for name, entry in (("fastlr", ours), ("scikit-learn", theirs)) if entry is None)
        return f"  {kind}: {late} did not come within {TARGET:g}"
    result = ours.model.result_
    counts = [f"{np.count_nonzero(entry.model.coef_):,d}" for entry in (ours, theirs)]
    return (
        f"  {kind}: {result.solver}, {theirs.solver}".ljust(41)
        + f"{ours.seconds:>9.4f}{theirs.seconds:>9.4f}{theirs.seconds / ours.seconds:>7.1f}"
        + f"{max(ours.excess, 0.0):>10.0e}{max(theirs.excess, 0.0):>8.0e}"
        + f"{result.duality_gap / result.objective:>10.0e}{result.n_passes:>8.1f}{' / '.join(counts):>18}"
    )


HEADER = (
    f"{'':<41}{'seconds':>18}{'':>7}{'suboptimality':>18}{'certified':>10}{'':>8}{'coefficients':>18}\n"
    f"{'':<41}{'fastlr':>9}{'sklearn':>9}{'ratio':>7}{'fastlr':>10}{'sklearn':>8}{'by fastlr':>10}{'passes':>8}"
    f"{'not zero':>18}"
)


def data() -> Iterator[tuple[str, object, np.ndarray]]:
    """(title, X, y), the short ones first."""
    X, y = breast_cancer()
    yield "breast cancer, standardised", X, np.where(y, 1.0, -1.0)
    X, y = digits()
    yield "digits, zero against the rest", X, np.where(y == 0, 1.0, -1.0)
    yield "20 categorical columns, one-hot (CSR, generated)", *one_hot(100_000, 20, 200)
    yield "text (CSR, generated)", *text(100_000, 50_000, 60, seed=2)


def problems() -> Iterator[tuple[str, tuple[Problem, Problem]]]:
    """(title, the same data under L2 with C = 1 and under L1 at a tenth of its largest useful strength)."""
    ways = ((SMOOTH, 1e-2, 1e-2), (SMOOTH, 1e-2, 1e-2), (("newton-cg",), 1e-3, 1e-1), (("newton-cg",), 1e-4, 1e-2))
    for (title, X, y), (solvers, loosest_l2, loosest_l1) in zip(data(), ways, strict=True):
        n, p = X.shape
        strongest = np.abs(X.T @ y).max() / (2 * n)
        yield (
            f"{title}, {n:,} x {p:,}",
            (
                Problem(X, y, Penalty(1.0 / n, 0.0, "L2"), solvers, loosest_l2),
                Problem(X, y, Penalty(0.0, strongest / 10, "L1"), ("liblinear",), loosest_l1),
            ),
        )


def warm_up() -> None:
    """Start the threads of both libraries."""
    X, y = dense(20_000, 10)
    race(Problem(X, y, Penalty(1e-4, 0.0, "L2"), SMOOTH, 1e-2))


def main() -> None:
    """Fit every problem with each library and print a table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of tolerances that are too tight for a solver
    print(f"fastlr {fastlr.__version__} and scikit-learn {sklearn.__version__}, {available_cpus()} CPUs: seconds")
    print(f"of a warm fit that ends within {TARGET:g} of the optimum, relative to it (L2: C = 1; no intercept)\n")
    print(HEADER, flush=True)
    warm_up()
    for title, both in problems():
        print(title, flush=True)
        for problem in both:
            print(line(problem, *race(problem)), flush=True)
    print(f"\n{READ_ON}")


if __name__ == "__main__":
    main()
