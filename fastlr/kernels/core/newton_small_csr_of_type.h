/* What newton_small_matrix.h asks of CSR rows, for one storage type, FASTLR_INDEX and FASTLR_VALUE; included once for
 * each. */

/* out[i] = x_i . v */
static inline void FASTLR_OF(fastlr_csr_dot)(const FASTLR_VALUE *data, const FASTLR_INDEX *indices,
                                             const FASTLR_INDEX *indptr, ptrdiff_t rows, const double *v, double *out)
{
    for (ptrdiff_t i = 0; i < rows; i++)
        out[i] = fastlr_slice_dot(indices, data, indptr[i], indptr[i + 1], v);
}

/* g += sum_i u_i x_i */
static inline void FASTLR_OF(fastlr_csr_add)(const FASTLR_VALUE *data, const FASTLR_INDEX *indices,
                                             const FASTLR_INDEX *indptr, ptrdiff_t rows, const double *u, double *g)
{
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t k = indptr[i]; k < indptr[i + 1]; k++)
            g[indices[k]] += u[i] * data[k];
}

/* sum_ij weight_i x_ij^2 / l2_j */
static inline double FASTLR_OF(fastlr_csr_squares)(const FASTLR_VALUE *data, const FASTLR_INDEX *indices,
                                                   const FASTLR_INDEX *indptr, ptrdiff_t rows, const double *weight,
                                                   const double *l2, ptrdiff_t l2_step)
{
    double total = 0.0;
    for (ptrdiff_t i = 0; i < rows; i++) {
        double of_row = 0.0;
        for (ptrdiff_t k = indptr[i]; k < indptr[i + 1]; k++)
            of_row += (double)data[k] * data[k] / l2[indices[k] * l2_step];
        total += weight[i] * of_row;
    }
    return total;
}

/* Upper triangle of X' diag(h) X; indices in any order, none twice in a row. */
static inline void FASTLR_OF(fastlr_csr_gram)(const FASTLR_VALUE *data, const FASTLR_INDEX *indices,
                                              const FASTLR_INDEX *indptr, ptrdiff_t n, ptrdiff_t p, const double *h,
                                              double *out)
{
    fastlr_clear(out, p * p);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t a = indptr[i]; a < indptr[i + 1]; a++) {
            double scale = h[i] * data[a];
            for (ptrdiff_t b = indptr[i]; b <= a; b++) {
                ptrdiff_t j = indices[a], k = indices[b];
                out[j < k ? j * p + k : k * p + j] += scale * data[b];
            }
        }
}

#undef FASTLR_INDEX
#undef FASTLR_VALUE
#undef FASTLR_OF
