/* What newton_small_matrix.h asks of dense rows, for one storage type, FASTLR_VALUE; included once for each. */

/* plain[k length + r] = x_rk - centre_k: the first `width` columns of a block of C-ordered rows. */
static inline void FASTLR_OF(fastlr_pack_strip)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t width,
                                                ptrdiff_t rows, ptrdiff_t length, const double *centre, double *plain)
{
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t k = 0; k < width; k++)
            plain[k * length + r] = x[r * lay.row_stride + k] - centre[k];
}

/* A block of rows minus the centres column by column, columns `length` apart; C order is transposed in strips as wide
 * as a cache line. */
static inline void FASTLR_OF(fastlr_pack_columns)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t rows,
                                                  ptrdiff_t length, const double *centre, double *plain)
{
    if (lay.column_stride == 1) {
        ptrdiff_t j = 0;
        for (; j + 8 <= lay.p; j += 8)
            FASTLR_OF(fastlr_pack_strip)(x + j, lay, 8, rows, length, centre + j, plain + j * length);
        for (; j + 4 <= lay.p; j += 4)
            FASTLR_OF(fastlr_pack_strip)(x + j, lay, 4, rows, length, centre + j, plain + j * length);
        for (; j < lay.p; j++)
            FASTLR_OF(fastlr_pack_strip)(x + j, lay, 1, rows, length, centre + j, plain + j * length);
        return;
    }
    for (ptrdiff_t j = 0; j < lay.p; j++)
        for (ptrdiff_t r = 0; r < rows; r++)
            plain[j * length + r] = x[r + j * lay.column_stride] - centre[j];
}

/* A block of rows minus the centres, as it is and times h; zero from `rows` up to `length` and past the last column. */
static inline void FASTLR_OF(fastlr_pack_block)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t rows,
                                                ptrdiff_t length, const double *centre, const double *h, double *plain,
                                                double *scaled)
{
    FASTLR_OF(fastlr_pack_columns)(x, lay, rows, length, centre, plain);
    for (ptrdiff_t j = 0; j < lay.p; j++) {
        for (ptrdiff_t r = 0; r < rows; r++)
            scaled[j * length + r] = h[r] * plain[j * length + r];
        for (ptrdiff_t r = rows; r < length; r++) {
            plain[j * length + r] = 0.0;
            scaled[j * length + r] = 0.0;
        }
    }
    for (ptrdiff_t j = lay.p * length; j < fastlr_gram_tiles(lay.p) * FASTLR_GRAM_TILE * length; j++) {
        plain[j] = 0.0;
        scaled[j] = 0.0;
    }
}

/* Upper triangle of (X - 1 centre')' diag(h) (X - 1 centre'): centred before products are taken, so that columns far
 * from zero lose no digits. */
static inline void FASTLR_OF(fastlr_dense_gram)(const FASTLR_VALUE *x, const fastlr_small_matrix *X, const double *h,
                                                const double *centre, double *packing, double *out)
{
    const ptrdiff_t T = FASTLR_GRAM_TILE, tiles = fastlr_gram_tiles(X->p), most = fastlr_packed_rows(X->n);
    double *plain = packing, *scaled = plain + T * tiles * most, *sums = scaled + T * tiles * most;
    fastlr_clear(sums, fastlr_triangle_length(tiles));
    for (ptrdiff_t begin = 0, rows; begin < X->n; begin += rows) {
        rows = fastlr_shorter(most, X->n - begin);
        const ptrdiff_t length = fastlr_packed_rows(rows);
        FASTLR_OF(fastlr_pack_block)(x + begin * X->layout.row_stride, X->layout, rows, length, centre, h + begin,
                                     plain, scaled);
        for (ptrdiff_t i = 0; i < tiles; i++)
            for (ptrdiff_t k = 0; k <= i; k++)
                fastlr_dot_tile(length, plain + T * i * length, scaled + T * k * length,
                                sums + T * T * (i * (i + 1) / 2 + k));
    }
    for (ptrdiff_t i = 0; i < X->p; i++)
        for (ptrdiff_t k = 0; k <= i; k++)
            out[k * X->p + i] = sums[T * T * ((i / T) * (i / T + 1) / 2 + k / T) + T * (i % T) + k % T];
}

/* sum_ij weight_i x_ij^2 / l2_j */
static inline double FASTLR_OF(fastlr_dense_squares)(const FASTLR_VALUE *x, fastlr_layout lay, ptrdiff_t rows,
                                                     const double *weight, const double *l2, ptrdiff_t l2_step)
{
    double total = 0.0;
    if (lay.column_stride == 1 && l2_step == 0) {
        for (ptrdiff_t i = 0; i < rows; i++) {
            double of_row = 0.0;
            for (ptrdiff_t j = 0; j < lay.p; j++)
                of_row += (double)x[i * lay.row_stride + j] * x[i * lay.row_stride + j];
            total += weight[i] * of_row / l2[0];
        }
        return total;
    }
    for (ptrdiff_t j = 0; j < lay.p; j++) {
        double of_column = 0.0;
        for (ptrdiff_t i = 0; i < rows; i++)
            of_column += weight[i] * ((double)x[i * lay.row_stride + j * lay.column_stride]
                                      * x[i * lay.row_stride + j * lay.column_stride]);
        total += of_column / l2[j * l2_step];
    }
    return total;
}

#undef FASTLR_VALUE
#undef FASTLR_OF
