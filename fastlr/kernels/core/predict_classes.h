/* Predictions of K classes from K linear predictors in each row, a block of rows at a time: the linear predictors
 * themselves, probabilities and their logarithms, labels, the k most probable classes, losses.  Rules as in simd.h.
 *
 * An output function gets block number `block`, which is the rows begin..begin + rows (at most FASTLR_BLOCK), and writes
 * what it makes of their linear predictors, C order, to where these rows lie.  Storage is float or double; arithmetic is
 * double.
 *
 * With s = exp (softmax) or s = sigma (one-vs-rest) the probability of class j is s(eta_j) / sum_k s(eta_k).  It follows
 * from the tails e_j = s(eta_j) / s(eta_top) and their sum over j != top, the rest, as in special.h. */
#ifndef FASTLR_PREDICT_CLASSES_H
#define FASTLR_PREDICT_CLASSES_H

#include "predict.h"

#if defined(__GNUC__)
#define FASTLR_FETCH(address) __builtin_prefetch(address)
#else
#define FASTLR_FETCH(address) (void)(address)
#endif

/* Ask for K numbers that will be read soon. */
static inline void fastlr_fetch_row(ptrdiff_t K, const double *v)
{
    for (ptrdiff_t k = 0; k < K; k += 8)
        FASTLR_FETCH(v + k);
}

/* What links linear predictors to probabilities; with SIGMOID the classes do not exclude each other. */
enum { FASTLR_SOFTMAX, FASTLR_ONE_VS_REST, FASTLR_SIGMOID };

typedef struct {
    int link;
    void *out;            /* of all rows */
    int64_t *index;       /* class numbers: of the k most probable, or of positive linear predictors */
    ptrdiff_t k;          /* classes that are kept of each row */
    const int64_t *label; /* for losses: a class number of each row or, with SIGMOID, those of all its labels */
    const int64_t *start; /* where a row begins in `index` or `label`, if rows are of different length */
    const double *weight; /* for losses: of all rows; NULL stands for ones */
    double scale;         /* for losses: what weights are multiplied by */
} fastlr_class_target;

typedef void (*fastlr_class_output)(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K, const double *eta,
                                    double *scratch, const fastlr_class_target *to);

/* log sigma(eta) */
static inline double fastlr_log_expit(double eta)
{
    return (eta < 0.0 ? eta : 0.0) - fastlr_log1p_unit(fastlr_exp_neg(fabs(eta)));
}

/* *sum += x, and what rounding has left of x onto *slip (Knuth's two-sum). */
static inline void fastlr_two_sum(double x, double *sum, double *slip)
{
    double total = *sum + x;
    double taken = total - *sum;
    *slip += (*sum - (total - taken)) + (x - taken);
    *sum = total;
}

#define FASTLR_SUMS 8

/* The sum of K numbers, rounded once or nearly so: probabilities add up to one as well as their own rounding allows. */
static inline double fastlr_exact_sum(ptrdiff_t K, const double *x)
{
    double sum[FASTLR_SUMS] = {0.0}, slip[FASTLR_SUMS] = {0.0};
    ptrdiff_t j = 0;
    for (; j + FASTLR_SUMS <= K; j += FASTLR_SUMS) {
        FASTLR_SIMD
        for (int l = 0; l < FASTLR_SUMS; l++)
            fastlr_two_sum(x[j + l], sum + l, slip + l);
    }
    for (; j < K; j++)
        fastlr_two_sum(x[j], sum, slip);
    for (int l = 1; l < FASTLR_SUMS && K >= FASTLR_SUMS; l++) {
        fastlr_two_sum(sum[l], sum, slip);
        slip[0] += slip[l];
    }
    return sum[0] + slip[0];
}

/* Largest linear predictor of a row below which sigma is exp to the last bit (exp(-40) < 2^-57). */
#define FASTLR_ALL_RARE (-40.0)

/* The tails of one row whose sigma(eta_j) all may underflow: those of the softmax, and ones where all eta are -inf. */
static inline void fastlr_rare_tails(ptrdiff_t K, const double *eta, double m, double *tail)
{
    for (ptrdiff_t j = 0; j < K; j++)
        tail[j] = m > -INFINITY ? fastlr_tail(m, eta[j]) : (eta[j] == eta[j] ? 1.0 : eta[j]);
}

