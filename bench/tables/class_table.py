"""The table of docs/benchmarks/many-classes.md, from bench/results/classes: `python -m bench.class_table`."""

from __future__ import annotations

import argparse
import json

from bench.classes import RESULTS


def row(record: dict) -> str:
    """One case: our seconds, and each peer's with its ratio to ours; "> " where it was not there in time."""
    ours = record["found"]["fastlr"]["seconds"]
    peers = [
        f"{name} {'' if entry['reached'] else '> '}{entry['seconds']:.2f} s ({entry['seconds'] / ours:.1f})"
        for name, entry in record["found"].items()
        if name != "fastlr"
    ]
    n, p = record["shape"]
    return f"| {record['case']} | {n:,} x {p:,} x {record['K']} | {ours:.2f} s | {', '.join(peers)} |"


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m bench.class_table", description=__doc__.splitlines()[0]).parse_args()
    print("| case | n x p x K | fastlr | peers (ratio) |\n| --- | --- | --- | --- |")
    for file in sorted(RESULTS.glob("*.json")):
        print(row(json.loads(file.read_text())))


if __name__ == "__main__":
    main()
