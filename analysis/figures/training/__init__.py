"""Figures of trained networks: error against MI (4A to 5B), learning curves, final errors, attempts over time."""
