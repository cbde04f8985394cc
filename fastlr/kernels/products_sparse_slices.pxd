"""The C functions of products_sparse.h.

`indptr`, `indices` and `splits` share one type, `const int32_t*` or `const int64_t*`; `data` is `const float*`, `const
double*` or, where all values are equal, `const int64_t*`: the C compiler, which picks the function by them, takes
nothing else."""

from libc.stdint cimport int64_t

from fastlr.kernels.types cimport stored

cdef extern from "core/products_sparse.h" nogil:
    double slice_dot "fastlr_slice_dot"(const void* indices, const void* data, Py_ssize_t begin, Py_ssize_t end,
                                        const double* v) noexcept
    void scatter_rows "fastlr_scatter_rows"(
        const void* indptr, const void* indices, const void* data, const void* splits, Py_ssize_t n_splits,
        Py_ssize_t t, Py_ssize_t begin, Py_ssize_t end, const double* u, double* out) noexcept
    void scatter_all_rows "fastlr_scatter_all_rows"(
        const void* indptr, const void* indices, const void* data, const void* splits, Py_ssize_t n_splits,
        Py_ssize_t t, Py_ssize_t n, const double* u, double* out) noexcept
    void scatter_squares_rows "fastlr_scatter_squares_rows"(
        const void* indptr, const void* indices, const void* data, const void* splits, Py_ssize_t n_splits,
        Py_ssize_t t, Py_ssize_t begin, Py_ssize_t end, const double* d, double* out) noexcept
    void scatter_absolute_rows "fastlr_scatter_absolute_rows"(
        const void* indptr, const void* indices, const void* data, const void* splits, Py_ssize_t n_splits,
        Py_ssize_t t, Py_ssize_t n, const double* d, double* out) noexcept
    void gather_block "fastlr_gather_block"(
        const void* indptr, const void* indices, const void* data, Py_ssize_t begin, Py_ssize_t end, const double* v,
        double shift, double* out) noexcept


cdef inline double entry(const stored* data, Py_ssize_t k) noexcept nogil:
    """Value k; where all are equal, memory holds it once."""
    if stored is int64_t:
        return (<const double*> data)[0]
    else:
        return data[k]
