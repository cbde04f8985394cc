"""Penalties: value, prox, subgradient and their share of the duality gap."""
