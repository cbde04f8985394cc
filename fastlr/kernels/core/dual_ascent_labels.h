/* Dual coordinate ascent of several labels at once: rows of X against weights of WIDTH labels side by side.
 *
 * WIDTH is 4, 8, 12 or 16, so that the sums of a row lie in registers and an entry of X meets one or two cache lines.
 * The arithmetic of a label does not depend on WIDTH or on its neighbours.
 */
#ifndef FASTLR_DUAL_ASCENT_LABELS_H
#define FASTLR_DUAL_ASCENT_LABELS_H

#include "loss_labels.h"
#include "storage.h"

#if defined(__GNUC__)
#define FASTLR_QUAD 4
typedef double fastlr_quad __attribute__((vector_size(32), aligned(8), may_alias));
#define FASTLR_PREFETCH(p) __builtin_prefetch(p, 1)
#else
#define FASTLR_QUAD 1
typedef double fastlr_quad;
#define FASTLR_PREFETCH(p)
#endif

/* Entries whose weights are fetched before they are needed. */
#define FASTLR_AHEAD 24

/* dot: out = sum_k x[k] W[index[k]] over begin..end;  add: W[index[k]] += x[k] inverse[step index[k]] change.
 * Weights of entries that come later are fetched (in add, where they are not yet in the cache: those of `ahead` entries
 * on, unless it is 0); `last` is the number of the last entry of X. */
#define FASTLR_LANE_ROW(suffix, type, index, WIDTH)                                                                    \
    static inline void fastlr_lane_dot_##suffix##_##WIDTH(const index *FASTLR_RESTRICT j,                              \
                                                          const type *FASTLR_RESTRICT x, ptrdiff_t begin,              \
                                                          ptrdiff_t end, ptrdiff_t last, const double *W, double *out) \
    {                                                                                                                  \
        fastlr_quad even[WIDTH / FASTLR_QUAD] = {0}, odd[WIDTH / FASTLR_QUAD] = {0};                                   \
        ptrdiff_t k = begin;                                                                                           \
        for (; k + 2 <= end; k += 2) {                                                                                 \
            const fastlr_quad *a = (const fastlr_quad *)(W + (ptrdiff_t)j[k] * WIDTH);                                 \
            const fastlr_quad *b = (const fastlr_quad *)(W + (ptrdiff_t)j[k + 1] * WIDTH);                             \
            for (int d = FASTLR_AHEAD; d < FASTLR_AHEAD + 2; d++) {                                                    \
                const double *next = W + (ptrdiff_t)j[k + d < last ? k + d : last] * WIDTH;                            \
                FASTLR_PREFETCH(next);                                                                                 \
                if (WIDTH > 8)                                                                                         \
                    FASTLR_PREFETCH(next + 8);                                                                         \
            }                                                                                                          \
            for (int v = 0; v < WIDTH / FASTLR_QUAD; v++) {                                                            \
                even[v] += (double)x[k] * a[v];                                                                        \
                odd[v] += (double)x[k + 1] * b[v];                                                                     \
            }                                                                                                          \
        }                                                                                                              \
        if (k < end) {                                                                                                 \
            const fastlr_quad *a = (const fastlr_quad *)(W + (ptrdiff_t)j[k] * WIDTH);                                 \
            for (int v = 0; v < WIDTH / FASTLR_QUAD; v++)                                                              \
                even[v] += (double)x[k] * a[v];                                                                        \
        }                                                                                                              \
        for (int v = 0; v < WIDTH / FASTLR_QUAD; v++)                                                                  \
            ((fastlr_quad *)out)[v] = even[v] + odd[v];                                                                \
    }                                                                                                                  \
    static inline void fastlr_lane_add_##suffix##_##WIDTH(                                                             \
        const index *FASTLR_RESTRICT j, const type *FASTLR_RESTRICT x, ptrdiff_t begin, ptrdiff_t end,                 \
        ptrdiff_t ahead, ptrdiff_t last, const double *FASTLR_RESTRICT inverse, ptrdiff_t step, const double *change,  \
        double *W)                                                                                                     \
    {                                                                                                                  \
        fastlr_quad c[WIDTH / FASTLR_QUAD];                                                                            \
        for (int v = 0; v < WIDTH / FASTLR_QUAD; v++)                                                                  \
            c[v] = ((const fastlr_quad *)change)[v];                                                                   \
        for (ptrdiff_t k = begin; k < end; k++) {                                                                      \
            fastlr_quad *w = (fastlr_quad *)(W + (ptrdiff_t)j[k] * WIDTH);                                             \
            double scale = inverse[step * (ptrdiff_t)j[k]] * (double)x[k];                                             \
            if (ahead) {                                                                                               \
                const double *next = W + (ptrdiff_t)j[k + ahead < last ? k + ahead : last] * WIDTH;                    \
                FASTLR_PREFETCH(next);                                                                                 \
                if (WIDTH > 8)                                                                                         \
                    FASTLR_PREFETCH(next + 8);                                                                         \
            }                                                                                                          \
            for (int v = 0; v < WIDTH / FASTLR_QUAD; v++)                                                              \
                w[v] += scale * c[v];                                                                                  \
        }                                                                                                              \
    }

