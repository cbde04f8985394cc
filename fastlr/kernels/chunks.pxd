"""The C functions of chunks.h."""

cdef extern from "core/chunks.h" nogil:
    void add_chunks "fastlr_add_chunks"(const double* partial, Py_ssize_t n_chunks, Py_ssize_t p, Py_ssize_t begin,
                                        Py_ssize_t end, double* out) noexcept
