"""All of our own solvers beside each other: suboptimality against seconds and against passes over X.

    python -m bench.micro.solvers [--only dense-l2,sparse-l1] [--limit 60]

Each solver runs once on each problem, with tol=0 until it ends by itself or the limit is over; its history gives the
whole curve.  The reference value is the lowest of all, a fit with tol=0 by "auto" among them.  Records and plots go to
`results/solvers/`.  With FASTLR_DATA the sparse problems are 20newsgroups, else generated text.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from bench.harness.environment import available_cpus, busy_share, clear_blas_overrides, machine_info

clear_blas_overrides()

from bench import RESULTS  # noqa: E402
from bench.data.problems import load  # noqa: E402
from bench.harness.optimum import relative  # noqa: E402
from bench.harness.penalty import make_penalty  # noqa: E402
from bench.harness.plots import FLOOR, mark_targets, without_display  # noqa: E402
from bench.harness.race import TARGETS  # noqa: E402
from bench.harness.record import write_json  # noqa: E402

RECORDS = RESULTS / "solvers"
LIMIT = 60.0  # seconds a solver may take
MOST = 1_000_000  # iterations
FLAT = 30.0  # seconds after which the reference fit is taken as it is


@dataclass(frozen=True)
class Case:
    """A problem with its penalty and bounds.

    Attributes
    ----------
    problem : str
        Its name in bench.data.problems.
    kind : {"l2", "l1"}
    value : float
        C, or the divisor of lambda_max.
    bounds : tuple or None
        For fit_logistic.
    """

    problem: str
    kind: str
    value: float
    bounds: tuple | None = None


def cases() -> dict[str, Case]:
    """The four problems by name."""
    sparse = "20newsgroups" if os.environ.get("FASTLR_DATA") else "text-20k-47k"
    return {
        "dense-l2": Case("dense-100000x50", "l2", 1.0),
        "sparse-l2": Case(sparse, "l2", 1.0),
        "sparse-l1": Case(sparse, "l1", 20.0),
        "nonnegative-l2": Case("dense-100000x50", "l2", 1.0, (0, None)),
    }


def able(X, penalty: str, has_bounds: bool, covers_all: bool) -> list[str]:
    """Names of the solvers that can fit this."""
    from fastlr.matrix import as_matrix
    from fastlr.penalties.elastic_net import ElasticNet
    from fastlr.solvers import SOLVERS

    matrix = as_matrix(X)
    strength = ElasticNet(1.0 if penalty == "l1" else 0.0, 1.0 if covers_all else 0.0, (X.shape[1], 1))
    return [
        name
        for name, spec in SOLVERS.items()
        if spec.handles(penalty, has_bounds) and not spec.obstacle(matrix, strength)
    ]


def measure(name: str, case: Case, limit: float) -> dict:
    """The record of one problem: the curve of every solver, the optimum, the machine."""
    from fastlr import fit_logistic

    X, y = load(case.problem)
    penalty = make_penalty(X, y, case.kind, case.value, True)
    arguments = {"l1": penalty.l1, "l2": penalty.l2, "bounds": case.bounds, "n_threads": available_cpus()}
    before = busy_share()
    fits = {}
    for solver in ("auto", *able(X, case.kind, case.bounds is not None, penalty.l2 > 0)):
        seconds = FLAT if solver == "auto" else limit
        fits[solver] = fit_logistic(X, y, solver=solver, tol=0.0, max_iter=MOST, time_limit=seconds, **arguments)
        last = fits[solver].history[-1]
        print(f"  {solver:<24}{last.elapsed:>8.2f} s{last.n_passes:>10.0f} passes  {last.objective:.15g}", flush=True)
    best = min(state.objective for fit in fits.values() for state in fit.history)
    bounds = [best - fit.objective + fit.duality_gap for fit in fits.values() if fit.duality_gap >= 0]
    del fits["auto"]
    return {
        "name": name,
        "date": datetime.date.today().isoformat(),
        "problem": {"name": case.problem, "rows": X.shape[0], "columns": X.shape[1], "entries": int(X.size)},
        "penalty": {**dataclasses.asdict(penalty), "bounds": case.bounds},
        "intercept": True,
        "optimum": {"objective": best, "gap": max(min(bounds), 0.0) if bounds else None},
        "limit": limit,
        "machine": {**machine_info(), "busy": [before, busy_share()]},
        "solvers": {solver: curve(fit, best) for solver, fit in fits.items()},
    }


def curve(fit, best: float) -> dict:
    """A fit's history: seconds, passes, relative suboptimality; where a target was first met."""
    values = [relative(state.objective, best) for state in fit.history]
    history = {
        "seconds": [float(f"{state.elapsed:.4g}") for state in fit.history],
        "passes": [float(f"{state.n_passes:.5g}") for state in fit.history],
        "suboptimality": [float(f"{max(value, 0.0):.3g}") for value in values],
    }
    first = {f"{target:g}": next((k for k, value in enumerate(values) if value <= target), None) for target in TARGETS}
    return {
        "status": fit.status.value,
        "iterations": fit.n_iter,
        "passes_to": {target: None if k is None else history["passes"][k] for target, k in first.items()},
        "seconds_to": {target: None if k is None else history["seconds"][k] for target, k in first.items()},
        **thinned(history),
    }


def thinned(history: dict[str, list[float]], most: int = 400) -> dict[str, list[float]]:
    """A history of at most about `most` points, denser where it begins; the last one stays."""
    n = len(history["seconds"])
    if n <= most:
        return history
    kept = sorted({round(n ** (k / (most - 1))) - 1 for k in range(most)} | {n - 1})
    return {name: [values[k] for k in kept] for name, values in history.items()}


def plot(record: dict, file: Path) -> None:
    """Suboptimality against seconds and against passes, all logarithmic, one line a solver."""
    pyplot = without_display()
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), sharey=True)
    colours = pyplot.get_cmap("tab20").colors
    for position, (name, found) in enumerate(record["solvers"].items()):
        values = [max(value, FLOOR) for value in found["suboptimality"]]
        for axis, quantity in zip(axes, ("seconds", "passes"), strict=True):
            axis.loglog(found[quantity], values, marker=".", markersize=4, color=colours[position % 20], label=name)
    for axis, quantity in zip(axes, ("seconds", "passes over X"), strict=True):
        axis.set(xlabel=quantity)
        mark_targets(axis, TARGETS)
    axes[0].set(ylabel="relative suboptimality")
    axes[1].legend(fontsize=8)
    shape = record["problem"]
    figure.suptitle(f"{record['name']}: {shape['name']} ({shape['rows']:,} x {shape['columns']:,})")
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def write(record: dict, folder: Path) -> None:
    """JSON with one line a solver; PNG and SVG where matplotlib is installed."""
    write_json(record, folder, rows="solvers")
    try:
        for kind in ("png", "svg"):
            plot(record, folder / f"{record['name']}.{kind}")
    except ImportError:
        print("  no plot: matplotlib is not installed")


def main() -> None:
    """Measure the problems, write their records and plots."""
    known = cases()
    parser = argparse.ArgumentParser(prog="python -m bench.micro.solvers", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(known), help="comma-separated, default: %(default)s")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a solver may take, default: %(default)s")
    options = parser.parse_args()
    for name in options.only.split(","):
        print(name, flush=True)
        write(measure(name, known[name], options.limit), RECORDS)


if __name__ == "__main__":
    main()
