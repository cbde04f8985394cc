"""The kernels of each CPU level."""

from types import SimpleNamespace

from fastlr import kernels
from fastlr._environment import CPU_LEVELS


def cpu_levels():
    """The names of the kernel builds that are at hand and that this processor can run."""
    return [level for level in kernels.LEVELS if CPU_LEVELS[level] <= kernels._cpu.cpu_level()]


def load_kernels(level):
    """The kernel modules of one CPU level as attributes of one object."""
    return SimpleNamespace(**kernels.load(level))
