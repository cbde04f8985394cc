"""The C functions of dense_rows.h and dot4.h.

X is `const float*` or `const double*`: the C compiler, which picks the function by it, takes nothing else."""

cdef extern from "core/dense_rows.h" nogil:
    double dot "fastlr_dot"(const void* x, const double* v, Py_ssize_t p) noexcept
    void axpy "fastlr_axpy"(double u, const void* x, Py_ssize_t p, double* g) noexcept
    double dot_squares "fastlr_dot_squares"(const void* x, const double* d, Py_ssize_t n) noexcept
    void weighted_axpy "fastlr_weighted_axpy"(Py_ssize_t n, double change, const double* d, const void* x,
                                              double* q) noexcept
