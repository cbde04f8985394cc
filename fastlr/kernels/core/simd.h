/* Vector mathematics for the kernels: exp, log1p, log; the logistic loss on a block of rows; dense dot and axpy.
 *
 * Everything here is static inline, branch-free in its hot loops and free of state, so that the same source,
 * compiled once per CPU level, becomes SSE2, AVX2 + FMA or AVX-512 code.  No function allocates.  All arithmetic is
 * double, whatever X is stored in.  -ffast-math must stay off: the rounding shift in fastlr_exp_neg relies on IEEE
 * addition.
 */
#ifndef FASTLR_SIMD_H
#define FASTLR_SIMD_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define FASTLR_RESTRICT __restrict
#define FASTLR_SIMD
#define FASTLR_SIMD_SUM(...)
#else
#define FASTLR_RESTRICT restrict
#define FASTLR_PRAGMA(text) _Pragma(#text)
#define FASTLR_SIMD FASTLR_PRAGMA(omp simd)
#define FASTLR_SIMD_SUM(...) FASTLR_PRAGMA(omp simd reduction(+ : __VA_ARGS__))
#endif

/* Rows handled at a time: their linear predictors, residuals and weights stay in the first-level cache. */
#define FASTLR_BLOCK 64

static inline uint64_t fastlr_bits(double x) { uint64_t u; memcpy(&u, &x, sizeof u); return u; }
static inline double fastlr_double(uint64_t u) { double x; memcpy(&x, &u, sizeof x); return x; }

/* exp(-a) for a >= 0 (NaN stays NaN), within 1 ulp down to the smallest subnormal.
 *
 * -a = k ln 2 + r with |r| <= ln(2)/2; exp(r) = 1 + r + r^2 q(r), q minimax of degree 9 (relative error 1.2e-17).
 * a > 746 gives 0 in double, so it is cut there.  2^k is applied as two factors that are normal numbers for every
 * k >= -1076: one rounding, also where the result is subnormal.  (A choice depending on k would be jump-threaded by
 * gcc 12, which doubles all that follows.) */
static inline double fastlr_exp_neg(double a)
{
    const double shift = 0x1.8p52;
    double cut = a > 746.0 ? 746.0 : a;
    double x = -cut;
    double shifted = x * 0x1.71547652b82fep0 + shift;
    double halved = x * 0x1.71547652b82fep-1 + shift;
    double k = shifted - shift;
    double r = (x - k * 0x1.62e42fefa3800p-1) - k * 0x1.ef35793c76730p-45;
    double first = fastlr_double((fastlr_bits(halved) + 1023) << 52);
    double second = fastlr_double((fastlr_bits(shifted) - fastlr_bits(halved) + 1023) << 52);
    double q = 2.510038549551032e-08;
    q = q * r + 2.7620088445409746e-07;
    q = q * r + 2.7557268459997064e-06;
    q = q * r + 2.4801521295954376e-05;
    q = q * r + 0.00019841269863053618;
    q = q * r + 0.0013888888917213717;
    q = q * r + 0.0083333333333300615;
    q = q * r + 0.041666666666624129;
    q = q * r + 0.16666666666666669;
    q = q * r + 0.50000000000000011;
    q = 1.0 + (r + r * r * q);
    return q * first * second;
}

/* log(1 + e) for 0 <= e <= 1, relative error below 2 ulp: 2 atanh(s), s = e / (2 + e) <= 1/3.  e is doubled, which is
 * exact also where it is subnormal: log1p(5e-324) is 5e-324. */
static inline double fastlr_log1p_unit(double e)
{
    double d = (e + e) / (2.0 + e);
    double z = 0.25 * d * d;
    double q = 0.080820228059717655;
    q = q * z + 0.044003692430723371;
    q = q * z + 0.060005364047953563;
    q = q * z + 0.066570721048274675;
    q = q * z + 0.076927850324793115;
    q = q * z + 0.090908947180664293;
    q = q * z + 0.11111111358713932;
    q = q * z + 0.14285714283554379;
    q = q * z + 0.20000000000007292;
    q = q * z + 0.33333333333333331;
    return d + d * (z * q);
}

/* log(u) for a normal positive u, relative error below 2 ulp away from u = 1 and absolute 2e-16 near it:
 * u = 2^k m with sqrt(1/2) <= m < sqrt(2), log m = 2 atanh((m - 1) / (m + 1)). */
