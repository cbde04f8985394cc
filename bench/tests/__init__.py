"""Tests of the benchmarks, on small problems."""
