"""The table of docs/benchmarks/many-classes.md, from bench/results/classes: `python -m bench.tables.class_table`."""

from __future__ import annotations

import argparse
import json

from bench import RESULTS
from bench.harness.record import longest
from bench.peers import OURS

RECORDS = RESULTS / "classes"


def read() -> list[dict]:
    """The records of all class races, by name."""
    return [json.loads(file.read_text()) for file in sorted(RECORDS.glob("*.json"))]


def seconds(peer: dict) -> tuple[float, bool]:
    """A peer's seconds and True; where it did not reach the target, its longest fit and False."""
    (reached,) = peer["times"].values()
    return (longest(peer), False) if reached is None else (reached, True)


def row(record: dict) -> str:
    """One race: our seconds, and each peer's with its ratio to ours; "> " where it was not there in time."""
    ours, _ = seconds(record["peers"][OURS])
    peers = [
        f"{name} {'' if reached else '> '}{theirs:.2f} s ({theirs / ours:.1f})"
        for name, (theirs, reached) in ((name, seconds(peer)) for name, peer in record["peers"].items())
        if name != OURS and theirs > 0
    ]
    sizes = f"{record['problem']['rows']:,} x {record['problem']['columns']:,} x {record['classes']}"
    return f"| {record['name']} | {sizes} | {ours:.2f} s | {', '.join(peers)} |"


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.tables.class_table", description=__doc__.splitlines()[0]).parse_args()
    print("| race | n x p x K | fastlr | peers (ratio) |\n| --- | --- | --- | --- |")
    for record in read():
        print(row(record))


if __name__ == "__main__":
    main()