/* The tails of one-vs-rest: tail[i K + j] = sigma(eta_j) / sigma(eta_top) with 0 at j = top[i]. */
static inline void fastlr_sigmoid_tails(ptrdiff_t rows, ptrdiff_t K, const double *FASTLR_RESTRICT eta,
                                        ptrdiff_t *FASTLR_RESTRICT top, double *FASTLR_RESTRICT tail)
{
    fastlr_expit_block(rows * K, eta, tail);
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *x = eta + i * K;
        double *e = tail + i * K;
        ptrdiff_t t = fastlr_largest(K, x);
        double m = x[t], largest = e[t];
        if (m < FASTLR_ALL_RARE) {
            fastlr_rare_tails(K, x, m, e);
        } else {
            FASTLR_SIMD
            for (ptrdiff_t j = 0; j < K; j++)
                e[j] = e[j] / largest;
        }
        e[t] = m == m ? 0.0 : m;
        top[i] = t;
    }
}

/* The tails and their sums, of classes that exclude each other. */
static inline void fastlr_tails_of(int link, ptrdiff_t rows, ptrdiff_t K, const double *eta, ptrdiff_t *top,
                                   double *tail, double *rest)
{
    if (link == FASTLR_ONE_VS_REST)
        fastlr_sigmoid_tails(rows, K, eta, top, tail);
    else
        fastlr_tails(rows, K, eta, top, tail, rest);
    for (ptrdiff_t i = 0; i < rows; i++)
        rest[i] = fastlr_exact_sum(K, tail + i * K);
}

/* out_j = log(s(eta_j) / s(m)) for the largest linear predictor m of a row. */
static inline void fastlr_log_tails(int link, ptrdiff_t K, const double *FASTLR_RESTRICT eta, double m,
                                    double *FASTLR_RESTRICT out)
{
    double log_largest = fastlr_log_expit(m);
    if (link != FASTLR_ONE_VS_REST) {
        FASTLR_SIMD
        for (ptrdiff_t j = 0; j < K; j++)
            out[j] = eta[j] - m;
        return;
    }
    FASTLR_SIMD
    for (ptrdiff_t j = 0; j < K; j++)
        out[j] = m == -INFINITY ? 0.0 : fastlr_log_expit(eta[j]) - log_largest;
}

/* The order of classes in a row: largest first, then the earlier; NaN counts as -inf. */
static inline double fastlr_rank(double x) { return x == x ? x : -INFINITY; }

static inline int fastlr_comes_after(const double *x, int64_t i, int64_t j)
{
    double a = fastlr_rank(x[i]), b = fastlr_rank(x[j]);
    return a < b || (a == b && i > j);
}

