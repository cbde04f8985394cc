"""The process that runs the cases of bench.bits: `python -m bench.gates.bit_run <file> [text in the names]`.

Writes a pickle of {"package": folder, "answers": {(case, threads): {quantity: array} or what was raised}}, or
{"unavailable": why} where this build has no kernels for the level that FASTLR_CPU names.
"""

from __future__ import annotations

import argparse
import pickle
import warnings
from pathlib import Path

from bench.gates.bit_cases import CASES

THREADS = (1, 2, 3)


def answers(wanted: str) -> dict:
    """{(case, threads): answer or what was raised} of the cases whose name contains the text."""
    found = {}
    for name, case in CASES.items():
        for n_threads in THREADS if wanted in name else ():
            try:
                found[name, n_threads] = case(n_threads)
            except Exception as error:  # a line of the report; the other cases go on
                found[name, n_threads] = f"{type(error).__name__}: {error}"
    return found


def main() -> None:
    """Run the cases and write their answers."""
    parser = argparse.ArgumentParser(prog="python -m bench.gates.bit_run", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="where the answers go")
    parser.add_argument("wanted", help='cases: part of their names, "" for all')
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # fits that end before the optimum say so
    try:
        import fastlr
        from fastlr import fit_logistic  # noqa: F401  (loads the kernels)
    except ImportError as error:
        found = {"unavailable": str(error)}
    else:
        found = {"package": str(Path(fastlr.__file__).parent), "answers": answers(options.wanted)}
    options.file.write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()
