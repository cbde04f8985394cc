"""The C functions of dense_blocks.h.

X is `const float*` or `const double*`: the C compiler, which picks the function by it, takes nothing else."""

cdef extern from "core/dense_blocks.h" nogil:
    ctypedef struct Layout "fastlr_layout":
        Py_ssize_t p
        Py_ssize_t row_stride
        Py_ssize_t column_stride
        Py_ssize_t block
    void block_dot "fastlr_block_dot"(const void* X, Layout lay, Py_ssize_t n, const double* v, double* out) noexcept
    void whole_dot "fastlr_whole_dot"(const void* X, Layout lay, Py_ssize_t n, const double* v, double shift,
                                      double* out) noexcept
    void block_axpy "fastlr_block_axpy"(const void* X, Layout lay, Py_ssize_t n, const double* u, double* g) noexcept
    void block_axpy_pair "fastlr_block_axpy_pair"(const void* X, Layout lay, Py_ssize_t n, const double* u,
                                                  const double* d, double* g) noexcept
    void block_squares "fastlr_block_squares"(const void* X, Layout lay, Py_ssize_t n, const double* d,
                                              double* g) noexcept
