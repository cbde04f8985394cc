"""Layer 0: compiled passes over arrays.

The same sources are compiled once per CPU level; the best level that this processor runs is chosen here, at import
(FASTLR_CPU forces one).  Functions take arrays and return numbers or fill arrays; they release the GIL, allocate next
to nothing, check nothing and decide nothing.
"""

from importlib import import_module
from importlib.util import find_spec

from fastlr._environment import CPU_LEVELS, choose_cpu_level
from fastlr.kernels import _cpu

_built = [name for name in CPU_LEVELS if find_spec(f"fastlr.kernels._{name}.dense")]

#: The CPU level in use: "baseline", "v3" or "v4".
cpu_level = choose_cpu_level(_cpu.cpu_level(), _built)

#: Whether the kernels were built with OpenMP.
has_openmp: bool = _cpu.has_openmp()


def _load(name):
    return import_module(f"fastlr.kernels._{cpu_level}.{name}")


coordinate = _load("coordinate")
csr_by_columns = _load("csr_by_columns")
csr_by_rows = _load("csr_by_rows")
dense = _load("dense")
logistic = _load("logistic")
penalty = _load("penalty")
sparse = _load("sparse")
vector = _load("vector")
