"""How the time of a fit grows: with rows, columns, entries, strength and threads, beside a few peers.

    python -m bench.micro.scaling [--only rows,strength]

Every point is a small race (bench.race) to a relative suboptimality of 1e-6.  Records and plots go to
`results/scaling-*`.  Besides, the time of one pass of ours over sparse X, which is to grow like the entries.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.harness.environment import available_cpus, clear_blas_overrides, machine_info

clear_blas_overrides()

import numpy as np  # noqa: E402

from bench import RESULTS  # noqa: E402
from bench.data.problems import load  # noqa: E402
from bench.harness.competition import compete  # noqa: E402
from bench.harness.plots import without_display  # noqa: E402
from bench.harness.race import Limits, Race, make_race  # noqa: E402
from bench.harness.timing import shortest  # noqa: E402
from bench.peers import OURS  # noqa: E402

TARGET = "1e-06"
LIMITS = Limits(repeats=1, steps_per_decade=1, budget=2.5, run_limit=6.0)
DENSE_PEERS = ("sklearn-lbfgs", "sklearn-newton-cholesky", "liblinear-s0-m")
TEXT_PEERS = ("sklearn-newton-cg", "liblinear-s0-m", "liblinear-s7", "snapml-dual")


@dataclass(frozen=True)
class Sweep:
    """Races that differ in one quantity.

    Attributes
    ----------
    axis : str
        What the quantity is.
    values : tuple of float
        Its values.
    race : callable
        From a value to its race.
    peers : tuple of str
        Who is beside us.
    """

    axis: str
    values: tuple[float, ...]
    race: Callable[[float], Race]
    peers: tuple[str, ...]


def _l2(problem: str, C: float = 1.0) -> Race:
    return make_race(problem, "l2", C, False)


def _threads(count: float) -> Race:
    return dataclasses.replace(_l2("text-100000x50000x60"), n_threads=int(count))


SWEEPS = {
    "rows": Sweep(
        "rows (dense, 50 columns)",
        (1_000, 4_000, 16_000, 64_000, 256_000),
        lambda n: _l2(f"dense-{n}x50"),
        DENSE_PEERS,
    ),
    "columns": Sweep(
        "columns (dense, 10,000 rows)", (10, 40, 160, 640, 2_000), lambda p: _l2(f"dense-10000x{p}"), DENSE_PEERS
    ),
    "entries": Sweep(
        "entries a row (text, 20,000 x 50,000)",
        (8, 32, 128, 512),
        lambda entries: _l2(f"text-20000x50000x{entries}"),
        TEXT_PEERS,
    ),
    "strength": Sweep(
        "C (text, 20,242 x 47,236)", (0.01, 0.1, 1.0, 10.0, 100.0), lambda C: _l2("text-20k-47k", C), TEXT_PEERS
    ),
    "threads": Sweep("threads (text, 100,000 x 50,000)", tuple(range(1, available_cpus() + 1)), _threads, TEXT_PEERS),
}
PASS_ROWS = (2_000, 8_000, 32_000, 128_000, 400_000)


def climb(sweep: Sweep) -> dict:
    """Seconds of everyone in a race at each value; None where the target was not reached within the limits."""
    times: dict[str, list[float | None]] = {name: [] for name in (OURS, *sweep.peers)}
    for value in sweep.values:
        record = compete(sweep.race(value), times, LIMITS, float("inf"))
        for name, seconds in times.items():
            seconds.append(record["peers"][name]["times"][TARGET])
        shown = (f"{name} {seconds[-1]:.3g}" for name, seconds in times.items() if seconds[-1] is not None)
        print(f"  {value:g}: {', '.join(shown)}", flush=True)
    return {"axis": sweep.axis, "values": sweep.values, "seconds": times}


def passes() -> dict:
    """Time per pass of L2 fits of text with 50,000 columns and more and more rows, and its growth."""
    from fastlr import fit_logistic

    entries, per_pass = [], []
    for n in PASS_ROWS:
        X, y = load(f"text-{n}x50000x60")
        arguments = {"l2": 1 / n, "fit_intercept": False, "n_threads": available_cpus()}
        result = fit_logistic(X, y, **arguments)
        seconds = shortest(lambda X=X, y=y, arguments=arguments: fit_logistic(X, y, **arguments))
        entries.append(int(X.nnz))
        per_pass.append(seconds / result.n_passes)
    exponent, residual = growth(entries, per_pass)
    print(f"  time per pass grows like entries^{exponent:.2f}, within {residual:.0%}", flush=True)
    found = {"exponent": exponent, "largest_residual": residual}
    return {"axis": "entries (text, 50,000 columns)", "values": entries, "seconds": {OURS: per_pass}, **found}


def growth(sizes: list[float], seconds: list[float]) -> tuple[float, float]:
    """The exponent e of seconds = c sizes^e by least squares in logarithms, and the largest relative residual."""
    x, y = np.log(sizes), np.log(seconds)
    exponent, constant = np.polyfit(x, y, 1)
    return float(exponent), float(np.expm1(np.abs(y - exponent * x - constant).max()))


def plot(record: dict, title: str, file: Path) -> None:
    """Seconds against the quantity, both logarithmic, one line a peer."""
    pyplot = without_display()
    figure, axes = pyplot.subplots(figsize=(6, 4.5))
    for position, (name, seconds) in enumerate(record["seconds"].items()):
        style = {"color": "black", "linewidth": 2.5} if name == OURS else {}
        points = [(value, time) for value, time in zip(record["values"], seconds, strict=True) if time is not None]
        axes.loglog(*zip(*points, strict=True), marker="os^vD"[position % 5], markersize=4, label=name, **style)
    axes.set(xlabel=record["axis"], ylabel="seconds", title=title)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=100)
    pyplot.close(figure)


def main() -> None:
    """Run the sweeps, write their records and plots."""
    measured = {name: lambda sweep=sweep: climb(sweep) for name, sweep in SWEEPS.items()} | {"passes": passes}
    parser = argparse.ArgumentParser(prog="python -m bench.micro.scaling", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(measured), help="comma-separated, default: %(default)s")
    for name in parser.parse_args().only.split(","):
        print(name, flush=True)
        record = {"name": name, "machine": machine_info(), **measured[name]()}
        (RESULTS / f"scaling-{name}.json").write_text(json.dumps(record, indent=1) + "\n")
        title = "time per pass" if name == "passes" else "time to 1e-6, L2"
        plot(record, title, RESULTS / f"scaling-{name}.png")


if __name__ == "__main__":
    main()
