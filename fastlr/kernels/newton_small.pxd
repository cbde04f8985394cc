"""The C types and functions of newton_small.h."""

cdef extern from "core/newton_small.h" nogil:
    ctypedef enum Storage "fastlr_storage":
        DENSE_F64 "FASTLR_DENSE_F64"
        DENSE_F32 "FASTLR_DENSE_F32"
        CSR_F64_I32 "FASTLR_CSR_F64_I32"
        CSR_F64_I64 "FASTLR_CSR_F64_I64"
        CSR_F32_I32 "FASTLR_CSR_F32_I32"
        CSR_F32_I64 "FASTLR_CSR_F32_I64"
    ctypedef enum Outcome "fastlr_small_outcome":
        RUNNING "FASTLR_RUNNING"
        MOVED_FAR "FASTLR_MOVED_FAR"
    ctypedef struct Layout "fastlr_layout":
        Py_ssize_t p
        Py_ssize_t row_stride
        Py_ssize_t column_stride
    ctypedef struct Matrix "fastlr_small_matrix":
        Storage storage
        Py_ssize_t n
        Py_ssize_t p
        const void* values
        Layout layout
        const void* indptr
        const void* indices
    ctypedef struct Problem "fastlr_small_problem":
        Matrix X
        const double* y
        const double* weight
        Py_ssize_t weight_step
        const double* offset
        const double* l2
        Py_ssize_t l2_step
        bint fit_intercept
        bint has_gap
        double tol
    ctypedef struct State "fastlr_small_state":
        double null_value
        double intercept
        double value
        double gap
        double decrement
        double rounding
        double optimality
        double reads
    Py_ssize_t length_of_scratch "fastlr_small_scratch_length"(Py_ssize_t n, Py_ssize_t p) noexcept
    Outcome begin "fastlr_small_begin"(const Problem* problem, double* memory, double* coef, double intercept) noexcept
    Outcome iterate "fastlr_small_iterate"(const Problem* problem, double* memory, double* coef) noexcept
