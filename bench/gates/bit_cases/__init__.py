"""The small fits and predictions that bench.bits compares, through the public interface alone.

A case is a name and a function n_threads -> {quantity: array}.  Problems are just large enough for three threads to
take part: 90,000 entries of X.  What a solver handles is written down here and not asked of the package, so that a
commit that lacks something raises and is reported.
"""

from __future__ import annotations

from bench.gates.bit_cases import classes, estimator, functions, predictions, two_classes
from bench.gates.bit_cases.answers import Case

CASES: dict[str, Case] = {
    name: case for family in (two_classes, classes, estimator, predictions, functions) for name, case in family.cases()
}
