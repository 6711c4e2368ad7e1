"""Figures of many layers: information plane, successive layers, matrix of layers, state space."""
