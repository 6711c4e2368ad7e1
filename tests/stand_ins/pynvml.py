"""NVIDIA's interface to its driver, as far as it is asked, for machines without GPUs: lists what cards.json lists.

The file lies beside this one, wherever it was copied to; each card is a list of the fields of `tests.nvidia.Card`.
"""

import json
from pathlib import Path
from types import SimpleNamespace

CARDS: list[list] = []
if (_file := Path(__file__).with_name("cards.json")).exists():
    CARDS = json.loads(_file.read_text())


class NVMLError(Exception):
    """As of the driver."""


def nvmlInit() -> None:
    """There is nothing to begin."""


def nvmlShutdown() -> None:
    """There is nothing to end."""


def nvmlSystemGetDriverVersion() -> str:
    """The version of no driver."""
    return "550.1"


def nvmlDeviceGetCount() -> int:
    """The number of cards."""
    return len(CARDS)


def nvmlDeviceGetHandleByIndex(index: int) -> list:
    """A card."""
    return CARDS[index]


def nvmlDeviceGetUUID(card: list) -> str:
    """Its UUID."""
    return card[0]


def nvmlDeviceGetName(card: list) -> str:
    """Its name."""
    return card[1]


def nvmlDeviceGetMemoryInfo(card: list) -> SimpleNamespace:
    """Its memory in bytes."""
    return SimpleNamespace(total=card[2] * 2**20, free=card[3] * 2**20)
