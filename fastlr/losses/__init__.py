"""Losses of rows, given their linear predictors."""
