"""Solvers of smooth problems: no penalty, or L2."""
