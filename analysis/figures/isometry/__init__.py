"""Figures of untrained networks over the gain of their weights: MI, layers, Jacobians, epochs to a threshold."""
