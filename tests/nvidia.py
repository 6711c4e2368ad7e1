"""A stand-in for `pynvml`, NVIDIA's own interface to its driver, for machines without GPUs."""

import importlib.util
import json
import shutil
import types
from pathlib import Path
from typing import NamedTuple

STAND_IN = Path(__file__).parent / "stand_ins" / "pynvml.py"


class Card(NamedTuple):
    """A GPU that the stand-in lists."""

    uuid: str
    name: str
    memory_mib: int
    free_mib: int


def module_of(*cards: Card) -> types.ModuleType:
    """The module, for `sys.modules` of this process."""
    spec = importlib.util.spec_from_file_location("pynvml", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.CARDS = [list(card) for card in cards]  # type: ignore[attr-defined]
    return module


def folder_of(folder: Path, *cards: Card) -> Path:
    """The folder, with the module in it, for PYTHONPATH of other processes."""
    shutil.copy(STAND_IN, folder)
    (folder / "cards.json").write_text(json.dumps(cards))
    return folder
