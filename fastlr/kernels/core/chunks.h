/* Sums over chunks of rows, each of which has a row of `partial` (n_chunks, p) to itself. */
#ifndef FASTLR_CHUNKS_H
#define FASTLR_CHUNKS_H

#include <stddef.h>

/* out[j] = sum_c partial[c p + j] for begin <= j < end, in order. */
static inline void fastlr_add_chunks(const double *partial, ptrdiff_t n_chunks, ptrdiff_t p, ptrdiff_t begin,
                                     ptrdiff_t end, double *out)
{
    for (ptrdiff_t j = begin; j < end; j++)
        out[j] = partial[j];
    for (ptrdiff_t c = 1; c < n_chunks; c++)
        for (ptrdiff_t j = begin; j < end; j++)
            out[j] += partial[c * p + j];
}

#endif