static inline double fastlr_log(double u)
{
    uint64_t bits = fastlr_bits(u) + (0x3ff0000000000000ULL - 0x3fe6a09e667f3bcdULL);
    uint64_t biased = bits >> 52;
    double k = fastlr_double(biased | 0x4330000000000000ULL) - (0x1p52 + 1023.0);
    double m = fastlr_double((bits & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL);
    double s = (m - 1.0) / (m + 1.0);
    double z = s * s;
    double q = 0.073082882108221933;
    q = q * z + 0.076658556733364983;
    q = q * z + 0.090914447168787577;
    q = q * z + 0.11111105565280363;
    q = q * z + 0.14285714313000714;
    q = q * z + 0.19999999999949725;
    q = q * z + 0.33333333333333348;
    return k * 0x1.62e42fefa3800p-1 + (k * 0x1.ef35793c76730p-45 + 2.0 * (s + s * z * q));
}

/* u log u for 0 <= u <= 1, with 0 log 0 = 0. */
static inline double fastlr_xlogx(double u) { return u * fastlr_log(u > 1e-300 ? u : 1e-300); }

/* The logistic function and what goes with it, from one exponential:
 * with e = exp(-|eta|),  sigma(|eta|) = 1 / (1 + e),  sigma(-|eta|) = e / (1 + e),
 * log(1 + exp(eta)) = max(eta, 0) + log1p(e),  sigma'(eta) = e / (1 + e)^2. */
static inline double fastlr_expit(double eta)
{
    double e = fastlr_exp_neg(fabs(eta));
    double big = 1.0 / (1.0 + e);
    return eta < 0.0 ? e * big : big;
}

static inline double fastlr_expit_derivative(double eta)
{
    double e = fastlr_exp_neg(fabs(eta));
    double big = 1.0 / (1.0 + e);
    return e * big * big;
}

/* log(1 + exp(eta)) - y eta for 0 <= y <= 1; written so that y in {0, 1} loses no digit to cancellation. */
static inline double fastlr_loss(double eta, double y)
{
    double a = fabs(eta);
    double wrong = eta > 0.0 ? 1.0 - y : y;
    /* wrong == 0 must give 0 also for |eta| = inf */
    return fastlr_log1p_unit(fastlr_exp_neg(a)) + (wrong > 0.0 ? wrong * a : 0.0);
}

/* sigma(eta) - y, as (1 - y) sigma(eta) - y sigma(-eta): exact to the last digits where sigma(eta) is near y. */
static inline double fastlr_residual(double eta, double y)
{
    double e = fastlr_exp_neg(fabs(eta));
    double big = 1.0 / (1.0 + e);
    double small = e * big;
    double up = eta < 0.0 ? small : big;
    double down = eta < 0.0 ? big : small;
    return (1.0 - y) * up - y * down;
}

/* Kullback-Leibler divergence of Bernoulli(u) from Bernoulli(sigma(eta)):
 * u log u + (1 - u) log(1 - u) + log(1 + exp(eta)) - u eta. */
static inline double fastlr_divergence(double u, double eta)
{
    return fastlr_xlogx(u) + fastlr_xlogx(1.0 - u) + fastlr_loss(eta, u);
}

/* One block (n <= FASTLR_BLOCK rows): residual[i] = weight[i] (sigma(eta_i) - y_i),
 * curvature[i] = weight[i] sigma'(eta_i); returns sum_i weight[i] loss(eta_i, y_i). */
static inline double fastlr_logistic_block(
    ptrdiff_t n, const double *FASTLR_RESTRICT eta, const double *FASTLR_RESTRICT y,
    const double *FASTLR_RESTRICT weight, double *FASTLR_RESTRICT residual, double *FASTLR_RESTRICT curvature)
{
    double sum = 0.0;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = fabs(eta[i]);
        double e = fastlr_exp_neg(a);
        double big = 1.0 / (1.0 + e);
        double small = e * big;
        double up = eta[i] < 0.0 ? small : big;
        double down = eta[i] < 0.0 ? big : small;
        double wrong = eta[i] > 0.0 ? 1.0 - y[i] : y[i];
        sum += weight[i] * (fastlr_log1p_unit(e) + (wrong > 0.0 ? wrong * a : 0.0));
        residual[i] = weight[i] * ((1.0 - y[i]) * up - y[i] * down);
        curvature[i] = weight[i] * small * big;
    }
    return sum;
}

