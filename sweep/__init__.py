"""Sweeps: which points, where, when, and what happened to them.

Packages lie along the data, each importing only what is below it: tests/test_layers.py holds the order.
"""
