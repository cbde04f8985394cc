"""The storage types of X that the kernels share."""

from libc.stdint cimport int32_t, int64_t

ctypedef fused floating:
    float
    double

ctypedef fused stored:  # values of a compressed matrix; int64: all are equal, data[0] holds the bits of that double
    float
    double
    int64_t

ctypedef fused integer:
    int32_t
    int64_t