/* sum_i weight[i] loss(eta_i + t Xd_i, y_i) */
static inline double fastlr_loss_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                                       const double *FASTLR_RESTRICT Xd, double t,
                                       const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT weight)
{
    double sum = 0.0;
    FASTLR_SIMD_SUM(sum)
    for (ptrdiff_t i = 0; i < n; i++)
        sum += weight[i] * fastlr_loss(eta[i] + t * Xd[i], y[i]);
    return sum;
}

/* First and second derivative of sum_i weight[i] loss(eta_i + shift, y_i) in shift. */
static inline void fastlr_slope_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta, double shift,
                                      const double *FASTLR_RESTRICT y, const double *FASTLR_RESTRICT weight,
                                      double *FASTLR_RESTRICT first, double *FASTLR_RESTRICT second)
{
    double a = 0.0, b = 0.0;
    FASTLR_SIMD_SUM(a, b)
    for (ptrdiff_t i = 0; i < n; i++) {
        double x = eta[i] + shift;
        double e = fastlr_exp_neg(fabs(x));
        double big = 1.0 / (1.0 + e);
        double small = e * big;
        double up = x < 0.0 ? small : big;
        double down = x < 0.0 ? big : small;
        a += weight[i] * ((1.0 - y[i]) * up - y[i] * down);
        b += weight[i] * small * big;
    }
    *first = a;
    *second = b;
}

/* sum_i weight[i] KL(u_i || sigma(eta_i + t Xd_i + shift)) for the dual point
 * u_i = y_i + scale (sigma(eta_i) - y_i + back sigma'(eta_i) Xd_i) cut to [0, 1]; counts in *cut how many were. */
static inline double fastlr_gap_block(ptrdiff_t n, const double *FASTLR_RESTRICT eta,
                                      const double *FASTLR_RESTRICT Xd, double t, double shift, double scale,
                                      double back, const double *FASTLR_RESTRICT y,
                                      const double *FASTLR_RESTRICT weight, double *FASTLR_RESTRICT cut)
{
    double sum = 0.0, outside = 0.0;
    FASTLR_SIMD_SUM(sum, outside)
    for (ptrdiff_t i = 0; i < n; i++) {
        double e = fastlr_exp_neg(fabs(eta[i]));
        double big = 1.0 / (1.0 + e);
        double small = e * big;
        double up = eta[i] < 0.0 ? small : big;
        double down = eta[i] < 0.0 ? big : small;
        double r = (1.0 - y[i]) * up - y[i] * down + back * small * big * Xd[i];
        double u = y[i] + scale * r;
        double low = u < 0.0 ? 0.0 : u;
        double in = low > 1.0 ? 1.0 : low;
        outside += in == u ? 0.0 : 1.0;
        sum += weight[i] * fastlr_divergence(in, eta[i] + t * Xd[i] + shift);
    }
    *cut = outside;
    return sum;
}

/* Dense rows.  Each function exists for float and double storage; sums are double.
 *   fastlr_axpy4: g[j] += sum_k u[k] x[k stride + j], k = 0..3
 *   fastlr_dot, fastlr_axpy: one row (or one contiguous piece of a column).
 *   fastlr_axpy_pair: g += u x, h += d x;  fastlr_axpy_squares: g += d x^2;  fastlr_dot_squares: sum_i d_i x_i^2. */
#define FASTLR_DENSE_ROWS(T, suffix)                                                                                   \
    static inline void fastlr_axpy4_##suffix(const T *FASTLR_RESTRICT x, ptrdiff_t stride, const double *u,            \
                                             ptrdiff_t p, double *FASTLR_RESTRICT g)                                   \
    {                                                                                                                  \
        const T *x1 = x + stride, *x2 = x1 + stride, *x3 = x2 + stride;                                                \
        const double u0 = u[0], u1 = u[1], u2 = u[2], u3 = u[3];                                                       \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += u0 * x[j] + u1 * x1[j] + (u2 * x2[j] + u3 * x3[j]);                                                \
    }                                                                                                                  \
    static inline double fastlr_dot_##suffix(const T *FASTLR_RESTRICT x, const double *FASTLR_RESTRICT v, ptrdiff_t p) \
    {                                                                                                                  \
        double s = 0.0;                                                                                                \
        FASTLR_SIMD_SUM(s)                                                                                             \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            s += x[j] * v[j];                                                                                          \
        return s;                                                                                                      \
    }                                                                                                                  \
    static inline void fastlr_axpy_##suffix(double u, const T *FASTLR_RESTRICT x, ptrdiff_t p,                         \
                                            double *FASTLR_RESTRICT g)                                                 \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += u * x[j];                                                                                          \
    }                                                                                                                  \
    static inline void fastlr_axpy_pair_##suffix(double u, double d, const T *FASTLR_RESTRICT x, ptrdiff_t p,          \
                                                 double *FASTLR_RESTRICT g, double *FASTLR_RESTRICT h)                 \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++) {                                                                            \
            g[j] += u * x[j];                                                                                          \
            h[j] += d * x[j];                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void fastlr_axpy_squares_##suffix(double d, const T *FASTLR_RESTRICT x, ptrdiff_t p,                 \
                                                    double *FASTLR_RESTRICT g)                                         \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t j = 0; j < p; j++)                                                                              \
            g[j] += d * ((double)x[j] * x[j]);                                                                         \
    }                                                                                                                  \
    static inline double fastlr_dot_squares_##suffix(const T *FASTLR_RESTRICT x, const double *FASTLR_RESTRICT d,      \
                                                     ptrdiff_t n)                                                      \
    {                                                                                                                  \
        double s = 0.0;                                                                                                \
        FASTLR_SIMD_SUM(s)                                                                                             \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            s += d[i] * ((double)x[i] * x[i]);                                                                         \
        return s;                                                                                                      \
    }