static inline void fastlr_sift_down(const double *x, int64_t *heap, ptrdiff_t size, ptrdiff_t at)
{
    int64_t moved = heap[at];
    for (ptrdiff_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && fastlr_comes_after(x, heap[child + 1], heap[child]))
            child++;
        if (!fastlr_comes_after(x, heap[child], moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* The first k of the K classes of a row, in order: a heap whose root is the last of those found, then heapsort. */
static inline void fastlr_top(ptrdiff_t K, const double *x, ptrdiff_t k, int64_t *heap)
{
    double last;
    for (ptrdiff_t j = 0; j < k; j++)
        heap[j] = j;
    for (ptrdiff_t at = k / 2 - 1; at >= 0; at--)
        fastlr_sift_down(x, heap, k, at);
    last = fastlr_rank(x[heap[0]]);
    for (ptrdiff_t j = k; j < K; j++) {
        if (x[j] > last) {
            heap[0] = j;
            fastlr_sift_down(x, heap, k, 0);
            last = fastlr_rank(x[heap[0]]);
        }
    }
    for (ptrdiff_t size = k - 1; size > 0; size--) {
        int64_t worst = heap[0];
        heap[0] = heap[size];
        heap[size] = worst;
        fastlr_sift_down(x, heap, size, 0);
    }
}

/* write_lines: eta.  write_shares: probabilities.  write_log_shares: their logarithms, finite also where a probability
 * underflows.  write_top: the numbers of the k most probable classes, ties to the earlier, and their probabilities, with
 * the bits that write_shares gives them. */
#define FASTLR_CLASS_OUTPUTS(T, suffix)                                                                                \
    static void fastlr_write_lines_##suffix(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K,             \
                                            const double *FASTLR_RESTRICT eta, double *scratch,                        \
                                            const fastlr_class_target *to)                                             \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)to->out + begin * K;                                                             \
        (void)block, (void)scratch;                                                                                    \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t t = 0; t < rows * K; t++)                                                                       \
            out[t] = (T)eta[t];                                                                                        \
    }                                                                                                                  \
    static void fastlr_write_shares_##suffix(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K,            \
                                             const double *FASTLR_RESTRICT eta, double *FASTLR_RESTRICT scratch,       \
                                             const fastlr_class_target *to)                                            \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)to->out + begin * K;                                                             \
        ptrdiff_t top[FASTLR_BLOCK];                                                                                   \
        double rest[FASTLR_BLOCK];                                                                                     \
        (void)block;                                                                                                   \
        if (to->link == FASTLR_SIGMOID) {                                                                              \
            FASTLR_SIMD                                                                                                \
            for (ptrdiff_t t = 0; t < rows * K; t++)                                                                   \
                out[t] = (T)fastlr_expit(eta[t]);                                                                      \
            return;                                                                                                    \
        }                                                                                                              \
        fastlr_tails_of(to->link, rows, K, eta, top, scratch, rest);                                                   \
        for (ptrdiff_t i = 0; i < rows; i++) {                                                                         \
            double whole = 1.0 + rest[i];                                                                              \
            FASTLR_SIMD                                                                                                \
            for (ptrdiff_t j = 0; j < K; j++)                                                                          \
                out[i * K + j] = (T)(scratch[i * K + j] / whole);                                                      \
            out[i * K + top[i]] = (T)(1.0 / whole);                                                                    \
        }                                                                                                              \
    }                                                                                                                  \
    static void fastlr_write_log_shares_##suffix(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K,        \
                                                 const double *FASTLR_RESTRICT eta, double *FASTLR_RESTRICT scratch,   \
                                                 const fastlr_class_target *to)                                        \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)to->out + begin * K;                                                             \
        ptrdiff_t top[FASTLR_BLOCK];                                                                                   \
        double rest[FASTLR_BLOCK];                                                                                     \
        (void)block;                                                                                                   \
        if (to->link == FASTLR_SIGMOID) {                                                                              \
            FASTLR_SIMD                                                                                                \
            for (ptrdiff_t t = 0; t < rows * K; t++)                                                                   \
                out[t] = (T)fastlr_log_expit(eta[t]);                                                                  \
            return;                                                                                                    \
        }                                                                                                              \
        fastlr_tails_of(to->link, rows, K, eta, top, scratch, rest);                                                   \
        for (ptrdiff_t i = 0; i < rows; i++) {                                                                         \
            double likely = 0.0 - fastlr_log1p(rest[i]);                                                               \
            fastlr_log_tails(to->link, K, eta + i * K, eta[i * K + top[i]], scratch + i * K);                          \
            FASTLR_SIMD                                                                                                \
            for (ptrdiff_t j = 0; j < K; j++)                                                                          \
                out[i * K + j] = (T)(scratch[i * K + j] + likely);                                                     \
            out[i * K + top[i]] = (T)likely;                                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    static void fastlr_write_top_##suffix(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K,               \
                                          const double *FASTLR_RESTRICT eta, double *FASTLR_RESTRICT scratch,          \
                                          const fastlr_class_target *to)                                               \
    {                                                                                                                  \
        T *FASTLR_RESTRICT out = (T *)to->out + begin * to->k;                                                         \
        int64_t *FASTLR_RESTRICT index = to->index + begin * to->k;                                                    \
        ptrdiff_t top[FASTLR_BLOCK];                                                                                   \
        double rest[FASTLR_BLOCK];                                                                                     \
        (void)block;                                                                                                   \
        if (to->link != FASTLR_SIGMOID)                                                                                \
            fastlr_tails_of(to->link, rows, K, eta, top, scratch, rest);                                               \
        for (ptrdiff_t i = 0; i < rows; i++) {                                                                         \
            fastlr_top(K, eta + i * K, to->k, index + i * to->k);                                                      \
            for (ptrdiff_t t = i * to->k; t < (i + 1) * to->k; t++) {                                                  \
                if (to->link == FASTLR_SIGMOID)                                                                        \
                    out[t] = (T)fastlr_expit(eta[i * K + index[t]]);                                                   \
                else                                                                                                   \
                    out[t] = (T)((index[t] == top[i] ? 1.0 : scratch[i * K + index[t]]) / (1.0 + rest[i]));            \
            }                                                                                                          \
        }                                                                                                              \
    }

FASTLR_CLASS_OUTPUTS(double, f64)
FASTLR_CLASS_OUTPUTS(float, f32)

/* The class of the largest linear predictor, ties to the first, as int64. */
static void fastlr_write_class(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K, const double *eta,
                               double *scratch, const fastlr_class_target *to)
{
    (void)block, (void)scratch;
    for (ptrdiff_t i = 0; i < rows; i++)
        ((int64_t *)to->out)[begin + i] = fastlr_largest(K, eta + i * K);
}

/* 1 where eta > 0, else 0, as int64. */
static void fastlr_write_indicator(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K,
                                   const double *FASTLR_RESTRICT eta, double *scratch, const fastlr_class_target *to)
{
    int64_t *FASTLR_RESTRICT out = (int64_t *)to->out + begin * K;
    (void)block, (void)scratch;
    FASTLR_SIMD
    for (ptrdiff_t t = 0; t < rows * K; t++)
        out[t] = eta[t] > 0.0;
}

