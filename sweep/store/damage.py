"""Objects of a point that are not intact: which they are, and how they are kept but read no more."""

from sweep.errors import StorageFault
from sweep.storage import Objects
from sweep.store import encoding, layout
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject
from trainables.format.versions import OtherVersion
from trainables.snapshots import Snapshot


def damaged(objects: Objects, config: TrialConfig) -> list[str]:
    """Names of the point's objects that do not match their checksum."""
    return [name for name in objects.names(layout.point(config.point_id)) if _is_damaged(objects, config, name)]


def _is_damaged(objects: Objects, config: TrialConfig, name: str, content: bytes | None = None) -> bool:
    """Whether the object of that name, or that content of it, is no intact one."""
    data = objects.read(layout.point(config.point_id, name)) if content is None else content
    try:
        if data is None:  # dropped meanwhile
            return False
        if name == "result":
            encoding.result_from_bytes(data, config)
        elif layout.is_snapshot(name):
            Snapshot.from_bytes(data, config)
        elif layout.attempt_number(name):
            encoding.attempt_from_bytes(data)
    except DamagedObject:
        return True
    except OtherVersion:
        pass
    return False


def put_aside(objects: Objects, config: TrialConfig, name: str) -> None:
    """Rename a damaged object of the point to a name that is not read; one that is intact by now stays.

    Of several writers that find it damaged, one renames it: a result that another has stored since is not moved.
    """
    folder = layout.point(config.point_id)
    with objects.exclusive(folder):
        if not _is_damaged(objects, config, name):
            return
        taken = objects.names(folder)
        new_names = (f"damaged-{name}", *(f"damaged-{number}-{name}" for number in range(2, len(taken) + 3)))
        aside = layout.point(config.point_id, next(new for new in new_names if new not in taken))
        try:
            objects.rename(layout.point(config.point_id, name), aside)
        except StorageFault as fault:
            if isinstance(fault.__cause__, FileNotFoundError):  # another writer was faster
                return
            raise
    moved = objects.read(aside)
    if moved and not _is_damaged(objects, config, name, moved):  # a bucket has no lock: it was replaced meanwhile
        objects.create(layout.point(config.point_id, name), moved)
        objects.delete(aside)
