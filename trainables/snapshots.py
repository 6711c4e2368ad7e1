"""Snapshot of a training run to and from checksummed bytes: everything needed to go on as if never interrupted."""

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal, unseal
from trainables.records import RECORD_VERSION, EpochRecord, history_from_arrow, history_to_arrow, summarize

KIND = "snapshot"
MESSAGE_LENGTH = 200


@dataclass(frozen=True)
class Snapshot:
    """The state after the last epoch of `history`.

    `variables` are all variables of the model (weights, moving statistics, the states of its random generators) and of
    the optimizer, in their fixed order. The measurement noise needs no state: it is a function of (seed, epoch, pair).
    """

    config: TrialConfig
    history: tuple[EpochRecord, ...]
    variables: tuple[np.ndarray, ...]

    @property
    def epoch(self) -> int:
        """The last finished epoch."""
        return self.history[-1].epoch

    def to_bytes(self) -> bytes:
        """One sealed object."""
        buffer = io.BytesIO()
        np.savez(buffer, *self.variables)
        head = {"config": self.config.canonical(), "epoch": self.epoch}
        parts = {"history": history_to_arrow(self.history), "variables": buffer.getvalue()}
        return seal(KIND, RECORD_VERSION, head, parts)

    @classmethod
    def from_bytes(cls, data: bytes, config: TrialConfig) -> "Snapshot":
        """The snapshot in these bytes.

        Raises:
            DamagedObject: when the bytes are not intact, or belong to another config.
            OtherVersion: when they are of a newer version.
        """
        parts = _parts(data, config)
        try:
            with np.load(io.BytesIO(parts["variables"]), allow_pickle=False) as arrays:
                variables = tuple(arrays[f"arr_{number}"] for number in range(len(arrays.files)))
            return cls(config, history_from_arrow(parts["history"]), variables)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise DamagedObject(f"not the variables of a network: {error}") from error


def history_arrow(data: bytes, config: TrialConfig) -> bytes:
    """The Arrow bytes of the history in a snapshot, its weights left alone; raises as `Snapshot.from_bytes`."""
    return _parts(data, config)["history"]


def _parts(data: bytes, config: TrialConfig) -> dict[str, bytes]:
    head, parts = unseal(KIND, RECORD_VERSION, data)
    if head.get("config") != config.canonical():
        raise DamagedObject(f"a snapshot of another config: {str(head.get('config'))[:MESSAGE_LENGTH]}")
    if not {"history", "variables"} <= parts.keys():
        raise DamagedObject("a snapshot without history or variables")
    try:
        last = summarize(parts["history"])
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DamagedObject(f"a snapshot whose history cannot be read: {error}") from error
    if last is None or last.last_epoch != head.get("epoch"):
        raise DamagedObject(f"a snapshot of epoch {head.get('epoch')} whose history ends elsewhere")
    return parts
