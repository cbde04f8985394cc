"""The C functions of penalty.h and coordinate_descent.h on one coefficient."""

cdef extern from "core/coordinate_descent.h" nogil:
    double coordinate_minimum "fastlr_coordinate_minimum"(double z, double slope, double curvature,
                                                          double l1) noexcept
    double least_subgradient "fastlr_least_subgradient"(double w, double g, double l1) noexcept
    double coordinate_step "fastlr_coordinate_step"(double z, double slope, double curvature, double l1, double lower,
                                                    double upper) noexcept
    double coordinate_violation "fastlr_coordinate_violation"(double coef, double delta, double slope, double l1,
                                                              double lower, double upper) noexcept
