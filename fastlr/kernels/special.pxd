"""The C functions of special.h: what fastlr.special and the predictions make of linear predictors."""

from libc.stdint cimport int64_t

cdef extern from "core/special.h" nogil:
    void expit_block "fastlr_expit_block"(Py_ssize_t n, const void* eta, void* out) noexcept
    void expit_derivative_block "fastlr_expit_derivative_block"(Py_ssize_t n, const void* eta, void* out) noexcept
    void count_labels "fastlr_count_labels"(Py_ssize_t n, const double* y, double* out) noexcept
    void weigh_block "fastlr_weigh"(Py_ssize_t n, const double* weight, double scale, double* out) noexcept
    double log_loss_sum "fastlr_log_loss_sum"(
        Py_ssize_t n, const double* y, const double* eta, const double* weight, double scale) noexcept
    void log_loss_slopes "fastlr_log_loss_slopes"(
        Py_ssize_t n, const double* y, const double* eta, const double* weight, double scale, double mass,
        double* out) noexcept
    void log_loss_curve "fastlr_log_loss_curve"(
        Py_ssize_t n, const double* eta, const double* v, const double* weight, double scale, double mass,
        double* out) noexcept

    void softmax_block "fastlr_softmax_block"(Py_ssize_t rows, Py_ssize_t K, const double* eta, double* out) noexcept
    void count_soft "fastlr_count_soft"(
        Py_ssize_t rows, Py_ssize_t K, const double* y, double tolerance, double* out) noexcept
    double cross_entropy_block "fastlr_cross_entropy_block"(
        Py_ssize_t rows, Py_ssize_t K, const int64_t* label, const double* y, const double* eta,
        const double* weight, double weight_scale, double scale) noexcept
    void cross_entropy_slopes "fastlr_cross_entropy_slopes"(
        Py_ssize_t rows, Py_ssize_t K, const int64_t* label, const double* y, const double* eta,
        const double* weight, double scale, double mass, double* out) noexcept
    void cross_entropy_curve "fastlr_cross_entropy_curve"(
        Py_ssize_t rows, Py_ssize_t K, const double* y, const double* eta, const double* v, const double* weight,
        double scale, double mass, double* out) noexcept
