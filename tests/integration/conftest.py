"""The spec of a module in a file."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def spec_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the SPEC of the module of the test."""
    path = tmp_path_factory.mktemp("spec") / "tiny.yaml"
    path.write_text(request.module.SPEC)
    return path
