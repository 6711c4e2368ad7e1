"""A sweep as parquet: `export` writes it; `manifest` and `earlier` find what an earlier export wrote.

Not here: what the columns are (`tables`).
"""
