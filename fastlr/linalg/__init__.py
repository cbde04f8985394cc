"""Factors of matrices with as many rows as there are columns of X, or classes."""
