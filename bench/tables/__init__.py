"""The tables and charts of docs/benchmarks, and the races that they are made of."""
