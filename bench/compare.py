"""What got slower or larger since a commit: a selection of fits and predictions on both, in turn.

    python -m bench.compare <commit>

The commit is built in a clone below the cache folder and kept there; it is compared with the fastlr that this
interpreter imports.  The table has the shortest of sixteen calls a side, in two pairs of processes.  Exit status 1
where something grew by more than 15 %.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

from bench.data.problems import load  # noqa: E402
from bench.gates.builds import build, commit_of  # noqa: E402
from bench.gates.compare_cases import CASES  # noqa: E402
from bench.gates.compare_growth import combine, growths, line  # noqa: E402
from bench.gates.compare_processes import CaseFailed, rounds  # noqa: E402

ROUNDS = 2  # pairs of processes; as many again for cases that look slower or larger


def judge(name: str, base: Path) -> list[str]:
    """Measure one case, print its line, say what got worse."""
    load(CASES[name].problem)
    try:
        before, after = rounds(name, base, ROUNDS)
        if growths(combine(before), combine(after)):
            for known, more in zip((before, after), rounds(name, base, ROUNDS), strict=True):
                known += more
    except CaseFailed as failure:
        print(f"{name:<15}{failure}", flush=True)
        return [f"{name}: {failure}"] if failure.folder is None else []
    print(line(name, combine(before), combine(after)), flush=True)
    return [f"{name}: {growth}" for growth in growths(combine(before), combine(after))]


def main() -> None:
    """Print the table; exit with 1 where something got worse."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="commit, branch or tag to compare with")
    known = "; ".join(CASES)
    parser.add_argument(
        "--only", choices=CASES, action="append", metavar="CASE", help=f"may be repeated; default: all. Cases: {known}"
    )
    options = parser.parse_args()
    commit = commit_of(options.base)
    base = build(commit, "native")
    worse = [growth for name in options.only or CASES for growth in judge(name, base)]
    print("\n".join(worse) if worse else f"nothing got slower or larger than at {commit[:12]}")
    raise SystemExit(1 if worse else 0)


if __name__ == "__main__":
    main()
