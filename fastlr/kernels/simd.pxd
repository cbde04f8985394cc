"""What the headers of core/ share."""

cdef extern from "core/simd.h" nogil:
    const Py_ssize_t BLOCK "FASTLR_BLOCK"
    void clear "fastlr_clear"(double* v, Py_ssize_t n) noexcept
