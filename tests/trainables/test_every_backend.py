"""What is marked `every_backend` holds of Keras on JAX too: it runs again in a process of that backend."""

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import pytest

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is the process on JAX")
def test_what_is_marked_passes_on_jax() -> None:
    pytest.importorskip("jax")
    marked = [path for path in HERE.rglob("test_*.py") if "@pytest.mark.every_backend\n" in path.read_text()]
    functions = sum(path.read_text().count("@pytest.mark.every_backend\n") for path in marked)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "every_backend", *map(str, marked)]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= functions > 20
    assert "skipped" not in done.stdout.splitlines()[-1]
