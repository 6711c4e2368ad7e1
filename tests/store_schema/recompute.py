"""Trains points anew: `recompute.py FOLDER` writes the history of each config `NAME.json` there to `NAME.arrow`.

One with a snapshot `NAME.snapshot` beside it goes on from there.
"""

import sys
from pathlib import Path

from trainables import device
from trainables.config import TrialConfig

if __name__ == "__main__":
    device.pin(1)
    from trainables.datasets import load
    from trainables.records import history_to_arrow
    from trainables.snapshots import Snapshot
    from trainables.training import Training

    for path in sorted(Path(sys.argv[1]).glob("*.json")):
        config = TrialConfig.model_validate_json(path.read_text())
        kept = path.with_suffix(".snapshot")
        snapshot = Snapshot.from_bytes(kept.read_bytes(), config) if kept.exists() else None
        training = Training(config, load(config.dataset), snapshot, threads=1)
        for _ in training:
            pass
        path.with_suffix(".arrow").write_bytes(history_to_arrow(training.history))
