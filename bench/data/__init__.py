"""The data of the benchmarks: generators, real sets, and the cache that they are read from."""
