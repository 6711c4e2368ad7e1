"""Clock ticks that each thread spends on training steps, and what the device is: thread_times.py THREADS.

Prints a JSON object of `spent`, the ticks by thread, and `described`, the description of the device.
"""

import json
import os
import sys

from trainables import device

THREADS = int(sys.argv[1])
device.pin(THREADS)

import keras  # noqa: E402
import numpy as np  # noqa: E402


def ticks() -> dict[str, int]:
    """Clock ticks that each thread of this process has spent, in user and kernel mode."""
    spent = {}
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        spent[task] = int(fields[11]) + int(fields[12])
    return spent


def main() -> None:
    """Train a few steps."""
    layers = [keras.Input((1024,)), keras.layers.Dense(1024, activation="tanh"), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="sgd", loss=loss, jit_compile=True)
    x = np.random.default_rng(0).normal(size=(2048, 1024)).astype("float32")
    y = np.zeros(2048, "int32")
    model.train_on_batch(x, y)
    before = ticks()
    for _ in range(10):
        model.train_on_batch(x, y)
    spent = [after - before.get(task, 0) for task, after in ticks().items()]
    print(json.dumps({"spent": spent, "described": device.describe(THREADS)}))


if __name__ == "__main__":
    main()
