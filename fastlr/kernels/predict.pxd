"""Predictions of two classes from linear predictors, for the passes that compute these; see core/predict.h."""


cdef extern from "core/predict.h" nogil:
    ctypedef struct TargetRows "fastlr_target_rows":
        void* out
        const unsigned char* y
        const double* weight
        double scale
    ctypedef void (*output_function "fastlr_output")(
        Py_ssize_t begin, Py_ssize_t n, const double* eta, const TargetRows* rows) noexcept
    output_function find_output "fastlr_find_output"(int kind, int single) noexcept
    bint all_finite "fastlr_all_finite"(Py_ssize_t n, const double* x) noexcept
    enum:
        FASTLR_LINEAR
        FASTLR_PROBABILITY
        FASTLR_LOG_PROBABILITY
        FASTLR_LABEL
        FASTLR_LOSS


ctypedef struct Target:
    output_function write
    TargetRows rows


cdef inline Target target_of(int kind, int single, unsigned char[::1] out, const unsigned char[::1] y,
                             const double[::1] weight, double scale) noexcept:
    """Where an output goes: `out` as bytes; y and weight may be None."""
    cdef Target target
    target.write = find_output(kind, single)
    target.rows.out = <void*>&out[0]
    target.rows.y = &y[0] if y is not None else NULL
    target.rows.weight = &weight[0] if weight is not None else NULL
    target.rows.scale = scale
    return target


cdef inline int put(const Target* target, Py_ssize_t begin, Py_ssize_t n, const double* eta) noexcept nogil:
    """Write what is made of the linear predictors of n rows; 1 if any of them is not finite, else 0."""
    target.write(begin, n, eta, &target.rows)
    return not all_finite(n, eta)
