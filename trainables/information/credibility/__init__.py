"""How far a value can be trusted: its ceiling, its dependence on N, k, scale and noise, and what ails the samples.

Covers KSG's values of one pair, on the host; not those with labels, nor conditional ones. For `api` only, but for
`wording.unit`.
"""
