"""Builds the kernels: every .pyx of fastlr/kernels once per CPU level.

Environment variables: FASTLR_REQUIRE_OPENMP=1 makes a missing OpenMP an error; FASTLR_DEBUG=1 compiles without
optimisation and with debugging information; FASTLR_SANITIZE=address,undefined passes that list to -fsanitize.
"""

import copy
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

KERNELS = Path("fastlr/kernels")
SOURCES = sorted(path.stem for path in KERNELS.glob("*.pyx") if path.stem != "_cpu")
HEADERS = [*KERNELS.glob("*.h"), *KERNELS.glob("*.pxd")]
X86_LEVELS = {
    "_baseline": [],
    "_v3": ["-march=x86-64-v3"],
    "_v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
}
PROBE = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n"


def is_msvc():
    return sys.platform == "win32" and "GCC" not in sys.version


def levels():
    """CPU levels to build: three on x86-64 with gcc or clang, the baseline alone elsewhere."""
    x86 = platform.machine().lower() in ("x86_64", "amd64") and not is_msvc()
    return X86_LEVELS if x86 else {"_baseline": []}


def openmp_flags(compiler):
    """The compile and link flags that build and link an OpenMP program here, or None."""
    if is_msvc():
        return ["/openmp"], []
    candidates = [(["-fopenmp"], ["-fopenmp"]), (["-Xpreprocessor", "-fopenmp"], ["-lomp"])]
    for compile_flags, link_flags in candidates:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(PROBE)
            command = [*compiler, str(source), *compile_flags, "-o", str(source.with_suffix(".out")), *link_flags]
            if subprocess.run(command, capture_output=True).returncode == 0:
                return compile_flags, link_flags
    return None


def optimisation_flags():
    if is_msvc():
        return ["/O2"], []
    flags = ["-O3", "-fno-math-errno", "-fno-trapping-math"]
    links = []
    if os.environ.get("FASTLR_DEBUG"):
        flags = ["-O0", "-g"]
    if sanitizers := os.environ.get("FASTLR_SANITIZE"):
        flags = ["-O1", "-g", "-fno-omit-frame-pointer", f"-fsanitize={sanitizers}"]
        links = [f"-fsanitize={sanitizers}"]
    return flags, links


class BuildKernels(build_ext):
    """Adds the OpenMP and optimisation flags, and keeps the objects of the CPU levels apart."""

    def finalize_options(self):
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self):
        found = openmp_flags(getattr(self.compiler, "compiler", []))
        if found is None:
            message = "fastlr: the compiler cannot build OpenMP programs; the kernels will run on ONE thread."
            if os.environ.get("FASTLR_REQUIRE_OPENMP") == "1":
                raise SystemExit(message)
            print(f"{'*' * 100}\n{message}\n{'*' * 100}", file=sys.stderr)
            found = ([], [])
        compile_flags, link_flags = optimisation_flags()
        for extension in self.extensions:
            extension.extra_compile_args = [*compile_flags, *found[0], *extension.extra_compile_args]
            extension.extra_link_args = [*link_flags, *found[1]]
        super().build_extensions()

    def build_extension(self, ext):
        worker = copy.copy(self)
        worker.build_temp = os.path.join(self.build_temp, ext.name.split(".")[-2])
        build_ext.build_extension(worker, ext)


def extensions():
    """One generated C file per kernel source, compiled under one module name per CPU level."""
    directives = {
        "language_level": 3,
        "boundscheck": False,
        "wraparound": False,
        "initializedcheck": False,
        "cdivision": True,
        "freethreading_compatible": True,
    }
    sources = [Extension(f"fastlr.kernels.{name}", [str(KERNELS / f"{name}.pyx")]) for name in ("_cpu", *SOURCES)]
    cpu, *generated = cythonize(sources, compiler_directives=directives, nthreads=0)
    cpu.include_dirs = [str(KERNELS)]
    built = [cpu]
    for level, flags in levels().items():
        for kernel in generated:
            name = kernel.name.rpartition(".")[2]
            built.append(
                Extension(
                    f"fastlr.kernels.{level}.{name}",
                    kernel.sources,
                    include_dirs=[str(KERNELS)],
                    extra_compile_args=flags,
                    depends=[str(header) for header in HEADERS],
                )
            )
    return built


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildKernels})
