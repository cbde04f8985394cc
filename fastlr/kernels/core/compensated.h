/* Numbers of twice the digits of a double: the unevaluated sum of two, hi = fl(hi + lo); relative error about 2^-104.

   Dekker 1971; Knuth, The Art of Computer Programming 2, 4.2.2; Hida, Li, Bailey 2001.  Must be compiled without
   contraction of a * b + c to a fused operation and without -ffast-math: the errors of sums and products are the point. */

#ifndef FASTLR_COMPENSATED_H
#define FASTLR_COMPENSATED_H

#include <math.h>

typedef struct {
    double hi, lo;
} wide;

static inline wide two_sum(double a, double b) {
    wide s;
    s.hi = a + b;
    double of_b = s.hi - a;
    s.lo = (a - (s.hi - of_b)) + (b - of_b);
    return s;
}

/* The same for |a| >= |b| or a = 0. */
static inline wide quick_sum(double a, double b) {
    wide s;
    s.hi = a + b;
    s.lo = b - (s.hi - a);
    return s;
}

static inline wide two_product(double a, double b) {
    wide p;
    p.hi = a * b;
#ifdef FP_FAST_FMA
    p.lo = fma(a, b, -p.hi);
#else
    const double split = 134217729.0; /* 2^27 + 1 (Veltkamp) */
    double a_large = split * a, b_large = split * b;
    double a_head = a_large - (a_large - a), b_head = b_large - (b_large - b);
    double a_tail = a - a_head, b_tail = b - b_head;
    p.lo = ((a_head * b_head - p.hi) + a_head * b_tail + a_tail * b_head) + a_tail * b_tail;
#endif
    return p;
}

static inline wide wide_of(double a) {
    wide out = {a, 0.0};
    return out;
}

static inline wide wide_minus(wide a) {
    wide out = {-a.hi, -a.lo};
    return out;
}

static inline wide wide_add(wide a, wide b) {
    wide s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
    s = quick_sum(s.hi, s.lo + t.hi);
    return quick_sum(s.hi, s.lo + t.lo);
}

static inline wide wide_scale(wide a, double b) {
    wide p = two_product(a.hi, b);
    return quick_sum(p.hi, p.lo + a.lo * b);
}

static inline wide wide_multiply(wide a, wide b) {
    wide p = two_product(a.hi, b.hi);
    return quick_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline wide wide_divide(wide a, wide b) {
    double first = a.hi / b.hi;
    wide rest = wide_add(a, wide_scale(b, -first));
    double second = rest.hi / b.hi;
    rest = wide_add(rest, wide_scale(b, -second));
    wide out = quick_sum(first, second);
    return wide_add(out, wide_of(rest.hi / b.hi));
}

/* exp(x) for x <= 0; 0 where a double would be subnormal. */
static inline wide wide_exp(wide x) {
    const wide log_of_2 = {0.6931471805599453, 2.3190468138462996e-17};
    const int halvings = 9, terms = 9;
    if (!(x.hi > -708.0)) return wide_of(x.hi == x.hi ? 0.0 : x.hi);
    double k = floor(x.hi / log_of_2.hi + 0.5);
    wide r = wide_add(x, wide_scale(log_of_2, -k));
    double small = 1.0 / (1 << halvings);
    r.hi *= small;
    r.lo *= small;
    /* exp(r) - 1 = r (1 + r / 2 (1 + r / 3 (1 + ...))), then exp(2 r) - 1 = 2 e + e^2 */
    wide sum = wide_of(1.0);
    for (int n = terms; n >= 2; n--)
        sum = wide_add(wide_of(1.0), wide_divide(wide_multiply(sum, r), wide_of((double)n)));
    wide e = wide_multiply(sum, r);
    for (int n = 0; n < halvings; n++) {
        wide square = wide_multiply(e, e);
        e.hi *= 2.0;
        e.lo *= 2.0;
        e = wide_add(e, square);
    }
    e = wide_add(wide_of(1.0), e);
    e.hi = ldexp(e.hi, (int)k);
    e.lo = ldexp(e.lo, (int)k);
    return e;
}

/* sigma(eta) - y; small residuals keep their digits. */
static inline wide wide_residual(wide eta, double y) {
    wide minus_size = eta.hi > 0.0 ? wide_minus(eta) : eta;
    wide e = wide_exp(minus_size);
    wide unlikely = wide_divide(e, wide_add(wide_of(1.0), e));
    if (eta.hi > 0.0) return wide_add(two_sum(1.0, -y), wide_minus(unlikely));
    return wide_add(unlikely, wide_of(-y));
}

#endif
