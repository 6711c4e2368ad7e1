"""The contract `pair.Pair` on CPUs: layers, each prepared once for all its pairs, and pairs of these.

Covers what pairs share. The searches themselves are in `neighbors`. For `estimators` and `credibility` only.
"""
