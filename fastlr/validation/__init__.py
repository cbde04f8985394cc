"""Checks of arguments that all entries share: numbers, arrays, data frames."""
