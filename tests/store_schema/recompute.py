"""Trains points anew: `recompute.py FOLDER` writes the history of each config `NAME.json` there to `NAME.arrow`."""

import sys
from pathlib import Path

from trainables import device
from trainables.config import TrialConfig

if __name__ == "__main__":
    device.pin(1)
    from trainables.datasets import load
    from trainables.records import history_to_arrow
    from trainables.training import Training

    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        config = TrialConfig.model_validate_json(path.read_text())
        history = tuple(Training(config, load(config.dataset), threads=1))
        path.with_suffix(".arrow").write_bytes(history_to_arrow(history))
