"""Race fits of more than two classes: time until the objective is within 1e-6 of the least known.

Run it as `python -m bench.classes mnist --C 1`.  The harness and its rules are those of bench.race, but for this:
suboptimality is relative to the objective with all coefficients zero, and 1e-6 is the only target.
"""

from __future__ import annotations

import argparse

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

from bench.data.class_sets import CLASS_SETS  # noqa: E402
from bench.harness import record  # noqa: E402
from bench.harness.competition import compete  # noqa: E402
from bench.harness.race import Limits, make_class_race  # noqa: E402
from bench.peers import OURS, PEERS  # noqa: E402
from bench.tables.class_table import RECORDS  # noqa: E402

TARGET = 1e-6
#: formulation, penalty -> who takes part.
CONTENDERS = {
    ("multinomial", "l2"): ("sklearn-lbfgs", "sklearn-newton-cg", "sklearn-newton-cholesky"),
    ("multinomial", "l1"): ("sklearn-saga", "glmnet"),
    ("multinomial", "group"): ("glmnet",),
    ("ovr", "l2"): ("liblinear-s0", "liblinear-s7", "sklearn-lbfgs", "sklearn-newton-cg"),
    ("ovr", "l1"): ("sklearn-saga",),
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; `options.kind` is the penalty, `options.value` its C or divisor."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.classes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("problem", choices=[*CLASS_SETS])
    parser.add_argument("--mode", choices=["multinomial", "ovr"], default="multinomial")
    parser.add_argument("--C", type=float, default=1.0, help="L2 strength as in scikit-learn")
    parser.add_argument("--l1", type=float, help="L1 instead, at the largest useful strength divided by this")
    parser.add_argument("--group", action="store_true", help="L1 on the norm of a column's coefficients; with --l1")
    parser.add_argument("--intercept", action="store_true", help="with unpenalised intercepts")
    parser.add_argument("--peers", help="comma-separated, default: those that can be best here")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds after which a fit is killed")
    parser.add_argument("--repeats", type=int, default=3, help="thorough runs of a promising tolerance")
    options = parser.parse_args(arguments)
    if options.group and options.l1 is None:
        parser.error("--group needs --l1")
    options.kind = "l2" if options.l1 is None else "group" if options.group else "l1"
    options.value = options.C if options.l1 is None else options.l1
    if options.peers is None and (options.mode, options.kind) not in CONTENDERS:
        parser.error(f"nobody is known to fit --mode {options.mode} with penalty {options.kind}")
    options.peers = options.peers.split(",") if options.peers else CONTENDERS[options.mode, options.kind]
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Run one race, write its record, print its table."""
    options = parse(arguments)
    race = make_class_race(options.problem, options.mode, options.kind, options.value, options.intercept)
    limits = Limits(options.repeats, 1, 4.0 * options.limit, options.limit, (TARGET,))
    print(race.name, flush=True)
    found = compete(race, (OURS, *options.peers), limits, float("inf"))
    record.write_json(found, RECORDS)
    print(record.table(found), flush=True)


if __name__ == "__main__":
    main()
