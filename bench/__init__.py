"""Benchmarks of fastlr: races against other solvers, kernel bandwidth, peak memory."""

import sys
from pathlib import Path

# `python -m bench...` puts the checkout first on the path, where fastlr may lie uncompiled: an installed fastlr comes
# before it.
_CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _CHECKOUT] + [str(_CHECKOUT)]
