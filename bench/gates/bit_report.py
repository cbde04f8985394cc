"""The printed report of bench.bits: one CPU level, and the present code run twice."""

from __future__ import annotations

from collections.abc import Iterator

from bench.gates.bit_moves import Verdict, compare, depending_on_threads
from bench.gates.bit_run import THREADS


def by_case(keys: dict) -> Iterator[tuple[str, str, object]]:
    """(case, its numbers of threads in words, the value of the largest of them) of {(case, threads): value}."""
    for name in dict.fromkeys(name for name, _ in keys):
        threads = [count for count in THREADS if (name, count) in keys]
        words = "" if len(threads) == len(THREADS) else f" [threads: {', '.join(map(str, threads))}]"
        yield name, words, keys[name, threads[-1]]


def report(level: str, verdict: Verdict) -> None:
    """Print the runs of one CPU level that are not the same."""
    count = sum(map(len, (verdict.moved, verdict.lost, verdict.gained, verdict.broken))) + verdict.same
    print(f"\n{level}: {len(verdict.moved)} of {count} runs moved", flush=True)
    for name, threads, found in by_case(verdict.moved):
        print(f"  moved    {name}{threads}: {'; '.join(map(str, found))}")
    for word, keys in (("lost", verdict.lost), ("gained", verdict.gained), ("broken", verdict.broken)):
        for name, threads, found in by_case(keys):
            print(f"  {word:<9}{name}{threads}: {found}")


def check_itself(first: dict, second: dict) -> bool:
    """Print what differs between two runs, and between numbers of threads; True if the two runs agree."""
    again, threads = compare(first, second).moved, depending_on_threads(first)
    print(f"\nthe present code run twice: {f'{len(again)} runs DIFFER' if again else 'the same bits'}")
    for name, words, found in by_case(again):
        print(f"  differs  {name}{words}: {'; '.join(map(str, found))}")
    print(f"with 1, 2 and 3 threads: {f'{len(threads)} runs DIFFER' if threads else 'the same bits'}")
    for name, words, found in by_case(threads):
        print(f"  differs  {name}{words}: {'; '.join(map(str, found))}")
    return not again
