"""Solvers under L1, elastic net or bounds."""
