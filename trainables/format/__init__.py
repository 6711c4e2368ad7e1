"""How records are written: sealed bytes under a checksum, and the versions of what they say.

Not here: what they say (`trainables.records`, `trainables.snapshots`).
"""
