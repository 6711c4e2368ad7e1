"""States of a network that are kept along its training, so that it can be measured anew without training."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject, seal, unseal
from trainables.records import (
    RECORD_VERSION,
    EpochRecord,
    Outcome,
    PairRecord,
    history_from_arrow,
    history_to_arrow,
)

KIND = "state"
Keep = Literal["none", "last", "log"]
UNMEASURED = (PairRecord(""),)


def is_kept(keep: Keep, epoch: int, is_last: bool) -> bool:
    """Whether the state after this epoch is kept: `last` has the untrained and the last, `log` also 1, 2, 4, 8, ..."""
    if keep == "none":
        return False
    return epoch == 0 or is_last or (keep == "log" and epoch & (epoch - 1) == 0)


def epochs_kept(keep: Keep, epochs: int) -> list[int]:
    """The epochs whose states a training of that many epochs keeps."""
    if keep == "none":
        return []
    between = [2**power for power in range(epochs.bit_length())] if keep == "log" else []
    return sorted({0, *(epoch for epoch in between if epoch <= epochs), epochs})


def needed(config: TrialConfig, kept: Sequence[int], diverged_at: int | None = None) -> list[int] | None:
    """The epochs at which the config measures, if the states of all of them are kept; None where one is not.

    diverged_at: the epoch at which the training ended, if it diverged.
    """
    last = config.epochs if diverged_at is None else min(config.epochs, diverged_at)
    due = [epoch for epoch in range(last + 1) if config.measure.is_due(epoch, config.epochs)]
    needs = sorted({*due, last})
    return needs if set(needs) <= set(kept) else None


@dataclass(frozen=True)
class KeptState:
    """The state of a network after the last epoch of `history`, whose records have no measurements.

    training: the canonical form of the training. variables: those of the model, in their fixed order. outcome: how the
    training ended; None unless this is its last epoch. components: the identities of the code that computed it.
    """

    training: str
    history: tuple[EpochRecord, ...]
    variables: tuple[np.ndarray, ...]
    outcome: Outcome | None = None
    components: Mapping[str, str] = field(default_factory=dict)

    @property
    def epoch(self) -> int:
        """The epoch after which the network was in this state."""
        return self.history[-1].epoch

    @classmethod
    def of(
        cls,
        config: TrialConfig,
        history: Sequence[EpochRecord],
        variables: Sequence[np.ndarray],
        outcome: Outcome | None,
        components: Mapping[str, str],
    ) -> "KeptState":
        """The state of a network of that config after that history."""
        plain = tuple(replace(record, pairs=UNMEASURED, measures=(), credibility_seconds=None) for record in history)
        return cls(config.training, plain, tuple(variables), outcome, dict(components))

    def to_bytes(self) -> bytes:
        """One sealed object, compressed."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, *self.variables)
        head: dict[str, Any] = {"training": self.training, "epoch": self.epoch, "outcome": self.outcome}
        head |= {"components": dict(self.components)}
        return seal(
            KIND, RECORD_VERSION, head, {"history": history_to_arrow(self.history), "variables": buffer.getvalue()}
        )

    @classmethod
    def from_bytes(cls, data: bytes, config: TrialConfig) -> "KeptState":
        """The state in these bytes.

        Raises:
            DamagedObject: when they are not intact, or of another training than that of the config.
            OtherVersion: when they are of a newer version.
        """
        head, parts = unseal(KIND, RECORD_VERSION, data)
        if head.get("training") != config.training:
            raise DamagedObject(f"a state of another training: {str(head.get('training'))[:200]}")
        try:
            with np.load(io.BytesIO(parts["variables"]), allow_pickle=False) as arrays:
                variables = tuple(arrays[f"arr_{number}"] for number in range(len(arrays.files)))
            history = history_from_arrow(parts["history"])
            state = cls(config.training, history, variables, head["outcome"], dict(head["components"]))
            if state.epoch != head["epoch"]:
                raise ValueError(f"a state of epoch {head['epoch']} whose history ends elsewhere")
            return state
        except (ValueError, KeyError, IndexError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise DamagedObject(f"not the state of a network: {error}") from error
