"""Tables as parquet: each file is replaced as a whole, and equal rows give equal bytes."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.files import replaced
from analysis.tables import Tables


def write_parquet(tables: Tables, folder: Path) -> list[Path]:
    """Write epochs.parquet and points.parquet, each in one piece; their paths."""
    paths = []
    for name, table in tables._asdict().items():
        path = folder / f"{name}.parquet"
        write_groups(path, table.schema, [table])
        paths.append(path)
    return paths


def write_groups(path: Path, schema: pa.Schema, groups: Iterable[pa.Table]) -> None:
    """Write a file with a row group for each of these tables, in place of an older one once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [field.name for field in schema if pa.types.is_string(field.type)]
    with replaced(path) as unfinished, pq.ParquetWriter(unfinished, schema, use_dictionary=names) as writer:
        for table in groups:
            writer.write_table(table.combine_chunks(), row_group_size=max(1, len(table)))
