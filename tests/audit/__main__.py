"""The command line of the audit."""

import argparse
import json
import os
import sys
from dataclasses import asdict

from audit import problems, run, show, wide


def main():
    parser = argparse.ArgumentParser(prog="python -m audit", description="fastlr against optima in 80-bit floats")
    parser.add_argument("--problems", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (0)")
    parser.add_argument(
        "--processes", type=int, default=os.process_cpu_count() if sys.version_info >= (3, 13) else os.cpu_count()
    )
    parser.add_argument("--json", help="file for all verdicts with a finding or without a reference")
    parser.add_argument("--problem", type=int, help="this one alone: code that poses it, and its verdict")
    options = parser.parse_args()
    if not wide.HAS_WIDE:
        sys.exit("numpy.longdouble is a double on this platform: there is no reference")
    if options.problem is not None:
        print(show.code(problems.make(options.problem)))
        verdict = run.judged(options.problem)
        print(show.words(verdict))
        return bool(verdict["findings"])
    numbers = list(range(options.first, options.first + options.problems))

    def tell(done):
        if done % 500 == 0:
            print(f"{done} of {len(numbers)}", file=sys.stderr, flush=True)

    verdicts = run.audit(numbers, options.processes, tell)
    print(run.table(verdicts))
    groups = run.groups(verdicts)
    print("\nfindings by entry and solver, most frequent first: what they have in common, the worst of each")
    for group in groups:
        print(
            f"  {len(group.numbers):5d}  {group.kind}; {group.entry}, {group.solver}; {', '.join(group.common) or '-'}"
        )
        print(f"         --problem {group.worst}: {group.size:.2g} {' '.join(group.words.split())[-170:]}")
    if options.json:
        kept = [each for each in verdicts if each["findings"] or "not converged" in each["references"]]
        with open(options.json, "w") as file:
            json.dump(
                {
                    "problems": len(verdicts),
                    "first": options.first,
                    "table": run.table(verdicts).splitlines(),
                    "groups": [asdict(group) for group in groups],
                    "verdicts": kept,
                },
                file,
                indent=1,
            )
    return bool(groups)


if __name__ == "__main__":
    sys.exit(main())
