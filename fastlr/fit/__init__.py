"""The functional entries: arguments are checked, X is prepared, a solver runs.  No scikit-learn."""
