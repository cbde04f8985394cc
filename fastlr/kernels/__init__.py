"""Compiled passes over arrays.

The same sources are compiled once per CPU level; the best level that this processor runs is chosen here, at import
(FASTLR_CPU forces one).  Functions take arrays and return numbers or fill arrays; they release the GIL, allocate next
to nothing, check nothing and decide nothing.
"""

from importlib import import_module
from pkgutil import iter_modules

from fastlr._environment import CPU_LEVELS, choose_cpu_level, short_waits


def _compiled(package: str) -> list[str]:
    """The names of the compiled modules beside this file, or in the folder of one CPU level."""
    folders = [f"{path}/{package}" for path in __path__]
    return sorted(module.name for module in iter_modules(folders) if not module.ispkg)


#: The kernel modules of every CPU level that has been built.
LEVELS = {level: names for level in CPU_LEVELS if (names := _compiled(f"_{level}"))}
#: The kernel modules that need no levels.
ONE_LEVEL = [name for name in _compiled("") if not name.startswith("_")]

if not LEVELS:
    raise ImportError(f"no compiled kernels in {__path__[0]}: run `pip install .` in the checkout, or `make demo`")

with short_waits():  # every extension module may be the one that loads OpenMP
    from fastlr.kernels import _cpu

#: The CPU level in use: "baseline", "v3" or "v4".
cpu_level = choose_cpu_level(_cpu.cpu_level(), list(LEVELS))

#: Whether the kernels were built with OpenMP.
has_openmp: bool = _cpu.has_openmp()


def load(level: str) -> dict:
    """The kernel modules of one CPU level, and those that need none, by name."""
    with short_waits():
        modules = {name: import_module(f"{__name__}._{level}.{name}") for name in LEVELS[level]}
        return modules | {name: import_module(f"{__name__}.{name}") for name in ONE_LEVEL}


globals().update(load(cpu_level))
