/* Blocks of n rows of a dense X that has unit stride along one axis; only the functions here know along which. */
#ifndef FASTLR_DENSE_BLOCKS_H
#define FASTLR_DENSE_BLOCKS_H

#include "dense_rows.h"

typedef struct {
    ptrdiff_t p;             /* columns */
    ptrdiff_t row_stride;    /* numbers from a row to the next */
    ptrdiff_t column_stride; /* numbers from a column to the next; one of the two is 1 */
    ptrdiff_t block;         /* rows that a pass takes at a time */
} fastlr_layout;

#define FASTLR_VALUE double
#define FASTLR_OF(name) name##_f64
#include "dense_blocks_of_type.h"
#define FASTLR_VALUE float
#define FASTLR_OF(name) name##_f32
#include "dense_blocks_of_type.h"

#define fastlr_block_dot(x, lay, n, v, out) FASTLR_BY_VALUE(x, fastlr_block_dot)(x, lay, n, v, out)
#define fastlr_whole_dot(x, lay, n, v, shift, out) FASTLR_BY_VALUE(x, fastlr_whole_dot)(x, lay, n, v, shift, out)
#define fastlr_block_axpy(x, lay, n, u, g) FASTLR_BY_VALUE(x, fastlr_block_axpy)(x, lay, n, u, g)
#define fastlr_block_axpy_pair(x, lay, n, u, d, g) FASTLR_BY_VALUE(x, fastlr_block_axpy_pair)(x, lay, n, u, d, g)
#define fastlr_block_squares(x, lay, n, d, g) FASTLR_BY_VALUE(x, fastlr_block_squares)(x, lay, n, d, g)

#endif
