"""Trains configs without Ray, store or interruption: plain_training.py FOLDER CONFIG...

The history of each config is a file of FOLDER, named by the number of the config.
"""

import sys
from pathlib import Path

from trainables import device

device.pin(1)

from trainables.config import TrialConfig  # noqa: E402
from trainables.datasets import load  # noqa: E402
from trainables.records import history_to_arrow  # noqa: E402
from trainables.training import Training  # noqa: E402


def main(folder: str, *configs: str) -> None:
    """Write the history of each config, given as JSON, to a file of its number."""
    for number, text in enumerate(configs):
        config = TrialConfig.model_validate_json(text)
        records = list(Training(config, load(config.dataset), None, 1))
        Path(folder, f"{number}.arrow").write_bytes(history_to_arrow(records))


if __name__ == "__main__":
    main(*sys.argv[1:])
