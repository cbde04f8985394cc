"""Inference after a fit has ended."""
