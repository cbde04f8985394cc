"""The C functions of simd.h and dot4.h."""

cdef extern from "core/simd.h" nogil:
    const Py_ssize_t BLOCK "FASTLR_BLOCK"

    double expit "fastlr_expit"(double eta) noexcept
    double expit_derivative "fastlr_expit_derivative"(double eta) noexcept
    double residual_of "fastlr_residual"(double eta, double y) noexcept
    double log_positive "fastlr_log"(double u) noexcept
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

cdef extern from "core/dot4.h" nogil:
    void dot4_f64 "fastlr_dot4_f64"(const double* x, Py_ssize_t stride, const double* v, Py_ssize_t p,
                                    double* out) noexcept
    void dot4_f32 "fastlr_dot4_f32"(const float* x, Py_ssize_t stride, const double* v, Py_ssize_t p,
                                    double* out) noexcept

cdef extern from "core/simd.h" nogil:
    void axpy4_f64 "fastlr_axpy4_f64"(const double* x, Py_ssize_t stride, const double* u, Py_ssize_t p,
                                      double* g) noexcept
    void axpy4_f32 "fastlr_axpy4_f32"(const float* x, Py_ssize_t stride, const double* u, Py_ssize_t p,
                                      double* g) noexcept
    double dot_f64 "fastlr_dot_f64"(const double* x, const double* v, Py_ssize_t p) noexcept
    double dot_f32 "fastlr_dot_f32"(const float* x, const double* v, Py_ssize_t p) noexcept
    void axpy_f64 "fastlr_axpy_f64"(double u, const double* x, Py_ssize_t p, double* g) noexcept
    void axpy_f32 "fastlr_axpy_f32"(double u, const float* x, Py_ssize_t p, double* g) noexcept
    void axpy_pair_f64 "fastlr_axpy_pair_f64"(double u, double d, const double* x, Py_ssize_t p, double* g,
                                              double* h) noexcept
    void axpy_squares_f64 "fastlr_axpy_squares_f64"(double d, const double* x, Py_ssize_t p, double* g) noexcept
    double dot_squares_f64 "fastlr_dot_squares_f64"(const double* x, const double* d, Py_ssize_t n) noexcept
    void axpy_pair_f32 "fastlr_axpy_pair_f32"(double u, double d, const float* x, Py_ssize_t p, double* g,
                                              double* h) noexcept
    void axpy_squares_f32 "fastlr_axpy_squares_f32"(double d, const float* x, Py_ssize_t p, double* g) noexcept
    double dot_squares_f32 "fastlr_dot_squares_f32"(const float* x, const double* d, Py_ssize_t n) noexcept

    double add_diagonal_block "fastlr_add_diagonal"(Py_ssize_t n, const double* diagonal, Py_ssize_t stride,
                                                    const double* v, double* out) noexcept
    double weighted_dot_block "fastlr_weighted_dot"(Py_ssize_t n, const double* diagonal, Py_ssize_t stride,
                                                    const double* a, const double* b) noexcept
    void cg_step_block "fastlr_cg_step"(Py_ssize_t n, double alpha, const double* v, const double* hv,
                                        const double* scale, double* x, double* rho, double* rz, double* rr) noexcept
    void cg_direction_block "fastlr_cg_direction"(Py_ssize_t n, double beta, const double* rho, const double* scale,
                                                  double* v) noexcept

    double subgradient_block "fastlr_subgradient"(Py_ssize_t n, const double* coef, const double* gradient,
                                                  const double* l1, Py_ssize_t stride, double* out) noexcept
    double penalty_gap_block "fastlr_penalty_gap"(Py_ssize_t n, const double* coef, const double* adjoint,
                                                  double scale, const double* l1, Py_ssize_t stride1,
                                                  const double* l2, Py_ssize_t stride2) noexcept
    double largest_ratio_block "fastlr_largest_ratio"(Py_ssize_t n, const double* adjoint, const double* l1,
                                                      Py_ssize_t stride1, const double* l2,
                                                      Py_ssize_t stride2) noexcept
    void weighted_axpy_f64 "fastlr_weighted_axpy_f64"(Py_ssize_t n, double change, const double* d, const double* x,
                                                      double* q) noexcept
    void weighted_axpy_f32 "fastlr_weighted_axpy_f32"(Py_ssize_t n, double change, const double* d, const float* x,
                                                      double* q) noexcept

    void dot_tile "fastlr_dot_tile"(Py_ssize_t n, const double* a, const double* b, double* out) noexcept
