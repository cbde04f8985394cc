"""Whose coefficients, objective or passes moved by a bit since a commit: small fits and predictions on both.

    python -m bench.bits <commit>

Both sides run the cases of bench/gates/bit_cases on this machine, with 1, 2 and 3 threads, once for each CPU level that
both have built.  The commit is built in a clone below the cache folder and kept there; it is compared with the fastlr
that this interpreter imports.  Exit status 1 where a bit moved, where a case fails that the commit ran, or where the
present code does not repeat itself.  bench/README.md says how to read the outcome.
"""

from __future__ import annotations

import argparse
import os

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

from bench.gates.bit_moves import compare  # noqa: E402
from bench.gates.bit_processes import run  # noqa: E402
from bench.gates.bit_report import check_itself, report  # noqa: E402
from bench.gates.builds import build, commit_of  # noqa: E402

LEVELS = ("baseline", "v3", "v4")


def main() -> None:
    """Print the report; exit with 1 where something moved."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.bits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="commit, branch or tag to compare with")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name contains it; default: all")
    options = parser.parse_args()
    base = build(commit_of(options.base), "all")
    good, runs = True, {}
    for level in LEVELS:
        sides = run([base, None], level, options.only)
        if missing := [side["unavailable"] for side in sides if "unavailable" in side]:
            print(f"\n{level}: not compared; {' / '.join(missing)}")
            continue
        runs[level] = sides[1]["answers"]
        verdict = compare(*(side["answers"] for side in sides))
        report(level, verdict)
        good = good and not (verdict.moved or verdict.lost)
    if not any(runs.values()):
        raise SystemExit("nothing was compared")
    level = list(runs)[-1]
    good = check_itself(runs[level], run([None], level, options.only)[0]["answers"]) and good
    print(f"\n{'nothing moved' if good else 'NOT THE SAME'} since {options.base} ({', '.join(runs)})")
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    os.environ.pop("FASTLR_CPU", None)
    main()
