"""Layer 0: compiled passes over arrays.

The same sources are compiled once per CPU level; the best level that this processor runs is chosen here, at import
(FASTLR_CPU forces one).  Functions take arrays and return numbers or fill arrays; they release the GIL, allocate next
to nothing, check nothing and decide nothing.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fastlr._environment import CPU_LEVELS, choose_cpu_level, short_waits

with short_waits():  # every extension module may be the one that loads OpenMP
    from fastlr.kernels import _cpu

#: The kernel modules, one per .pyx file.
KERNELS = (
    "box",
    "cholesky",
    "class_coordinate",
    "class_outputs",
    "class_rows",
    "coordinate",
    "csr_by_columns",
    "csr_by_rows",
    "dense",
    "dense_many",
    "dual",
    "dual_many",
    "elementwise",
    "gram",
    "gram_by_rows",
    "group_coordinate",
    "label_rows",
    "logistic",
    "merge",
    "moments",
    "outputs",
    "penalty",
    "renumber",
    "small",
    "softmax",
    "sparse",
    "sparse_many",
    "vector",
)

_built = [name for name in CPU_LEVELS if find_spec(f"fastlr.kernels._{name}.dense")]

#: The CPU level in use: "baseline", "v3" or "v4".
cpu_level = choose_cpu_level(_cpu.cpu_level(), _built)

#: Whether the kernels were built with OpenMP.
has_openmp: bool = _cpu.has_openmp()


if TYPE_CHECKING:
    from fastlr.kernels import (
        box as box,
        cholesky as cholesky,
        class_coordinate as class_coordinate,
        class_outputs as class_outputs,
        class_rows as class_rows,
        coordinate as coordinate,
        csr_by_columns as csr_by_columns,
        csr_by_rows as csr_by_rows,
        dense as dense,
        dense_many as dense_many,
        dual as dual,
        dual_many as dual_many,
        elementwise as elementwise,
        gram as gram,
        gram_by_rows as gram_by_rows,
        group_coordinate as group_coordinate,
        label_rows as label_rows,
        logistic as logistic,
        merge as merge,
        moments as moments,
        outputs as outputs,
        penalty as penalty,
        renumber as renumber,
        small as small,
        softmax as softmax,
        sparse as sparse,
        sparse_many as sparse_many,
        vector as vector,
    )
else:
    with short_waits():
        for _name in KERNELS:
            globals()[_name] = import_module(f"fastlr.kernels._{cpu_level}.{_name}")
