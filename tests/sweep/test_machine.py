"""The GPUs of a machine, as a stand-in for NVIDIA's tool lists them and as CUDA_VISIBLE_DEVICES narrows them."""

import os
from pathlib import Path

import pytest

from sweep.system.machine import gpus

SAID = """0, GPU-aaaa-1, Large, 80000, 79000, 550.1
1, GPU-bbbb-2, Small, 16000, 15000, 550.1
2, GPU-cccc-3, Middle, 40000, 39000, 550.1
"""


@pytest.fixture(autouse=True)
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "nvidia-smi"
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{SAID}END\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        (None, ["Large", "Small", "Middle"]),
        ("", []),
        ("-1", []),
        ("1", ["Small"]),
        ("2, 0", ["Large", "Middle"]),
        ("GPU-cccc", ["Middle"]),
        ("MIG-dddd-4", ["Large"]),
    ],
)
def test_only_what_is_visible_counts(monkeypatch: pytest.MonkeyPatch, visible: str | None, names: list[str]) -> None:
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.name for gpu in gpus()] == names


def test_gpus_that_ray_hides_from_a_task_are_there_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert [gpu.memory_mib for gpu in gpus(also_hidden=True)] == [80000, 16000, 40000]
