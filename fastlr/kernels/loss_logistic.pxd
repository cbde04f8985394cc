"""The C functions of loss_logistic.h."""

cdef extern from "core/loss_logistic.h" nogil:
    double residual_of "fastlr_residual"(double eta, double y) noexcept
    double logistic_block "fastlr_logistic_block"(
        Py_ssize_t n, const double* eta, const double* y, const double* weight,
        double* residual, double* curvature) noexcept
    double loss_block "fastlr_loss_block"(
        Py_ssize_t n, const double* eta, const double* Xd, double t, const double* y,
        const double* weight) noexcept
    void slope_block "fastlr_slope_block"(
        Py_ssize_t n, const double* eta, double shift, const double* y, const double* weight, double* first,
        double* second) noexcept
    double gap_block "fastlr_gap_block"(
        Py_ssize_t n, const double* eta, const double* Xd, double t, double shift, double scale, double back,
        const double* y, const double* weight, double* cut) noexcept
