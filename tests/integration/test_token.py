"""In a terminal that knows nothing of tokens, a cluster that asks for one gets what lies in ~/.ray."""

import subprocess
from pathlib import Path

import pytest

from tests.heads import head
from tests.processes import COMMAND
from tests.struck import Sweeps

pytestmark = pytest.mark.slow


def test_the_token_in_the_home_folder_is_used_where_the_environment_says_nothing(tmp_path: Path) -> None:
    clean = {key: value for key, value in Sweeps.in_folder(tmp_path).environment.items() if not key.startswith("RAY_")}
    with head(1) as cluster:
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text(cluster.token)
        words = ["status", "unknown", "--address", cluster.address, "--store", str(tmp_path)]
        environment = clean | {"HOME": str(tmp_path)}
        asked = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 2, asked.stderr
    assert "unknown sweep 'unknown'" in asked.stderr
