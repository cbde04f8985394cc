"""What this processor can run."""

cdef extern from "core/cpu_level.h" nogil:
    int fastlr_cpu_level()

cdef extern from *:
    """
    #ifdef _OPENMP
    #define FASTLR_OPENMP 1
    #else
    #define FASTLR_OPENMP 0
    #endif
    """
    int FASTLR_OPENMP


def cpu_level():
    """4: x86-64-v4 (AVX-512), 3: x86-64-v3 (AVX2, FMA), 0: neither or another architecture."""
    return fastlr_cpu_level()


def has_openmp():
    """Whether the kernels were built with OpenMP."""
    return bool(FASTLR_OPENMP)
