/* One name for the functions of all storage types: X is float or double, its indices int32 or int64.
 *
 * `name` stands for name_f32, name_f64 and so on, of which the type of a pointer picks one while compiling.
 */
#ifndef FASTLR_STORAGE_H
#define FASTLR_STORAGE_H

#include <stdint.h>

/* By the values of X. */
#define FASTLR_BY_VALUE(x, name)                                                                                       \
    _Generic((x), const float *: name##_f32, float *: name##_f32, const double *: name##_f64, double *: name##_f64)

/* By the values of a compressed X; int64: all are equal, x[0] holds the bits of that double. */
#define FASTLR_BY_STORED(x, name)                                                                                      \
    _Generic((x), const float *: name##_f32, float *: name##_f32, const double *: name##_f64, double *: name##_f64,    \
             const int64_t *: name##_same, int64_t *: name##_same)

/* By the indices and the values of a compressed X. */
#define FASTLR_BY_INDEX_AND_VALUE(index, x, name)                                                                      \
    _Generic((index), const int32_t *: FASTLR_BY_VALUE(x, name##_i32), int32_t *: FASTLR_BY_VALUE(x, name##_i32),      \
             const int64_t *: FASTLR_BY_VALUE(x, name##_i64), int64_t *: FASTLR_BY_VALUE(x, name##_i64))

#define FASTLR_BY_INDEX_AND_STORED(index, x, name)                                                                     \
    _Generic((index), const int32_t *: FASTLR_BY_STORED(x, name##_i32), int32_t *: FASTLR_BY_STORED(x, name##_i32),    \
             const int64_t *: FASTLR_BY_STORED(x, name##_i64), int64_t *: FASTLR_BY_STORED(x, name##_i64))

#endif
