"""The GPUs of a machine, as a stand-in for NVIDIA's driver lists them and as CUDA_VISIBLE_DEVICES narrows them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.system.machine import Gpu, gpus
from tests.nvidia import Card, folder_of, module_of
from tests.processes import program

CARDS = [
    Card("GPU-aaaa-1", "Large", 80000, 79000),
    Card("GPU-bbbb-2", "Small", 16000, 15000),
    Card("GPU-cccc-3", "Middle", 40000, 39000),
]


@pytest.fixture(autouse=True)
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", module_of(*CARDS))


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


def test_a_gpu_is_described_in_mebibytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert gpus() == [Gpu("Small", 16000, 15000, "550.1")]


@pytest.mark.parametrize("function", ["nvmlInit", "nvmlDeviceGetMemoryInfo"])
def test_a_driver_that_is_not_there_or_fails_has_no_gpus(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    module = sys.modules["pynvml"]

    def fails(*_: object) -> None:
        raise module.NVMLError("Driver Not Loaded")

    monkeypatch.setattr(module, function, fails)
    assert gpus(also_hidden=True) == []


def test_other_processes_see_what_a_folder_of_the_stand_in_lists(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(folder_of(tmp_path, *CARDS[:1])), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(program("hidden_gpus"), env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"[{Gpu('Large', 80000, 79000, '550.1')}]"


def test_the_library_has_what_is_asked_of_it_and_works_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = sys.modules["pynvml"]
    monkeypatch.delitem(sys.modules, "pynvml")
    import pynvml

    assert pynvml is not stand_in
    assert all(hasattr(pynvml, name) for name in vars(stand_in) if name.startswith(("nvml", "NVML")))
    gpus(also_hidden=True)
