"""What a driver sends to its trials on other hosts: data sets and bucket settings, only through Ray's object store.

Ray writes the environment of a job into its logs, so it must not hold credentials.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sweep.cluster import ray_internals
from sweep.errors import UsageError
from sweep.storage import SETTINGS
from trainables.config import DatasetName
from trainables.datasets import Dataset, DatasetDamaged, DatasetError, load


def settings() -> dict[str, str]:
    """The environment variables of this process that configure the access to buckets, as far as they are set."""
    return {name: os.environ[name] for name in SETTINGS if name in os.environ}


def keep_from_logs() -> None:
    """Keep Tune from copying the credentials into the environment of every trial, which Ray logs."""
    ray_internals.never_propagate(SETTINGS)


@dataclass(frozen=True)
class DriverData:
    """Data sets by name with the checksums that they were sent with, and settings; the settings are not shown."""

    datasets: Mapping[str, Dataset]
    checksums: Mapping[str, str]
    settings: Mapping[str, str] = field(repr=False)

    @classmethod
    def loaded(cls, names: Iterable[DatasetName], data_dir: Path | None) -> "DriverData":
        """The data sets of these names, intact; what must be downloaded is downloaded here, once.

        Raises:
            UsageError: when one is missing or damaged.
        """
        try:
            return cls.of({name: load(name, data_dir, download=True) for name in sorted(names)})
        except DatasetError as error:
            raise UsageError(error.message, next=error.next) from error

    @classmethod
    def of(cls, datasets: Mapping[str, Dataset]) -> "DriverData":
        """These data sets, and the settings of this process."""
        # The copy has no cached checksum, so that the receiver computes it from the data that arrived.
        plain = {name: replace(dataset) for name, dataset in datasets.items()}
        return cls(plain, {name: dataset.sha256 for name, dataset in datasets.items()}, settings())

    def unpacked(self) -> dict[str, Dataset]:
        """The data sets; sets the settings in the environment of this process.

        Raises:
            DatasetDamaged: when a checksum differs from the one that was sent.
        """
        os.environ.update(self.settings)
        for name, dataset in self.datasets.items():
            if dataset.sha256 != self.checksums[name]:
                raise DatasetDamaged(f"{name}: damaged on its way from the driver", next="run the same again")
        return dict(self.datasets)