FASTLR_DENSE_ROWS(double, f64)
FASTLR_DENSE_ROWS(float, f32)

/* Vectors over columns: the fused steps of conjugate gradients.  A stride of 0 broadcasts a scalar. */
static inline double fastlr_add_diagonal(ptrdiff_t n, const double *FASTLR_RESTRICT diagonal, ptrdiff_t stride,
                                         const double *FASTLR_RESTRICT v, double *FASTLR_RESTRICT out)
{
    double s = 0.0;
    if (stride == 1) {
        FASTLR_SIMD_SUM(s)
        for (ptrdiff_t i = 0; i < n; i++) {
            out[i] += diagonal[i] * v[i];
            s += v[i] * out[i];
        }
        return s;
    }
    FASTLR_SIMD_SUM(s)
    for (ptrdiff_t i = 0; i < n; i++) {
        out[i] += diagonal[i * stride] * v[i];
        s += v[i] * out[i];
    }
    return s;
}

static inline double fastlr_weighted_dot(ptrdiff_t n, const double *FASTLR_RESTRICT diagonal, ptrdiff_t stride,
                                         const double *FASTLR_RESTRICT a, const double *FASTLR_RESTRICT b)
{
    double s = 0.0;
    FASTLR_SIMD_SUM(s)
    for (ptrdiff_t i = 0; i < n; i++)
        s += diagonal[i * stride] * a[i] * b[i];
    return s;
}

static inline void fastlr_cg_step(ptrdiff_t n, double alpha, const double *FASTLR_RESTRICT v,
                                  const double *FASTLR_RESTRICT hv, const double *FASTLR_RESTRICT scale,
                                  double *FASTLR_RESTRICT x, double *FASTLR_RESTRICT rho, double *FASTLR_RESTRICT rz,
                                  double *FASTLR_RESTRICT rr)
{
    double a = 0.0, b = 0.0;
    FASTLR_SIMD_SUM(a, b)
    for (ptrdiff_t i = 0; i < n; i++) {
        double r = rho[i] + alpha * hv[i];
        x[i] += alpha * v[i];
        rho[i] = r;
        a += r * scale[i] * r;
        b += r * r;
    }
    *rz = a;
    *rr = b;
}

static inline void fastlr_cg_direction(ptrdiff_t n, double beta, const double *FASTLR_RESTRICT rho,
                                       const double *FASTLR_RESTRICT scale, double *FASTLR_RESTRICT v)
{
    FASTLR_SIMD
    for (ptrdiff_t i = 0; i < n; i++)
        v[i] = beta * v[i] - scale[i] * rho[i];
}

/* The larger of two numbers; NaN wins. */
static inline double fastlr_larger(double a, double b) { return a != a || a >= b ? a : b; }

/* Elastic net over coefficients, stride 0 or 1 for scalar or individual strengths.
 *
 * Subgradient of least norm from the gradient of the smooth part; returns the largest absolute value. */
static inline double fastlr_subgradient(ptrdiff_t n, const double *FASTLR_RESTRICT coef,
                                        const double *FASTLR_RESTRICT gradient, const double *FASTLR_RESTRICT l1,
                                        ptrdiff_t stride, double *FASTLR_RESTRICT out)
{
    double largest = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double g = gradient[i], strength = l1[i * stride], w = coef[i];
        double size = fabs(g) - strength;
        double at_zero = size <= 0.0 ? 0.0 : (g > 0.0 ? size : -size);
        double s = w == 0.0 ? at_zero : (w > 0.0 ? g + strength : g - strength);
        out[i] = s;
        largest = fastlr_larger(largest, fabs(s));
    }
    return largest;
}