#define FASTLR_LANE_ROWS(suffix, type, index)                                                                          \
    FASTLR_LANE_ROW(suffix, type, index, 4)                                                                            \
    FASTLR_LANE_ROW(suffix, type, index, 8)                                                                            \
    FASTLR_LANE_ROW(suffix, type, index, 12)                                                                           \
    FASTLR_LANE_ROW(suffix, type, index, 16)                                                                           \
    static inline void fastlr_lane_dot_##suffix(ptrdiff_t width, const index *j, const type *x, ptrdiff_t begin,       \
                                                ptrdiff_t end, ptrdiff_t last, const double *W, double *out)           \
    {                                                                                                                  \
        switch (width) {                                                                                               \
        case 4: fastlr_lane_dot_##suffix##_4(j, x, begin, end, last, W, out); break;                                   \
        case 8: fastlr_lane_dot_##suffix##_8(j, x, begin, end, last, W, out); break;                                   \
        case 12: fastlr_lane_dot_##suffix##_12(j, x, begin, end, last, W, out); break;                                 \
        default: fastlr_lane_dot_##suffix##_16(j, x, begin, end, last, W, out);                                        \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void fastlr_lane_add_##suffix(ptrdiff_t width, const index *j, const type *x, ptrdiff_t begin,       \
                                                ptrdiff_t end, ptrdiff_t ahead, ptrdiff_t last, const double *inverse, \
                                                ptrdiff_t step, const double *change, double *W)                       \
    {                                                                                                                  \
        switch (width) {                                                                                               \
        case 4: fastlr_lane_add_##suffix##_4(j, x, begin, end, ahead, last, inverse, step, change, W); break;          \
        case 8: fastlr_lane_add_##suffix##_8(j, x, begin, end, ahead, last, inverse, step, change, W); break;          \
        case 12: fastlr_lane_add_##suffix##_12(j, x, begin, end, ahead, last, inverse, step, change, W); break;        \
        default: fastlr_lane_add_##suffix##_16(j, x, begin, end, ahead, last, inverse, step, change, W);               \
        }                                                                                                              \
    }
FASTLR_LANE_ROWS(i32_f64, double, int32_t)
FASTLR_LANE_ROWS(i64_f64, double, int64_t)
FASTLR_LANE_ROWS(i32_f32, float, int32_t)
FASTLR_LANE_ROWS(i64_f32, float, int64_t)

#define fastlr_lane_dot(width, j, x, begin, end, last, W, out)                                                         \
    FASTLR_BY_INDEX_AND_VALUE(j, x, fastlr_lane_dot)(width, j, x, begin, end, last, W, out)
#define fastlr_lane_add(width, j, x, begin, end, ahead, last, inverse, step, change, W)                                \
    FASTLR_BY_INDEX_AND_VALUE(j, x, fastlr_lane_add)(width, j, x, begin, end, ahead, last, inverse, step, change, W)

#define FASTLR_MOST_LANES 16
/* Of Newton's method or bisection in one row; share of the distance to the root that may be left: as in
 * dual_ascent.pyx. */
#define FASTLR_ROW_STEPS 100
#define FASTLR_ROW_ENOUGH 0.1
#define FASTLR_ROW_RESOLVED 1e-15

/* Maximise the dual of each label in one row, given x_i . w + intercept in `change`, which becomes minus the change of
 * weight r.  As `ascend` of dual_ascent.pyx, label by label: each stands still once it has arrived. */
static inline void fastlr_ascend_lanes(ptrdiff_t width, double norm, double own, double weight,
                                       const double *FASTLR_RESTRICT factor, const uint8_t *FASTLR_RESTRICT label,
                                       double *FASTLR_RESTRICT z, double *FASTLR_RESTRICT r,
                                       double *FASTLR_RESTRICT change, double *FASTLR_RESTRICT gain)
{
    double s[FASTLR_MOST_LANES], a[FASTLR_MOST_LANES], c[FASTLR_MOST_LANES], error[FASTLR_MOST_LANES];
    double low[FASTLR_MOST_LANES], high[FASTLR_MOST_LANES], tolerance[FASTLR_MOST_LANES];
    double at[FASTLR_MOST_LANES], new[FASTLR_MOST_LANES], moving[FASTLR_MOST_LANES], left;
    FASTLR_SIMD
    for (ptrdiff_t k = 0; k < width; k++) {
        double y = label[k];
        s[k] = fastlr_label_weight(weight, factor, width, k, y);
        a[k] = s[k] * norm;
        double eta = change[k] - s[k] * r[k] * own;
        error[k] = eta - z[k];
        c[k] = eta + a[k] * r[k];
        low[k] = c[k] - a[k] * (1.0 - y);
        high[k] = c[k] + a[k] * y;
        tolerance[k] = FASTLR_ROW_ENOUGH * fabs(error[k]) + FASTLR_ROW_RESOLVED * (fabs(z[k]) + a[k]);
        double first = z[k] + error[k] / (1.0 + a[k] * (y + r[k]) * (1.0 - y - r[k]));
        first = first < high[k] ? first : high[k];
        at[k] = first > low[k] ? first : low[k];
        moving[k] = 1.0;
        new[k] = r[k];
    }
    for (int step = 0; step < FASTLR_ROW_STEPS; step++) {
        left = 0.0;
        FASTLR_SIMD_SUM(left)
        for (ptrdiff_t k = 0; k < width; k++) {
            double y = label[k], found = fastlr_residual(at[k], y), miss = at[k] + a[k] * found - c[k];
            double above = miss > 0.0 ? at[k] : high[k], below = miss > 0.0 ? low[k] : at[k];
            double next = at[k] - miss / (1.0 + a[k] * (y + found) * (1.0 - y - found));
            double inside = next > below ? next : 0.5 * (below + above);
            next = next < above ? inside : 0.5 * (below + above);
            double was = moving[k], still = fabs(miss) <= tolerance[k] ? 0.0 : was;
            new[k] = was > 0.0 ? found : new[k];
            high[k] = above;
            low[k] = below;
            at[k] = still > 0.0 ? next : at[k];
            moving[k] = still;
            left += still;
        }
        if (left == 0.0)
            break;
    }
    FASTLR_SIMD
    for (ptrdiff_t k = 0; k < width; k++) {
        double moved = s[k] * (new[k] - r[k]);
        gain[k] += 0.5 * error[k] * moved;
        z[k] = at[k];
        r[k] = new[k];
        change[k] = -moved;
    }
}

#endif
