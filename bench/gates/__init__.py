"""The gates between two commits: cases whose bits (bench.bits) and whose costs (bench.compare) are compared."""
