"""LEAF. The name of every object in a store.

points/POINT_ID/result            the accepted result: its presence, intact, is what finished means
points/POINT_ID/snapshot-EPOCH    the last two snapshots of an unfinished point
points/POINT_ID/attempt-NUMBER    one attempt: where, when, and how it failed if it did
points/POINT_ID/log-NUMBER        the last part of what that attempt printed, as plain text
points/POINT_ID/damaged-*         objects that did not match their checksum, put aside
trainings/TRAINING_ID/state-EPOCH the state of a network, kept to be measured anew; of all points of that training
sweeps/NAME/spec.yaml             the spec as last run, complete in itself, with its checksum
sweeps/NAME/definitions           the definitions of claims that held when it was started
sweeps/NAME/decisions             what its looks decided, where it runs until its claims are
sweeps/NAME/lease                 the live driver of the sweep
sweeps/NAME/stop                  what that driver was asked to do: stop
sweeps/NAME/preflight-*           what it and the nodes of its cluster write to prove that they can, for a moment
index                             what was last known of every point; may be lost at any time
store-id                          what tells this store from others that share an MLflow with it
code/SHA256.diff                  the uncommitted changes that points were computed with, long ones cut
"""

import re

STORE_ID = "store-id"
INDEX = "index"
TRAININGS = "trainings"

_ATTEMPT = re.compile(r"(damaged-(?:\d+-)?)?attempt-(\d{4,9})")
_SNAPSHOT = re.compile(r"snapshot-\d{9,12}")
_STATE = re.compile(r"state-(\d{9,12})")


def point(point_id: str, name: str = "") -> str:
    """An object of a point, or the folder of them all."""
    return f"points/{point_id}/{name}".rstrip("/")


def attempt(point_id: str, number: int) -> str:
    """An attempt."""
    return point(point_id, f"attempt-{number:04d}")


def attempt_number(name: str) -> int:
    """The number of the attempt with that name in a point's folder; 0 for the name of anything else."""
    said = _ATTEMPT.fullmatch(name)
    return int(said[2]) if said and not said[1] else 0


def number_used(name: str) -> int:
    """The number of the attempt with that name, also of one that was put aside; 0 for the name of anything else."""
    said = _ATTEMPT.fullmatch(name)
    return int(said[2]) if said else 0


def is_snapshot(name: str) -> bool:
    """Whether the name in a point's folder is that of a snapshot."""
    return bool(_SNAPSHOT.fullmatch(name))


def log(point_id: str, number: int) -> str:
    """What an attempt printed."""
    return point(point_id, f"log-{number:04d}")


def snapshot(point_id: str, epoch: int) -> str:
    """A snapshot; later ones sort behind earlier ones."""
    return point(point_id, f"snapshot-{epoch:09d}")


def training(training_id: str, name: str = "") -> str:
    """An object of a training, or the folder of them all."""
    return f"{TRAININGS}/{training_id}/{name}".rstrip("/")


def state(training_id: str, epoch: int) -> str:
    """The kept state of a network."""
    return training(training_id, f"state-{epoch:09d}")


def state_epoch(name: str) -> int | None:
    """The epoch of the kept state with that name in a training's folder; None for the name of anything else."""
    said = _STATE.fullmatch(name)
    return int(said[1]) if said else None


def spec(sweep: str) -> str:
    """The spec kept for a sweep."""
    return f"sweeps/{sweep}/spec.yaml"


def definitions(sweep: str) -> str:
    """The definitions of claims that held at the starts of a sweep."""
    return f"sweeps/{sweep}/definitions"


def decisions(sweep: str) -> str:
    """What the looks at a sweep decided."""
    return f"sweeps/{sweep}/decisions"


def lease(sweep: str) -> str:
    """The lease of a sweep."""
    return f"sweeps/{sweep}/lease"


def stop(sweep: str) -> str:
    """The request that the sweep's driver stop."""
    return f"sweeps/{sweep}/stop"


def preflight(sweep: str, mark: str) -> str:
    """What a driver, or one of its nodes, writes to prove that it can."""
    return f"sweeps/{sweep}/preflight-{mark}"


def diff(sha256: str) -> str:
    """The uncommitted changes of that checksum."""
    return f"code/{sha256}.diff"
