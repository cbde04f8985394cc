"""Loss plus penalty over the rows of X: value, gradient, curvature and duality gap."""
