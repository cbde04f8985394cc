/* Slices of a compressed sparse X: rows of CSR, columns of CSC.
 *
 * An X whose values are all equal has int64 `data`: data[0] holds the bits of that double.  Threads that share a minor
 * axis take ranges of it: splits[i n_splits + t - 1] is where range t begins in slice i; range 0 begins with the slice,
 * range n_splits ends with it.
 */
#ifndef FASTLR_SPARSE_SLICES_H
#define FASTLR_SPARSE_SLICES_H

#include <math.h>

#include "simd.h"
#include "storage.h"

#define FASTLR_INDEX int32_t
#define FASTLR_VALUE float
#define FASTLR_ENTRY(data, k) ((double)data[k])
#define FASTLR_OF(name) name##_i32_f32
#include "products_sparse_of_type.h"
#define FASTLR_INDEX int64_t
#define FASTLR_VALUE float
#define FASTLR_ENTRY(data, k) ((double)data[k])
#define FASTLR_OF(name) name##_i64_f32
#include "products_sparse_of_type.h"
#define FASTLR_INDEX int32_t
#define FASTLR_VALUE double
#define FASTLR_ENTRY(data, k) data[k]
#define FASTLR_OF(name) name##_i32_f64
#include "products_sparse_of_type.h"
#define FASTLR_INDEX int64_t
#define FASTLR_VALUE double
#define FASTLR_ENTRY(data, k) data[k]
#define FASTLR_OF(name) name##_i64_f64
#include "products_sparse_of_type.h"
#define FASTLR_INDEX int32_t
#define FASTLR_VALUE int64_t
#define FASTLR_ENTRY(data, k) (*(const double *)data)
#define FASTLR_OF(name) name##_i32_same
#include "products_sparse_of_type.h"
#define FASTLR_INDEX int64_t
#define FASTLR_VALUE int64_t
#define FASTLR_ENTRY(data, k) (*(const double *)data)
#define FASTLR_OF(name) name##_i64_same
#include "products_sparse_of_type.h"

#define fastlr_slice_dot(index, data, begin, end, v)                                                                   \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_slice_dot)(index, data, begin, end, v)
#define fastlr_scatter_rows(indptr, index, data, splits, n_splits, t, begin, end, u, out)                              \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_scatter_rows)                                                       \
    (indptr, index, data, splits, n_splits, t, begin, end, u, out)
#define fastlr_scatter_all_rows(indptr, index, data, splits, n_splits, t, n, u, out)                                   \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_scatter_all_rows)                                                   \
    (indptr, index, data, splits, n_splits, t, n, u, out)
#define fastlr_scatter_squares_rows(indptr, index, data, splits, n_splits, t, begin, end, d, out)                      \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_scatter_squares_rows)                                               \
    (indptr, index, data, splits, n_splits, t, begin, end, d, out)
#define fastlr_scatter_absolute_rows(indptr, index, data, splits, n_splits, t, n, d, out)                              \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_scatter_absolute_rows)                                              \
    (indptr, index, data, splits, n_splits, t, n, d, out)
#define fastlr_gather_block(indptr, index, data, begin, end, v, shift, out)                                            \
    FASTLR_BY_INDEX_AND_STORED(index, data, fastlr_gather_block)(indptr, index, data, begin, end, v, shift, out)

#endif
