"""Trains a small point of digits, and prints the test error and MI of its epochs as JSON."""

import json

from trainables import device

device.pin(1)

from trainables.config import TrialConfig  # noqa: E402
from trainables.datasets import load  # noqa: E402
from trainables.training import Training  # noqa: E402

config = TrialConfig(dataset="digits", width=4, depth=2, epochs=3)
records = list(Training(config, load("digits", None)))
print(
    json.dumps(
        [
            {"test_error": one.test_error, "mutual_information_bits": one.pairs[0].mutual_information_bits}
            for one in records
        ]
    )
)