/* sum_j l1 |w| + l2 w^2 / 2 + (|z| - l1)_+^2 / (2 l2) + z w with z = scale * adjoint: columns' share of the gap. */
static inline double fastlr_penalty_gap(ptrdiff_t n, const double *FASTLR_RESTRICT coef,
                                        const double *FASTLR_RESTRICT adjoint, double scale,
                                        const double *FASTLR_RESTRICT l1, ptrdiff_t stride1,
                                        const double *FASTLR_RESTRICT l2, ptrdiff_t stride2)
{
    double sum = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double z = scale * adjoint[i], w = coef[i], a = l1[i * stride1], b = l2[i * stride2];
        double excess = fabs(z) - a;
        if (!(excess <= 0.0) && b > 0.0) /* NaN comes through */
            sum += 0.5 * excess * excess / b;
        if (w != 0.0)
            sum += a * fabs(w) + 0.5 * b * w * w + z * w;
    }
    return sum;
}

/* Largest |adjoint_j| / l1_j over the columns on which l1 alone acts. */
static inline double fastlr_largest_ratio(ptrdiff_t n, const double *FASTLR_RESTRICT adjoint,
                                          const double *FASTLR_RESTRICT l1, ptrdiff_t stride1,
                                          const double *FASTLR_RESTRICT l2, ptrdiff_t stride2)
{
    double largest = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double ratio = l2[i * stride2] > 0.0 ? 0.0 : fabs(adjoint[i]) / l1[i * stride1];
        largest = fastlr_larger(largest, ratio);
    }
    return largest;
}

/* q += change * d * x, the update of a coordinate step on a dense column. */
#define FASTLR_WEIGHTED_AXPY(T, suffix)                                                                                \
    static inline void fastlr_weighted_axpy_##suffix(ptrdiff_t n, double change, const double *FASTLR_RESTRICT d,      \
                                                     const T *FASTLR_RESTRICT x, double *FASTLR_RESTRICT q)            \
    {                                                                                                                  \
        FASTLR_SIMD                                                                                                    \
        for (ptrdiff_t i = 0; i < n; i++)                                                                              \
            q[i] += change * d[i] * x[i];                                                                              \
    }

FASTLR_WEIGHTED_AXPY(double, f64)
FASTLR_WEIGHTED_AXPY(float, f32)

/* out[4 i + k] += sum_r a[i n + r] b[k n + r] for i, k < 4: a tile of dot products, for few columns, which leave most of
 * the register tile of gemm.h empty (X' diag(h) X of 200 x 5: 1 us against 4; of 72 x 72: 16 against 14). */
static inline void fastlr_dot_tile(ptrdiff_t n, const double *FASTLR_RESTRICT a, const double *FASTLR_RESTRICT b,
                                   double *FASTLR_RESTRICT out)
{
    const double *a1 = a + n, *a2 = a1 + n, *a3 = a2 + n, *b1 = b + n, *b2 = b1 + n, *b3 = b2 + n;
    double s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    double s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    FASTLR_SIMD_SUM(s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33)
    for (ptrdiff_t r = 0; r < n; r++) {
        const double x0 = a[r], x1 = a1[r], x2 = a2[r], x3 = a3[r];
        const double y0 = b[r], y1 = b1[r], y2 = b2[r], y3 = b3[r];
        s00 += x0 * y0; s01 += x0 * y1; s02 += x0 * y2; s03 += x0 * y3;
        s10 += x1 * y0; s11 += x1 * y1; s12 += x1 * y2; s13 += x1 * y3;
        s20 += x2 * y0; s21 += x2 * y1; s22 += x2 * y2; s23 += x2 * y3;
        s30 += x3 * y0; s31 += x3 * y1; s32 += x3 * y2; s33 += x3 * y3;
    }
    out[0] += s00; out[1] += s01; out[2] += s02; out[3] += s03;
    out[4] += s10; out[5] += s11; out[6] += s12; out[7] += s13;
    out[8] += s20; out[9] += s21; out[10] += s22; out[11] += s23;
    out[12] += s30; out[13] += s31; out[14] += s32; out[15] += s33;
}

#endif
