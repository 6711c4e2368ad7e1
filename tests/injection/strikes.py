"""What happens in the midst of trainings: each function is called as `sitecustomize` says, with the test's settings."""

import os
import signal
import time
from pathlib import Path

from trainables.config import TrialConfig

KILLED, OUT_OF_MEMORY, HUNG, FROZEN, NUMERIC = range(5)
"""The seeds that `fail_by_seed` lets fail, each in its way."""


def nothing(point: TrialConfig, epoch: int) -> None:
    """The training takes its course."""


def hold(point: TrialConfig, epoch: int, *, released: str) -> None:
    """Epochs are slow, so that snapshots are taken, and the last ones wait until the file `released` is there."""
    is_held = not os.path.exists(released)
    if is_held:
        time.sleep(0.05 if epoch < 20 else 1.0)
    while is_held and epoch >= point.epochs - 3:
        time.sleep(0.1)
        is_held = not os.path.exists(released)


def slow_down(point: TrialConfig, epoch: int, *, seconds: float) -> None:
    """Every epoch takes so much longer."""
    time.sleep(seconds)


def fail_alike(point: TrialConfig, epoch: int) -> None:
    """Every training fails by the same cause, with a message of its own."""
    raise ValueError(f"no such thing as {point.seed}")


def fail_on_node(point: TrialConfig, epoch: int, *, node: str) -> None:
    """Trainings on the node with this id fail."""
    import ray

    if ray.get_runtime_context().get_node_id() == node:
        raise ConnectionError("the network is down")


def fail_by_seed(point: TrialConfig, epoch: int, *, folder: str) -> None:
    """Trainings fail in the way of their seed; those that would end their process do it once."""
    print("at epoch", epoch)
    time.sleep(0.02)
    if point.seed == KILLED and epoch > 1:
        _kill_after_a_snapshot(point, epoch, Path(folder))
    if point.seed == OUT_OF_MEMORY and epoch == 3:
        raise MemoryError(f"Unable to allocate {int(4 + time.time() % 10)} GiB")
    if point.seed == HUNG and epoch == 5 and _is_first_time(Path(folder, "hung")):
        time.sleep(10_000)
    if point.seed == FROZEN and epoch == 5 and _is_first_time(Path(folder, "frozen")):
        os.kill(os.getpid(), signal.SIGSTOP)
    if point.seed == NUMERIC and epoch == 2:
        raise FloatingPointError(f"overflow in unit {os.getpid()}")


def _kill_after_a_snapshot(point: TrialConfig, epoch: int, folder: Path) -> None:
    """SIGKILL once a snapshot is there; the file `kept` has its epoch and that of the kill."""
    snapshots = (folder / "runs" / "points" / point.point_id).glob("snapshot-*")
    newest = max((int(path.name.split("-")[1]) for path in snapshots), default=0)
    if newest == 0:
        time.sleep(1)  # until one is due, however long this machine takes to write it
    elif _is_first_time(folder / "killed"):
        os.system("echo last words of the killed")
        (folder / "kept").write_text(f"{newest} {epoch}")
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first_time(mark: Path) -> bool:
    """Whether the mark was not there; now it is."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
