"""A file is replaced as a whole, or not at all; nothing is left beside it."""

from pathlib import Path

import pytest

from analysis.files import replaced


def test_the_new_file_is_there_after_the_block_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_text("old")
    with replaced(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_the_old_file_is_there(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), replaced(path) as unfinished:
        unfinished.write_text("new, as far as it goes: é", encoding="ascii")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