/* How many eta of a row are positive, as int64, and the classes of as many of these as fit between start[i] and
 * start[i + 1]. */
static void fastlr_list_positive(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K, const double *eta,
                                 double *scratch, const fastlr_class_target *to)
{
    (void)block, (void)scratch;
    for (ptrdiff_t i = 0; i < rows; i++) {
        int64_t *index = to->index + to->start[begin + i];
        int64_t room = to->start[begin + i + 1] - to->start[begin + i], count = 0;
        for (ptrdiff_t j = 0; j < K; j++) {
            if (eta[i * K + j] > 0.0) {
                if (count < room)
                    index[count] = j;
                count++;
            }
        }
        ((int64_t *)to->out)[begin + i] = count;
    }
}

/* Weighted sum of -log(probability of the label), one-vs-rest. */
static inline double fastlr_one_vs_rest_loss(ptrdiff_t rows, ptrdiff_t K, const double *eta, double *scratch,
                                             const int64_t *label, const double *weight, double scale)
{
    ptrdiff_t top[FASTLR_BLOCK];
    double rest[FASTLR_BLOCK], sum = 0.0;
    fastlr_tails_of(FASTLR_ONE_VS_REST, rows, K, eta, top, scratch, rest);
    for (ptrdiff_t i = 0; i < rows; i++) {
        const double *x = eta + i * K;
        double w = weight == NULL ? scale : scale * weight[i];
        double gap;
        fastlr_log_tails(FASTLR_ONE_VS_REST, 1, x + label[i], x[top[i]], &gap);
        gap = label[i] == top[i] ? 0.0 : gap;
        sum += w == 0.0 ? 0.0 : w * fastlr_log1p(rest[i]) - w * gap;
    }
    return sum;
}

/* Weighted sum of the log-losses of K labels that do not exclude each other. */
static inline double fastlr_label_losses(ptrdiff_t rows, ptrdiff_t K, const double *eta, double *scratch,
                                         const int64_t *label, const int64_t *start, const double *weight,
                                         double scale)
{
    double sum = 0.0;
    memset(scratch, 0, rows * K * sizeof(double));
    for (ptrdiff_t i = 0; i < rows; i++) {
        for (int64_t t = start[i]; t < start[i + 1]; t++)
            scratch[i * K + label[t]] = 1.0;
        sum += fastlr_log_loss_sum(K, scratch + i * K, eta + i * K, NULL, weight == NULL ? scale : scale * weight[i]);
    }
    return sum;
}

/* out[block] = sum_i scale weight_i loss_i, as double. */
static void fastlr_sum_losses(ptrdiff_t block, ptrdiff_t begin, ptrdiff_t rows, ptrdiff_t K, const double *eta,
                              double *scratch, const fastlr_class_target *to)
{
    const double *weight = to->weight == NULL ? NULL : to->weight + begin;
    double *out = (double *)to->out + block;
    if (to->link == FASTLR_SIGMOID)
        *out = fastlr_label_losses(rows, K, eta, scratch, to->label, to->start + begin, weight, to->scale);
    else if (to->link == FASTLR_ONE_VS_REST)
        *out = fastlr_one_vs_rest_loss(rows, K, eta, scratch, to->label + begin, weight, to->scale);
    else
        *out = fastlr_cross_entropy_block(rows, K, to->label + begin, NULL, eta, weight, 1.0, to->scale);
}

enum {
    FASTLR_LINES,
    FASTLR_SHARES,
    FASTLR_LOG_SHARES,
    FASTLR_TOP,
    FASTLR_CLASS,
    FASTLR_INDICATOR,
    FASTLR_POSITIVE,
    FASTLR_LOSSES
};

/* The function for a kind of output, with single-precision storage or without. */
static inline fastlr_class_output fastlr_find_class_output(int kind, int single)
{
    static const fastlr_class_output table[][2] = {
        {fastlr_write_lines_f64, fastlr_write_lines_f32},
        {fastlr_write_shares_f64, fastlr_write_shares_f32},
        {fastlr_write_log_shares_f64, fastlr_write_log_shares_f32},
        {fastlr_write_top_f64, fastlr_write_top_f32},
        {fastlr_write_class, fastlr_write_class},
        {fastlr_write_indicator, fastlr_write_indicator},
        {fastlr_list_positive, fastlr_list_positive},
        {fastlr_sum_losses, fastlr_sum_losses},
    };
    return table[kind][single];
}

#endif
