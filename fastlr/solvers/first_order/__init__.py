"""Solvers that need gradients alone; there for comparison."""
