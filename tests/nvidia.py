"""A stand-in for `pynvml`, NVIDIA's own interface to its driver, for machines without GPUs."""

import types
from pathlib import Path
from typing import NamedTuple

SOURCE = """
from types import SimpleNamespace

CARDS = {cards!r}


class NVMLError(Exception):
    pass


def nvmlInit():
    pass


def nvmlShutdown():
    pass


def nvmlSystemGetDriverVersion():
    return "550.1"


def nvmlDeviceGetCount():
    return len(CARDS)


def nvmlDeviceGetHandleByIndex(index):
    return CARDS[index]


def nvmlDeviceGetUUID(card):
    return card[0]


def nvmlDeviceGetName(card):
    return card[1]


def nvmlDeviceGetMemoryInfo(card):
    return SimpleNamespace(total=card[2] * 2**20, free=card[3] * 2**20)
"""


class Card(NamedTuple):
    """A GPU that the stand-in lists."""

    uuid: str
    name: str
    memory_mib: int
    free_mib: int


def module_of(*cards: Card) -> types.ModuleType:
    """The module, for `sys.modules` of this process."""
    module = types.ModuleType("pynvml")
    exec(_source(*cards), module.__dict__)
    return module


def folder_of(folder: Path, *cards: Card) -> Path:
    """The folder, with the module in it, for PYTHONPATH of other processes."""
    (folder / "pynvml.py").write_text(_source(*cards))
    return folder


def _source(*cards: Card) -> str:
    return SOURCE.replace("{cards!r}", repr([tuple(card) for card in cards]))
