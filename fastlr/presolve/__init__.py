"""Transformations of X before a solver runs: columns left out, merged, scaled, centred."""
