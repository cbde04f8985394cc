"""Benchmarks of fastlr: races against other solvers, single measurements, and the gates between two commits."""

import sys
from pathlib import Path

#: The root of the checkout, and the folder of what measurements leave.
CHECKOUT = Path(__file__).resolve().parents[1]
RESULTS = CHECKOUT / "bench" / "results"

# `python -m bench...` puts the checkout first on the path, where fastlr may lie uncompiled: an installed fastlr comes
# before it.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != CHECKOUT] + [str(CHECKOUT)]
