"""Race fastlr against its peers on one problem: time to a relative suboptimality, the objective taken by the harness.

Run it as `python -m bench.race --problem text-20k-47k --penalty l2 --C 1` or `python -m bench.race --selection quick`.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

from bench import RESULTS  # noqa: E402
from bench.data import problems  # noqa: E402
from bench.harness import plots, record  # noqa: E402
from bench.harness.competition import compete  # noqa: E402
from bench.harness.race import Limits, Race, make_race  # noqa: E402
from bench.peers import OURS, PEERS  # noqa: E402

VARIANTS = (("l2", 1.0), ("l1", 10.0), ("l1", 20.0), ("l1", 100.0), ("enet", 20.0))  # where no penalty is named
QUICK = Limits(repeats=3, steps_per_decade=1, budget=6.0, run_limit=15.0)
QUICK_SELECTION = (
    ("text-20k-47k", "l2", 1.0, False, ("sklearn-newton-cg", "liblinear-s0-m", "liblinear-s7", "snapml-dual")),
    ("text-20k-47k", "l1", 20.0, True, ("liblinear-s6", "skglm-pn", "glmnet")),
    ("dense-500k-50", "l2", 1.0, True, ("sklearn-newton-cholesky", "sklearn-lbfgs", "glum")),
    ("dense-2k-10k", "l1", 20.0, False, ("skglm-pn", "celer-pn", "snapml-primal")),
)
QUICK_SECONDS = 300.0


def run_race(race: Race, names: Iterable[str], limits: Limits, deadline: float, folder: Path) -> None:
    """Run one race, write its record and (where matplotlib is installed) its plot, print its table."""
    print(f"{race.name}", flush=True)
    found = compete(race, names, limits, deadline)
    record.write_json(found, folder)
    try:
        plots.plot_race(found, folder / f"{race.name}.png")
    except ImportError:
        print("  no plot: matplotlib is not installed")
    print(record.table(found), flush=True)


def quick_selection(folder: Path) -> None:
    """Four races in about five minutes; each gets its share of what is left."""
    end = time.monotonic() + QUICK_SECONDS
    for position, (problem, kind, value, fit_intercept, peers) in enumerate(QUICK_SELECTION):
        race = make_race(problem, kind, value, fit_intercept)
        now = time.monotonic()
        deadline = now + (end - now) / (len(QUICK_SELECTION) - position)
        run_race(race, (OURS, *peers), QUICK, deadline, folder)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.race", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--problem", help=f"sizes (dense-3000x50) or one of {', '.join(problems.PROBLEMS)}")
    what.add_argument("--selection", choices=["quick"], help="a fixed selection of about five minutes")
    parser.add_argument("--penalty", choices=["l2", "l1", "enet", "none"], help="default: all variants in turn")
    parser.add_argument("--C", type=float, default=1.0, help="inverse strength for l2, as in scikit-learn")
    parser.add_argument("--divisor", type=float, default=20.0, help="l1 = lambda_max / divisor, for l1 and enet")
    parser.add_argument("--l1-ratio", type=float, default=0.5, help="for enet")
    parser.add_argument("--intercept", action="store_true", help="with an unpenalised intercept")
    parser.add_argument("--peers", help=f"comma-separated, default all: {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help="fewer tolerances and a budget of seconds per peer")
    parser.add_argument("--repeats", type=int, help="thorough runs of a promising tolerance")
    parser.add_argument("--budget", type=float, help="seconds of fitting per peer")
    parser.add_argument("--run-limit", type=float, help="seconds after which a single fit is killed")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the JSON files and plots")
    options = parser.parse_args(arguments)
    options.peers = options.peers.split(",") if options.peers else list(PEERS)
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    if options.problem:
        try:
            problems.maker(options.problem)
        except ValueError as error:
            parser.error(str(error))
    return options


def main(arguments: list[str] | None = None) -> None:
    """Run the races that the command line asks for."""
    options = parse(arguments)
    if options.selection:
        quick_selection(options.out)
        return
    changes = {key: getattr(options, key) for key in ("repeats", "budget", "run_limit")}
    limits = dataclasses.replace(
        QUICK if options.quick else Limits(), **{key: value for key, value in changes.items() if value is not None}
    )
    value = options.C if options.penalty == "l2" else options.divisor
    variants = ((options.penalty, value),) if options.penalty else VARIANTS
    for kind, value in variants:
        race = make_race(options.problem, kind, value, options.intercept, options.l1_ratio)
        run_race(race, options.peers, limits, float("inf"), options.out)


if __name__ == "__main__":
    main()
