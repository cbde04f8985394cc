/* exp, log and log1p in double precision, without a branch.
 *
 * -ffast-math must stay off: the rounding shift in fastlr_exp_neg relies on IEEE addition.
 */
#ifndef FASTLR_EXP_LOG_H
#define FASTLR_EXP_LOG_H

#include <stdint.h>
#include <string.h>

#include "simd.h"

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

#endif
