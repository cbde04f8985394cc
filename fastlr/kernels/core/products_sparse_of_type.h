/* The functions of products_sparse.h for one storage type: FASTLR_INDEX and FASTLR_VALUE, FASTLR_ENTRY(data, k) being
 * value k; included once for each. */

#define FASTLR_RANGE_BEGIN(i) (t == 0 ? indptr[i] : splits[(i) * n_splits + t - 1])
#define FASTLR_RANGE_END(i) (t == n_splits ? indptr[(i) + 1] : splits[(i) * n_splits + t])

/* Slice begin..end times v.  Four sums hide the latency of the gathers; left scalar on purpose: vector gathers are
 * slower here. */
static inline double FASTLR_OF(fastlr_slice_dot)(const FASTLR_INDEX *index, const FASTLR_VALUE *data, ptrdiff_t begin,
                                                 ptrdiff_t end, const double *v)
{
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    ptrdiff_t k = begin;
    for (; k + 4 <= end; k += 4) {
        a = a + FASTLR_ENTRY(data, k) * v[index[k]];
        b = b + FASTLR_ENTRY(data, k + 1) * v[index[k + 1]];
        c = c + FASTLR_ENTRY(data, k + 2) * v[index[k + 2]];
        d = d + FASTLR_ENTRY(data, k + 3) * v[index[k + 3]];
    }
    for (; k < end; k++)
        a = a + FASTLR_ENTRY(data, k) * v[index[k]];
    return (a + b) + (c + d);
}

/* out[j] += sum_i u_i x_ij over slices begin..end and the entries of minor range t. */
static inline void FASTLR_OF(fastlr_scatter_rows)(const FASTLR_INDEX *indptr, const FASTLR_INDEX *index,
                                                  const FASTLR_VALUE *data, const FASTLR_INDEX *splits,
                                                  ptrdiff_t n_splits, ptrdiff_t t, ptrdiff_t begin, ptrdiff_t end,
                                                  const double *u, double *out)
{
    for (ptrdiff_t i = begin; i < end; i++) {
        double scale = u[i];
        if (scale == 0.0)
            continue;
        ptrdiff_t last = FASTLR_RANGE_END(i);
        for (ptrdiff_t k = FASTLR_RANGE_BEGIN(i); k < last; k++)
            out[index[k]] += scale * FASTLR_ENTRY(data, k);
    }
}

/* The same over slices 0..n; entries that meet a zero of u are read too, so that NaN there comes through. */
static inline void FASTLR_OF(fastlr_scatter_all_rows)(const FASTLR_INDEX *indptr, const FASTLR_INDEX *index,
                                                      const FASTLR_VALUE *data, const FASTLR_INDEX *splits,
                                                      ptrdiff_t n_splits, ptrdiff_t t, ptrdiff_t n, const double *u,
                                                      double *out)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t last = FASTLR_RANGE_END(i);
        for (ptrdiff_t k = FASTLR_RANGE_BEGIN(i); k < last; k++)
            out[index[k]] += u[i] * FASTLR_ENTRY(data, k);
    }
}

/* out[j] += sum_i d_i x_ij^2 over slices begin..end and the entries of minor range t. */
static inline void FASTLR_OF(fastlr_scatter_squares_rows)(const FASTLR_INDEX *indptr, const FASTLR_INDEX *index,
                                                          const FASTLR_VALUE *data, const FASTLR_INDEX *splits,
                                                          ptrdiff_t n_splits, ptrdiff_t t, ptrdiff_t begin,
                                                          ptrdiff_t end, const double *d, double *out)
{
    for (ptrdiff_t i = begin; i < end; i++) {
        ptrdiff_t last = FASTLR_RANGE_END(i);
        for (ptrdiff_t k = FASTLR_RANGE_BEGIN(i); k < last; k++) {
            double x = FASTLR_ENTRY(data, k);
            out[index[k]] += d[i] * (x * x);
        }
    }
}

/* out[j] += sum_i d_i |x_ij| over slices 0..n and the entries of minor range t. */
static inline void FASTLR_OF(fastlr_scatter_absolute_rows)(const FASTLR_INDEX *indptr, const FASTLR_INDEX *index,
                                                           const FASTLR_VALUE *data, const FASTLR_INDEX *splits,
                                                           ptrdiff_t n_splits, ptrdiff_t t, ptrdiff_t n,
                                                           const double *d, double *out)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t last = FASTLR_RANGE_END(i);
        for (ptrdiff_t k = FASTLR_RANGE_BEGIN(i); k < last; k++)
            out[index[k]] += d[i] * fabs(FASTLR_ENTRY(data, k));
    }
}

/* out[i] += x_i . v + shift over slices begin..end. */
static inline void FASTLR_OF(fastlr_gather_block)(const FASTLR_INDEX *indptr, const FASTLR_INDEX *index,
                                                  const FASTLR_VALUE *data, ptrdiff_t begin, ptrdiff_t end,
                                                  const double *v, double shift, double *out)
{
    for (ptrdiff_t i = begin; i < end; i++)
        out[i] += FASTLR_OF(fastlr_slice_dot)(index, data, indptr[i], indptr[i + 1], v) + shift;
}

#undef FASTLR_RANGE_BEGIN
#undef FASTLR_RANGE_END
#undef FASTLR_INDEX
#undef FASTLR_VALUE
#undef FASTLR_ENTRY
#undef FASTLR_OF
