"""How a race is run: the objective, the processes of the peers, tolerances, times, records."""
