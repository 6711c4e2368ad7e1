"""The bench on which tests try the bookkeeping of executions."""

from pathlib import Path

import pytest

from tests.sweep.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
