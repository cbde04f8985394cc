/* The highest CPU level for which kernels are built and that this processor runs: 4 for x86-64-v4 (AVX-512), 3 for
 * x86-64-v3 (AVX2, FMA), 0 for neither and for other architectures.  setup.py asks at build time, _cpu.pyx at import. */

#ifndef FASTLR_CPU_LEVEL_H
#define FASTLR_CPU_LEVEL_H

#if (defined(__x86_64__) || defined(_M_X64)) && (defined(__GNUC__) || defined(__clang__))
static int fastlr_cpu_level(void)
{
    __builtin_cpu_init();
    int v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi")
             && __builtin_cpu_supports("bmi2");
    int v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
             && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
             && __builtin_cpu_supports("avx512vl");
    return v4 ? 4 : v3 ? 3 : 0;
}
#else
static int fastlr_cpu_level(void)
{
    return 0;
}
#endif

#endif
