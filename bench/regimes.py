"""All regimes: the races that fastlr is meant to win, one record each, and the table of them all.

python -m bench.regimes                            # everything, then the table: about an hour
python -m bench.regimes --group real --only colon  # some of it; the table's other rows stay
python -m bench.regimes --table                    # the table alone, from the records that exist
python -m bench.regimes --scout --only w8a         # every peer once: settles who takes part from then on
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import time
from collections.abc import Sequence

from bench.harness.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

from bench.harness import record as records  # noqa: E402
from bench.harness.competition import compete  # noqa: E402
from bench.harness.race import TARGETS  # noqa: E402
from bench.peers import OURS, PEERS  # noqa: E402
from bench.tables import regime_table  # noqa: E402
from bench.tables.matched import beside_l1, match  # noqa: E402
from bench.tables.regime_list import CONTENDERS, GROUPS, REGIMES, Regime  # noqa: E402
from bench.tables.regime_table import RECORDS  # noqa: E402

WITHIN = 3.0  # a peer contends where it is within that factor of the best one, at one of the strict targets


def run(regime: Regime, repeats: int) -> None:
    """One race with its contenders, its record, its table."""
    race = regime.race()
    record = compete(race, regime.contenders(), regime.limits(repeats), float("inf"))
    if regime.kind == "enet":
        matched = match(regime.problem, regime.value, regime.fit_intercept)
        record["beside_l1"] = beside_l1(regime.problem, matched, regime.fit_intercept, available_cpus())
    records.write_json(record, RECORDS)
    print(records.table(record), flush=True)


def scout(regime: Regime) -> None:
    """One sweep with every peer; who is close to the best contends from then on."""
    record = compete(regime.race(), PEERS, regime.limits(repeats=0), float("inf"))
    print(records.table(record), flush=True)
    stored = json.loads(CONTENDERS.read_text()) if CONTENDERS.exists() else {}
    stored[regime.name] = contenders(record)
    lines = (f"  {json.dumps(name)}: {json.dumps(stored[name])}" for name in sorted(stored))
    CONTENDERS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def contenders(record: dict) -> list[str]:
    """The peers within a factor of the best at 1e-6 or at 1e-8, and the threaded forms of those."""
    times = {name: peer["times"] for name, peer in record["peers"].items() if name != OURS}
    close: set[str] = set()
    for target in (f"{target:g}" for target in TARGETS[1:]):
        reached = {name: row[target] for name, row in times.items() if row[target] is not None}
        close |= {name for name, seconds in reached.items() if seconds <= WITHIN * min(reached.values())}
    return [name for name in times if name in close or name.removesuffix("-m") in close]


def chosen(options: argparse.Namespace) -> list[Regime]:
    """The races that the command line asks for."""
    found = [
        regime for regime in REGIMES if options.group in (None, regime.group) and re.search(options.only, regime.name)
    ]
    if options.budget is None:
        return found
    return [dataclasses.replace(regime, budget=options.budget) for regime in found]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the races that the command line asks for, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.regimes", description=__doc__.splitlines()[0])
    parser.add_argument("--group", choices=GROUPS, help="default: all")
    parser.add_argument("--only", default="", metavar="PATTERN", help="a regular expression that names must contain")
    parser.add_argument("--budget", type=float, help="seconds of fitting per peer and race, instead of each race's own")
    parser.add_argument("--repeats", type=int, default=3, help="thorough runs of a promising tolerance")
    parser.add_argument("--scout", action="store_true", help="one sweep with every peer: writes who contends")
    parser.add_argument("--table", action="store_true", help="no race: write the table from the records")
    options = parser.parse_args(arguments)
    for regime in [] if options.table else chosen(options):
        began = time.monotonic()
        print(f"\n{regime.name}", flush=True)
        if options.scout:
            scout(regime)
        else:
            run(regime, options.repeats)
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
    regime_table.write()


if __name__ == "__main__":
    main()
