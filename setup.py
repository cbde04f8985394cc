"""Builds the kernels: every .pyx of fastlr/kernels once per CPU level.

Environment variables:

FASTLR_LEVELS: which CPU levels to build. "all" (default), "native" (the highest that this machine runs, for
development), or a list such as "baseline,v3".  Elsewhere than on x86-64 with gcc or clang there is the baseline alone.
FASTLR_REQUIRE_OPENMP=1: a missing OpenMP is an error.
FASTLR_DEBUG=1: without optimisation and with debugging information.
FASTLR_SANITIZE=address,undefined: passes that list to -fsanitize.
"""

import copy
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext

KERNELS = Path("fastlr/kernels")
#: C that needs no Python.h; kernels say "core/...h".
CORE = KERNELS / "core"
#: Nothing but copies and comparisons, or as fast at any level.
ONE_LEVEL = ("_cpu", "products_compensated", "structure", "structure_merge", "structure_renumber")
#: Kernels made of the rounding errors of sums and products, which a fused a * b + c would not have.
UNFUSED = ("products_compensated",)
#: Cython's code for memoryviews, shared by all modules.
SHARED = "_cyutility"
#: CPU levels: what cpu_level.h answers on a machine that runs no higher one, and compile flags.
X86_LEVELS = {
    "baseline": (0, []),
    "v3": (3, ["-march=x86-64-v3"]),
    "v4": (4, ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
}
OPENMP_PROBE = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"
LEVEL_PROBE = '#include "core/cpu_level.h"\nint main(void) { return fastlr_cpu_level(); }\n'
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "freethreading_compatible": True,
}


def is_msvc():
    return sys.platform == "win32" and "GCC" not in sys.version


def probe(compiler, source, flags=(), links=()):
    """Exit status of a C program, built and run here; None if it does not build or run."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "probe.out")
        code = program.with_suffix(".c")
        code.write_text(source)
        try:
            subprocess.run([*compiler, code, *flags, "-o", program, *links], capture_output=True, check=True)
            return subprocess.run([program]).returncode
        except (OSError, subprocess.CalledProcessError):
            return None


def openmp_flags(compiler):
    """The compile and link flags that build and run an OpenMP program here, or None."""
    if is_msvc():
        return ["/openmp"], []
    candidates = [(["-fopenmp"], ["-fopenmp"]), (["-Xpreprocessor", "-fopenmp"], ["-lomp"])]
    return next((flags for flags in candidates if probe(compiler, OPENMP_PROBE, *flags) == 0), None)


def optimisation_flags():
    if is_msvc():
        return ["/O2", "/std:c11"], []  # _Generic
    if sanitizers := os.environ.get("FASTLR_SANITIZE"):
        return ["-O1", "-g", "-fno-omit-frame-pointer", f"-fsanitize={sanitizers}"], [f"-fsanitize={sanitizers}"]
    if os.environ.get("FASTLR_DEBUG"):
        return ["-O0", "-g"], []
    links = ["-Wl,-s"] if sys.platform.startswith("linux") else []
    return ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math"], links


def wanted_levels(compiler):
    """CPU levels to build."""
    wanted = os.environ.get("FASTLR_LEVELS") or "all"
    if platform.machine().lower() not in ("x86_64", "amd64") or is_msvc():
        return ["baseline"]
    if wanted == "all":
        return list(X86_LEVELS)
    if wanted == "native":
        if (here := probe(compiler, LEVEL_PROBE, [f"-I{KERNELS}"])) is None:
            raise SystemExit("FASTLR_LEVELS=native: the program that asks for the CPU level does not build or run here")
        return [name for name, (answer, _) in X86_LEVELS.items() if answer == here]
    levels = [name.strip() for name in wanted.split(",")]
    if unknown := sorted(set(levels) - X86_LEVELS.keys()):
        raise SystemExit(
            f"FASTLR_LEVELS={wanted!r}: expected all, native or some of {', '.join(X86_LEVELS)}, not {unknown}"
        )
    return levels


def included(headers):
    """These headers of ours and those that they include, and so on."""
    found, left = set(), {Path(header).name for header in headers}
    while left:
        name = left.pop()
        found.add(name)
        text = (CORE / name).read_text()
        left |= set(re.findall(r'#include "(.+)"', text)) - found
    return [str(CORE / name) for name in sorted(found)]


class BuildKernels(build_ext):
    """One extension module a kernel and CPU level, the longest first; objects of the levels lie apart."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        compiler = getattr(self.compiler, "compiler", [])
        openmp = openmp_flags(compiler)
        if openmp is None:
            message = "fastlr: the compiler cannot build OpenMP programs; the kernels will run on ONE thread."
            if os.environ.get("FASTLR_REQUIRE_OPENMP") == "1":
                raise SystemExit(message)
            print(f"{'*' * 100}\n{message}\n{'*' * 100}", file=sys.stderr)
            openmp = ([], [])
        levels = wanted_levels(compiler)
        self.extensions = [extension for extension in self.extensions if extension.level in (None, *levels)]
        compile_flags, link_flags = optimisation_flags()
        for extension in self.extensions:
            unfused = extension.name.rpartition(".")[2] in UNFUSED and not is_msvc()
            extension.extra_compile_args = [
                *compile_flags,
                *openmp[0],
                *extension.extra_compile_args,
                *(["-ffp-contract=off"] if unfused else []),
            ]
            extension.extra_link_args = [*link_flags, *openmp[1]]
        self.extensions.sort(key=lambda extension: -os.path.getsize(extension.sources[0]))
        super().build_extensions()

    def build_extension(self, ext):
        worker = copy.copy(self)
        worker.build_temp = os.path.join(self.build_temp, ext.level or "one")
        build_ext.build_extension(worker, ext)


class Build(build):
    """Leaves nothing of earlier builds behind: other CPU levels, modules that are gone."""

    def run(self):
        super().run()
        commands = [self.get_finalized_command(name) for name in self.get_sub_commands()]
        made = {os.path.abspath(path) for command in commands for path in command.get_outputs()}
        for path in Path(self.build_lib).rglob("*"):
            if path.is_file() and os.path.abspath(path) not in made:
                path.unlink()


def kernel(source, name, level, flags=()):
    """The extension module of one kernel at one CPU level (None: there is one for all)."""
    extension = Extension(
        f"fastlr.kernels.{name}" if level is None else f"fastlr.kernels._{level}.{name}",
        source.sources,
        include_dirs=[str(KERNELS)],
        extra_compile_args=list(flags),
        depends=included(source.depends),
    )
    extension.level = level
    return extension


def kernels():
    """One generated C file per kernel source; one extension module per CPU level."""
    names = sorted(path.stem for path in KERNELS.glob("*.pyx"))
    sources = [Extension(f"fastlr.kernels.{name}", [str(KERNELS / f"{name}.pyx")]) for name in names]
    sources.append(Extension(f"fastlr.kernels.{SHARED}", [str(KERNELS / f"{SHARED}.c")]))
    generated = cythonize(
        sources,
        compiler_directives=DIRECTIVES,
        nthreads=os.cpu_count(),
        shared_utility_qualified_name=f"fastlr.kernels.{SHARED}",
    )
    for source in generated:
        name = source.name.rpartition(".")[2]
        if name in (*ONE_LEVEL, SHARED):
            yield kernel(source, name, None)
        else:
            yield from (kernel(source, name, level, flags) for level, (_, flags) in X86_LEVELS.items())


if __name__ == "__main__":  # not in the processes that cythonize starts
    setup(ext_modules=list(kernels()), cmdclass={"build": Build, "build_ext": BuildKernels})
