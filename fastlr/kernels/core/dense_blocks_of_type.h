/* The functions of dense_blocks.h for one storage type, FASTLR_VALUE; included once for each. */

/* out[i] = x_i . v */
static inline void FASTLR_OF(fastlr_block_dot)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t n, const double *v,
                                               double *out)
{
    if (lay.column_stride == 1) {
        ptrdiff_t i = 0;
        for (; i + 4 <= n; i += 4)
            fastlr_dot4(x + i * lay.row_stride, lay.row_stride, v, lay.p, out + i);
        for (; i < n; i++)
            out[i] = fastlr_dot(x + i * lay.row_stride, v, lay.p);
        return;
    }
    fastlr_clear(out, n);
    for (ptrdiff_t j = 0; j < lay.p; j++)
        if (v[j] != 0.0)
            fastlr_axpy(v[j], x + j * lay.column_stride, n, out);
}

/* out[i] = x_i . v + shift; entries that meet a zero of v are read too, so that NaN there comes through. */
static inline void FASTLR_OF(fastlr_whole_dot)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t n, const double *v,
                                               double shift, double *out)
{
    if (lay.column_stride == 1) {
        FASTLR_OF(fastlr_block_dot)(x, lay, n, v, out);
        for (ptrdiff_t i = 0; i < n; i++)
            out[i] += shift;
        return;
    }
    ptrdiff_t j = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = shift;
    for (; j + 4 <= lay.p; j += 4)
        fastlr_axpy4(x + j * lay.column_stride, lay.column_stride, v + j, n, out);
    for (; j < lay.p; j++)
        fastlr_axpy(v[j], x + j * lay.column_stride, n, out);
}

/* g += sum_i u_i x_i */
static inline void FASTLR_OF(fastlr_block_axpy)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t n, const double *u,
                                                double *g)
{
    if (lay.column_stride == 1) {
        ptrdiff_t i = 0;
        for (; i + 4 <= n; i += 4)
            fastlr_axpy4(x + i * lay.row_stride, lay.row_stride, u + i, lay.p, g);
        for (; i < n; i++)
            fastlr_axpy(u[i], x + i * lay.row_stride, lay.p, g);
        return;
    }
    for (ptrdiff_t j = 0; j < lay.p; j++)
        g[j] += fastlr_dot(x + j * lay.column_stride, u, n);
}

/* g[:p] += sum_i u_i x_i,  g[p:] += sum_i d_i x_i */
static inline void FASTLR_OF(fastlr_block_axpy_pair)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t n,
                                                     const double *u, const double *d, double *g)
{
    if (lay.column_stride == 1) {
        for (ptrdiff_t i = 0; i < n; i++)
            fastlr_axpy_pair(u[i], d[i], x + i * lay.row_stride, lay.p, g, g + lay.p);
        return;
    }
    for (ptrdiff_t j = 0; j < lay.p; j++) {
        g[j] += fastlr_dot(x + j * lay.column_stride, u, n);
        g[lay.p + j] += fastlr_dot(x + j * lay.column_stride, d, n);
    }
}

/* g[j] += sum_i d_i x_ij^2 */
static inline void FASTLR_OF(fastlr_block_squares)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t n,
                                                   const double *d, double *g)
{
    if (lay.column_stride == 1) {
        for (ptrdiff_t i = 0; i < n; i++)
            fastlr_axpy_squares(d[i], x + i * lay.row_stride, lay.p, g);
        return;
    }
    for (ptrdiff_t j = 0; j < lay.p; j++)
        g[j] += fastlr_dot_squares(x + j * lay.column_stride, d, n);
}

#undef FASTLR_VALUE
#undef FASTLR_OF
