"""What is done to X before a solver runs: columns left out, merged, scaled, centred."""
