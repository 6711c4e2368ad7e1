"""A sweep as parquet: `export` writes, `manifest` and `earlier` tell what an export before this one left.

Not here: what the columns are (`tables`).
"""
