"""What a driver gives to its trials on other hosts: data sets, and how to reach a bucket. Through Ray's memory alone.

Ray writes the environment that a job asks for into its logs, so credentials must not travel in it.
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
    """The variables of this process' environment that say how to reach a bucket, those that are set."""
    return {name: os.environ[name] for name in SETTINGS if name in os.environ}


def keep_from_logs() -> None:
    """Keep Tune from asking for the credentials in the environment of every trial by itself."""
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
        # A copy without the checksum, which a data set remembers: whoever gets it computes it from what has arrived.
        plain = {name: replace(one) for name, one in datasets.items()}
        return cls(plain, {name: one.sha256 for name, one in datasets.items()}, settings())

    def unpacked(self) -> dict[str, Dataset]:
        """The data sets, once the settings are in the environment of this process.

        Raises:
            DatasetDamaged: when what has arrived is not what was sent.
        """
        os.environ.update(self.settings)
        for name, one in self.datasets.items():
            if one.sha256 != self.checksums[name]:
                raise DatasetDamaged(f"{name}: damaged on its way from the driver", next="run the same again")
        return dict(self.datasets)
